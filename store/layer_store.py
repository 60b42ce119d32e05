"""The layer store in a folder beside the SQLite file: a layer a file, named by its digest."""

import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from manyfest.domain.digests import HEX_LENGTHS, Digest, verified_chunks
from manyfest.domain.errors import (
    BlobUnknownError,
    DamagedStoreError,
    IntegrityError,
    InvalidDigestError,
)
from manyfest.store.sqlite.errors import translating_sqlite_errors

_CHUNK = 1024 * 1024

_State = tuple[int, int]


class LayerFolder:
    """``LayerStore`` in ``FOLDER/ALGORITHM/HEX``; the folder is made with the first layer.

    Not in the SQLite file: writing a layer there would hold its lock for as long as a download
    takes, and a file of gigabytes never shrinks without being copied (ADR 0025).
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self._written: dict[Digest, _State] = {}

    def size(self, digest: Digest) -> int | None:
        """See the port."""
        path = self._path(digest)
        with translating_sqlite_errors(path):
            try:
                return path.stat().st_size
            except FileNotFoundError:
                return None

    def touch(self, digest: Digest) -> int | None:
        """See the port."""
        path = self._path(digest)
        now = time.time_ns()  # finer than what the system would take, so that it is another
        with translating_sqlite_errors(path, "be written"), suppress(FileNotFoundError):
            os.utime(path, ns=(now, now))
        return self.size(digest)

    @contextmanager
    def open(self, digest: Digest) -> Iterator[Iterator[bytes]]:
        """See the port."""
        path = self._path(digest)
        with translating_sqlite_errors(path):
            try:
                file = path.open("rb")
            except FileNotFoundError:
                raise BlobUnknownError(str(digest)) from None
        with file:
            yield _intact(file, digest, path)

    def write(self, digest: Digest, size: int, chunks: Iterable[bytes]) -> None:
        """See the port. Built beside and moved, so that a kill leaves no half layer."""
        from tempfile import NamedTemporaryFile  # its start-up is for those who write

        path = self._path(digest)
        with translating_sqlite_errors(path, "be written"):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as file:
                try:
                    for chunk in verified_chunks(chunks, digest, size, str(digest)):
                        file.write(chunk)
                    file.flush()
                    os.fsync(file.fileno())
                    self._put(Path(file.name), digest)
                except BaseException:
                    with suppress(OSError):
                        Path(file.name).unlink()
                    raise

    def digests(self) -> Iterator[Digest]:
        """See the port."""
        with translating_sqlite_errors(self.folder):
            for algorithm in HEX_LENGTHS:
                for path in self.folder.joinpath(algorithm).glob("*"):
                    with suppress(InvalidDigestError):  # what is being written, or a stranger's
                        yield Digest(algorithm, path.name)

    def remove(self, digest: Digest) -> None:
        """See the port."""
        path, written = self._path(digest), self._written.pop(digest, None)
        with translating_sqlite_errors(path, "be removed"), suppress(FileNotFoundError):
            if written == _state(path):
                path.unlink()

    def _put(self, built: Path, digest: Digest) -> None:
        """Where there is none it is ours to take away again; else it takes the place of another."""
        path, state = self._path(digest), _state(built)
        try:
            os.link(built, path)
        except OSError:
            built.replace(path)
        else:
            self._written[digest] = state
            built.unlink()

    def _path(self, digest: Digest) -> Path:
        return self.folder / digest.algorithm / digest.hex


def _state(path: Path) -> _State:
    """By which it is seen that a file was replaced or renewed."""
    status = path.stat()
    return status.st_ino, status.st_mtime_ns


def _intact(file: BinaryIO, digest: Digest, path: Path) -> Iterator[bytes]:
    size = os.fstat(file.fileno()).st_size
    chunks = iter(lambda: file.read(_CHUNK), b"")
    try:
        with translating_sqlite_errors(path, "be read"):
            yield from verified_chunks(chunks, digest, size, str(digest))
    except IntegrityError as error:
        raise DamagedStoreError(str(path), f"{digest} has other bytes") from error
