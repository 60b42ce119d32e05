"""The files of a bundle in a tar archive, plain or compressed, never unpacked.

Theory of operation. A tar archive has no table of contents, and a compressed one can be read from
the front only: going back means to decompress everything again. So an archive is read in passes.

- *One pass on opening* reads every header and builds an index: path, offset and size of each file,
  and the target of each link. If the archive is compressed, this pass also spools the documents,
  that is every file up to ``DOCUMENT_LIMIT``, to a temporary file without a name, since manifests
  and configs are read next and in any order. It ends behind the last byte, because a compressed
  stream has its checksum there.
- *One pass for each call of* ``iter_files`` gives the rest, which are layers, sorted by their
  offsets, so that the stream only moves forwards. A plain archive seeks instead of reading on.

*Expansion.* ``tar_stream`` refuses an archive that expands far beyond its size. Real layers may
compress that well, so a file beyond the limit is allowed if an earlier document contains its
digest; our own archives put the documents first. What is allowed so is not spooled: naming is no
proof, and the spool stays within the limit. Later passes are allowed every file of the index, since
the first pass has let it through.

Links (docker's archives have them between layers) are resolved through the index, at most eight in
a row. All passes read one open file, so that a file that is replaced meanwhile does no harm.
"""

import os
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from io import SEEK_END
from pathlib import Path
from tempfile import TemporaryFile, gettempdir
from typing import IO, BinaryIO

from attr import evolve

from manyfest.adapters.bundles.compression import START
from manyfest.adapters.bundles.file_source import DOCUMENT_LIMIT, Chunks
from manyfest.adapters.bundles.tar_members import Member, tar_members
from manyfest.adapters.bundles.tar_stream import Check, TarStream, open_archive_file, unlimited
from manyfest.domain.digests import CHUNK_SIZE
from manyfest.domain.errors import BundleError
from manyfest.domain.values import frozen

_LINKS = 8  # in a row


@frozen
class _IndexedFile:
    """A file of the archive; ``spooled_at`` is its offset in the spool, None if it is not there."""

    member: Member
    start: bytes = b""
    spooled_at: int | None = None

    @property
    def is_streamed(self) -> bool:
        """Whether it is a file that only the archive has."""
        return self.spooled_at is None and not self.member.target


class ArchiveFiles:
    """``Files`` of the ``archive`` at ``path``, from its ``index`` and its ``spool``."""

    def __init__(
        self,
        path: Path,
        archive: BinaryIO,
        index: dict[str, _IndexedFile],
        spool: IO[bytes],
        check: Check,
        *,
        is_expanded: bool,
    ) -> None:
        self._path = path
        self._archive = archive
        self._index = index
        self._spool = spool
        self._check = check
        self._is_expanded = is_expanded

    @property
    def name(self) -> str:
        return str(self._path)

    def size(self, path: str) -> int | None:
        found = self._resolve(path)
        return None if found is None else found.member.size

    def start(self, path: str) -> bytes:
        return self._require(path).start

    def read(self, path: str, limit: int = DOCUMENT_LIMIT) -> bytes:
        found = self._require(path)
        if found.member.size > limit:
            raise BundleError(self.name, f"has {found.member.size} bytes in {path}")
        return b"".join(chunk for _, chunks in self.iter_files([path]) for chunk in chunks)

    def iter_files(self, paths: Collection[str]) -> Iterator[tuple[str, Chunks]]:
        found = {path: self._require(path) for path in paths}
        in_order = sorted(paths, key=lambda path: found[path].member.offset)
        for path in in_order:
            if found[path].spooled_at is not None:
                yield path, self._spooled(found[path])
        streamed = [path for path in in_order if found[path].spooled_at is None]
        if streamed:
            yield from self._stream(streamed)

    def spool_all(self) -> None:
        """Spool the large files of a compressed archive too, in one pass.

        For reading them one by one, in any order: each would need a pass of its own.
        Raises BundleError: damaged, or no room in the folder of temporary files.
        """
        large = [path for path, found in self._index.items() if found.is_streamed]
        if not self._is_expanded or not large:
            return
        try:
            for path, chunks in self._stream(sorted(large, key=self._offset)):
                place = self._spool.seek(0, SEEK_END)
                self._spool.writelines(chunks)
                self._index[path] = evolve(self._index[path], spooled_at=place)
            self._spool.flush()
        except OSError as error:
            reason = f"cannot be expanded in {gettempdir()}: {error.strerror} (see TMPDIR)"
            raise BundleError(self.name, reason) from error

    def _offset(self, path: str) -> int:
        return self._require(path).member.offset

    def _spooled(self, found: _IndexedFile) -> Chunks:
        """Yield the bytes at an offset; other threads may read the same spool meanwhile."""
        at, left = found.spooled_at or 0, found.member.size
        while left and (chunk := os.pread(self._spool.fileno(), min(left, CHUNK_SIZE), at)):
            yield chunk
            at, left = at + len(chunk), left - len(chunk)

    def _stream(self, in_order: Sequence[str]) -> Iterator[tuple[str, Chunks]]:
        with TarStream(self._path, self._archive, self._check) as stream:
            for path in in_order:
                member = self._require(path).member
                stream.allow_expansion(member.offset + member.size)  # the first pass read it
                stream.seek(member.offset)
                yield path, stream.chunks(member.size)

    def _require(self, path: str) -> _IndexedFile:
        found = self._resolve(path)
        if found is None:
            raise BundleError(self.name, f"has no {path}")
        return found

    def _resolve(self, path: str) -> _IndexedFile | None:
        for _ in range(_LINKS):
            found = self._index.get(path)
            if found is None or not found.member.target:
                return found
            path = found.member.target
        raise BundleError(self.name, f"has links that form a loop: {ascii(path)[:100]}")


@contextmanager
def open_archive(path: Path, check: Check = unlimited) -> Iterator[ArchiveFiles]:
    """Open the files of an archive; ``check`` is called while it is read, then and later.

    Raises BundleError; OSError: it cannot be opened; what ``check`` raises.
    """
    with open_archive_file(path) as archive, TemporaryFile() as spool:
        with TarStream(path, archive, check) as stream:
            index = {
                member.path: _indexed(member, stream, spool)
                for member in tar_members(stream, str(path))
            }
            _read_trailer(stream)
        spool.flush()
        yield ArchiveFiles(path, archive, index, spool, check, is_expanded=stream.is_expanded)


def _indexed(member: Member, stream: TarStream, spool: IO[bytes]) -> _IndexedFile:
    if member.target:
        return _IndexedFile(member)
    is_free = stream.may_expand(member.size)
    if not is_free and _is_named(member, spool):
        stream.allow_expansion(member.size)
    found = _IndexedFile(member, stream.peek(min(START, member.size)))
    if not is_free or not stream.is_expanded or member.size > DOCUMENT_LIMIT:
        return found
    place = spool.tell()
    for chunk in stream.chunks(member.size):
        spool.write(chunk)
    return evolve(found, spooled_at=place)


def _is_named(member: Member, spool: IO[bytes]) -> bool:
    """Return whether an earlier document contains the digest that ends the member's path."""
    wanted = member.path.rpartition("/")[2].encode()
    end = spool.tell()
    spool.seek(0)
    tail, found = b"", False
    while not found and (chunk := spool.read(CHUNK_SIZE)):
        found = wanted in tail + chunk
        tail = chunk[-len(wanted) :]
    spool.seek(end)
    return found


def _read_trailer(stream: TarStream) -> None:
    """Read to the end of a compressed stream, which has its checksum there."""
    while stream.is_expanded and stream.read(CHUNK_SIZE):
        pass
