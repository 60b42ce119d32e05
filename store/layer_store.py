"""The layer store as a folder beside the SQLite file: one file per layer, named by its digest.

Theory of operation.

Layers are not rows of the SQLite file: writing one there would keep the write lock for as long as a
download takes, and the file never shrinks without a copy of gigabytes (ADR 0025).

Writing. A layer is written to a hidden temporary file in its folder, hashed meanwhile, synced, and
moved to ``FOLDER/ALGORITHM/HEX``. Threads and processes therefore need no lock: a file under a
digest is complete, and two writers of the same layer write the same bytes. A killed writer leaves
only the hidden file, which ``gc`` removes when it is old. The move is a hard link where the name is
free, so that this process knows that the layer is its own to take away again (``remove``), else a
rename over the old file, which also heals a damaged one. ``adapters/files`` has an atomic write,
too; the store may not import it, and it cannot tell a new file from a replaced one. The SQLite file
is created in a similar way (``sqlite/opening``), but there the file that exists already wins.

Races with ``gc``. A layer is written before the manifest that names it is committed. In between
nothing refers to it, so ``gc`` spares files younger than its grace period, by their mtime. A
command that relies on an old layer first calls ``touch``, which makes it young again. ``gc``
removes files under the SQLite write lock, and only those that no committed manifest names by then.

Races with a failing import. The import removes the layers that it wrote. Another process may have
found such a layer meanwhile and rely on it: it has either written it again (another inode) or
touched it (another mtime). ``remove`` compares both with what this process wrote, and spares the
file if either differs.
"""

import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from manyfest.domain.digests import CHUNK_SIZE, HEX_LENGTHS, Digest, verified_chunks
from manyfest.domain.errors import (
    BlobUnknownError,
    DamagedStoreError,
    IntegrityError,
    InvalidDigestError,
)
from manyfest.store.sqlite.errors import translating_sqlite_errors

_FileState = tuple[int, int]  # inode, and mtime in nanoseconds


class FileLayerStore:
    """``LayerStore`` in ``FOLDER/ALGORITHM/HEX``; the first layer creates the folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self._written: dict[Digest, _FileState] = {}

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
        # os.utime(None) has the resolution of a clock tick; nanoseconds make sure it changes.
        now = time.time_ns()
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
            yield _verified(file, digest, path)

    def write(self, digest: Digest, size: int, chunks: Iterable[bytes]) -> None:
        """See the port."""
        from tempfile import NamedTemporaryFile  # slow to import, and only writers need it

        path = self._path(digest)
        with translating_sqlite_errors(path, "be written"):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as file:
                try:
                    for chunk in verified_chunks(chunks, digest, size, str(digest)):
                        file.write(chunk)
                    file.flush()
                    os.fsync(file.fileno())
                    self._publish(Path(file.name), digest)
                except BaseException:
                    with suppress(OSError):
                        Path(file.name).unlink()
                    raise

    def digests(self) -> Iterator[Digest]:
        """See the port."""
        with translating_sqlite_errors(self.folder):
            for algorithm in HEX_LENGTHS:
                for path in self.folder.joinpath(algorithm).glob("*"):
                    with suppress(InvalidDigestError):  # a temporary file, or another program's
                        yield Digest(algorithm, path.name)

    def remove(self, digest: Digest) -> None:
        """See the port."""
        path, written = self._path(digest), self._written.pop(digest, None)
        with translating_sqlite_errors(path, "be removed"), suppress(FileNotFoundError):
            if written == _state(path):
                path.unlink()

    def _publish(self, built: Path, digest: Digest) -> None:
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


def _state(path: Path) -> _FileState:
    """Return what changes when a file is replaced or touched."""
    status = path.stat()
    return status.st_ino, status.st_mtime_ns


def _verified(file: BinaryIO, digest: Digest, path: Path) -> Iterator[bytes]:
    size = os.fstat(file.fileno()).st_size
    chunks = iter(lambda: file.read(CHUNK_SIZE), b"")
    try:
        with translating_sqlite_errors(path, "be read"):
            yield from verified_chunks(chunks, digest, size, str(digest))
    except IntegrityError as error:
        raise DamagedStoreError(str(path), f"{digest} has other bytes") from error
