"""The files of a bundle in a tar archive, plain or compressed, never unpacked."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, BinaryIO

from attrs import evolve, frozen

from manyfest.adapters.bundles.compression import START
from manyfest.adapters.bundles.file_source import DOCUMENT_LIMIT, Chunks
from manyfest.adapters.bundles.tar_members import Member, tar_members
from manyfest.adapters.bundles.tar_stream import TarStream, open_archive_file
from manyfest.domain.digests import CHUNK_SIZE
from manyfest.domain.errors import BundleError

_LINKS = 8  # one after the other


@frozen
class _IndexedFile:
    """A file in the archive; ``aside`` is where its bytes were put, if they were."""

    member: Member
    start: bytes = b""
    aside: int | None = None


class ArchiveFiles:
    """``Files`` of the ``archive`` at ``path``.

    One pass finds all there is. In a compressed archive going back costs all over again, so that
    pass lays documents aside, in a file without a name, and layers come in one more pass.
    """

    def __init__(
        self, path: Path, archive: BinaryIO, found: dict[str, _IndexedFile], aside: IO[bytes]
    ) -> None:
        self._path = path
        self._archive = archive
        self._found = found
        self._aside = aside

    @property
    def name(self) -> str:
        return str(self._path)

    def size(self, path: str) -> int | None:
        found = self._followed(path)
        return None if found is None else found.member.size

    def start(self, path: str) -> bytes:
        return self._there(path).start

    def read(self, path: str, limit: int = DOCUMENT_LIMIT) -> bytes:
        found = self._there(path)
        if found.member.size > limit:
            raise BundleError(self.name, f"has a {path} of {found.member.size} bytes")
        if found.aside is None:
            return b"".join(chunk for _, chunks in self.each([path]) for chunk in chunks)
        self._aside.seek(found.aside)
        return self._aside.read(found.member.size)

    def each(self, paths: Collection[str]) -> Iterator[tuple[str, Chunks]]:
        in_order = sorted(paths, key=lambda path: self._there(path).member.offset)
        with TarStream(self._path, self._archive) as tape:
            for path in in_order:
                member = self._there(path).member
                tape.allow_expansion(member.offset + member.size)  # it was passed before
                tape.seek(member.offset)
                yield path, tape.chunks(member.size)

    def _there(self, path: str) -> _IndexedFile:
        found = self._followed(path)
        if found is None:
            raise BundleError(self.name, f"has no {path}")
        return found

    def _followed(self, path: str) -> _IndexedFile | None:
        for _ in range(_LINKS):
            found = self._found.get(path)
            if found is None or not found.member.target:
                return found
            path = found.member.target
        raise BundleError(self.name, f"has links that lead round: {ascii(path)[:100]}")


@contextmanager
def open_archive(path: Path) -> Iterator[ArchiveFiles]:
    """The files of the archive. Raises BundleError; OSError: it cannot be opened."""
    with open_archive_file(path) as archive, TemporaryFile() as aside:
        with TarStream(path, archive) as tape:
            found = {
                member.path: _spooled(member, tape, aside)
                for member in tar_members(tape, str(path))
            }
            _read_trailer(tape)
        yield ArchiveFiles(path, archive, found, aside)


def _spooled(member: Member, tape: TarStream, aside: IO[bytes]) -> _IndexedFile:
    if member.target:
        return _IndexedFile(member)
    if not tape.may_expand(member.size) and _names(aside, member):
        tape.allow_expansion(member.size)
    found = _IndexedFile(member, tape.peek(min(START, member.size)))
    if not tape.is_expanded or member.size > DOCUMENT_LIMIT:
        return found
    place = aside.tell()
    for chunk in tape.chunks(member.size):
        aside.write(chunk)
    return evolve(found, aside=place)


def _names(aside: IO[bytes], member: Member) -> bool:
    """Whether a document that came before has the digest that the member is called by."""
    wanted = member.path.rpartition("/")[2].encode()
    end = aside.tell()
    aside.seek(0)
    tail, found = b"", False
    while not found and (chunk := aside.read(CHUNK_SIZE)):
        found = wanted in tail + chunk
        tail = chunk[-len(wanted) :]
    aside.seek(end)
    return found


def _read_trailer(tape: TarStream) -> None:
    """Compressed bytes have their checksum at their end."""
    while tape.is_expanded and tape.read(CHUNK_SIZE):
        pass
