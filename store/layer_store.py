"""The layer store as a folder beside the SQLite file: one file per layer, named by its digest.

Theory of operation.

Layers are not rows of the SQLite file: writing one there would keep the write lock for as long as a
download takes, and the file never shrinks without a copy of gigabytes (ADR 0025).

Writing. A layer is written to a hidden temporary file in its folder, hashed meanwhile, synced, and
moved to ``FOLDER/ALGORITHM/HEX``. Threads and processes therefore need no lock: a file under a
digest is complete, and two writers of the same layer write the same bytes. A killed writer leaves
only the hidden file, which ``gc`` removes when it is old; that of a large layer which is fetched
has a name of its own, and the next writer goes on with it (``partial_layers``). The move is a hard
link where the name is free, so that this process knows that the layer is its own to take away again
(``remove``), else a rename over the old file, which also heals a damaged one. ``adapters/files``
has an atomic write, too; the store may not import it, and it cannot tell a new file from a replaced
one. The SQLite file is created in a similar way (``sqlite/opening``), but there the file that
exists already wins.

Confinement. Another user may make links where the store's folder is open to others (``/tmp``), so
neither the layer folder nor a folder or file in it is followed if it is a symbolic link: each is
opened relative to the descriptor of the one above (``LayerFolder``), as layouts are. Only regular
files are layers.

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
import stat
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from manyfest.domain.digests import CHUNK_SIZE, HEX_LENGTHS, Digest, verified_chunks
from manyfest.domain.errors import (
    BlobUnknownError,
    DamagedStoreError,
    IntegrityError,
    InvalidDigestError,
)
from manyfest.domain.values import frozen
from manyfest.store.sqlite.errors import translating_sqlite_errors
from manyfest.store.sqlite.opening import make_private_folder

if TYPE_CHECKING:
    from manyfest.domain.ports.registry import BlobSource

_FileState = tuple[int, int]  # inode, and mtime in nanoseconds

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


@frozen
class LayerFolder:
    """The folder at ``path`` (absolute), opened without following links."""

    path: Path

    @contextmanager
    def opened(self, *names: str, create: bool = False) -> Iterator[int]:
        """Yield a descriptor of this folder, or of one in it; ``create`` makes missing ones.

        Raises FileNotFoundError: missing; OSError: a symbolic link, or no folder.
        """
        if create:
            make_private_folder(self.path.parent)
        descriptor, path = None, self.path
        try:
            descriptor = _open_folder(self.path, self.path, None, create=create)
            for name in names:
                path /= name
                inner = _open_folder(name, path, descriptor, create=create)
                outer, descriptor = descriptor, inner
                os.close(outer)
            yield descriptor
        finally:
            if descriptor is not None:
                os.close(descriptor)


def _open_folder(name: Path | str, path: Path, above: int | None, *, create: bool) -> int:
    if create:
        with suppress(FileExistsError):
            os.mkdir(name, mode=0o700, dir_fd=above)
    try:
        return os.open(name, _FOLDER, dir_fd=above)
    except NotADirectoryError as error:
        link = stat.S_ISLNK(os.stat(name, dir_fd=above, follow_symlinks=False).st_mode)
        reason = f"{path} is {'a symbolic link' if link else 'not a folder'}"
        raise NotADirectoryError(error.errno, reason) from error


class FileLayerStore:
    """``LayerStore`` in ``FOLDER/ALGORITHM/HEX``; the first layer creates the folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self._confined = LayerFolder(self.folder)
        self._written: dict[Digest, _FileState] = {}

    def size(self, digest: Digest) -> int | None:
        """See the port."""
        with translating_sqlite_errors(self._path(digest)), suppress(FileNotFoundError):
            with self._confined.opened(digest.algorithm) as above:
                status = os.stat(digest.hex, dir_fd=above, follow_symlinks=False)
            return status.st_size if stat.S_ISREG(status.st_mode) else None
        return None

    def touch(self, digest: Digest) -> int | None:
        """See the port."""
        # os.utime(None) has the resolution of a clock tick; nanoseconds make sure it changes.
        now = time.time_ns()
        with (
            translating_sqlite_errors(self._path(digest), "be written"),
            suppress(FileNotFoundError),
            self._confined.opened(digest.algorithm) as above,
        ):
            os.utime(digest.hex, ns=(now, now), dir_fd=above, follow_symlinks=False)
        return self.size(digest)

    @contextmanager
    def open(self, digest: Digest) -> Iterator[Iterator[bytes]]:
        """See the port."""
        path = self._path(digest)
        with translating_sqlite_errors(path):
            try:
                with self._confined.opened(digest.algorithm) as above:
                    descriptor = os.open(digest.hex, _READ, dir_fd=above)
            except FileNotFoundError:
                raise BlobUnknownError(str(digest)) from None
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise DamagedStoreError(str(path), f"{digest} is not a file")
        with os.fdopen(descriptor, "rb") as file:
            yield _verified(file, digest, path)

    def write(self, digest: Digest, size: int, chunks: Iterable[bytes]) -> None:
        """See the port."""
        with (
            translating_sqlite_errors(self._path(digest), "be written"),
            self._confined.opened(digest.algorithm, create=True) as above,
        ):
            built = f".{os.urandom(8).hex()}"
            try:
                descriptor = os.open(built, _CREATE, 0o600, dir_fd=above)
                with os.fdopen(descriptor, "wb") as file:
                    for chunk in verified_chunks(chunks, digest, size, str(digest)):
                        file.write(chunk)
                    file.flush()
                    os.fsync(file.fileno())
                self._publish(built, digest, above)
            except BaseException:
                with suppress(OSError):
                    os.unlink(built, dir_fd=above)
                raise

    def resume(self, digest: Digest, size: int, source: "BlobSource") -> None:
        """See the port. The file that is kept is ``.HEX.partial``."""
        if size <= CHUNK_SIZE:
            with source() as chunks:
                self.write(digest, size, chunks)
            return
        from manyfest.store.partial_layers import complete, locked, name_of

        name = name_of(digest)
        with (
            translating_sqlite_errors(self._path(digest), "be written"),
            self._confined.opened(digest.algorithm, create=True) as above,
            locked(name, above) as file,
        ):
            if file is not None:
                complete(file, name, above, digest, size, source)
                self._publish(name, digest, above)
                return
        with source() as chunks:
            self.write(digest, size, chunks)

    def digests(self) -> Iterator[Digest]:
        """See the port."""
        with translating_sqlite_errors(self.folder):
            for algorithm in HEX_LENGTHS:
                names: list[str] = []
                with suppress(FileNotFoundError), self._confined.opened(algorithm) as above:
                    names = os.listdir(above)  # noqa: PTH208 (a path has no descriptor)
                for name in names:
                    with suppress(InvalidDigestError):  # a temporary file, or another program's
                        yield Digest(algorithm, name)

    def remove(self, digest: Digest) -> None:
        """See the port."""
        path, written = self._path(digest), self._written.pop(digest, None)
        with (
            translating_sqlite_errors(path, "be removed"),
            suppress(FileNotFoundError),
            self._confined.opened(digest.algorithm) as above,
        ):
            if written == _state(digest.hex, above):
                os.unlink(digest.hex, dir_fd=above)

    def _publish(self, built: str, digest: Digest, above: int) -> None:
        state = _state(built, above)
        try:
            os.link(built, digest.hex, src_dir_fd=above, dst_dir_fd=above, follow_symlinks=False)
        except OSError:
            os.replace(built, digest.hex, src_dir_fd=above, dst_dir_fd=above)
        else:
            self._written[digest] = state
            os.unlink(built, dir_fd=above)

    def _path(self, digest: Digest) -> Path:
        return self.folder / digest.algorithm / digest.hex


def _state(name: str, above: int) -> _FileState:
    """Return what changes when a file is replaced or touched."""
    status = os.stat(name, dir_fd=above, follow_symlinks=False)
    return status.st_ino, status.st_mtime_ns


def _verified(file: BinaryIO, digest: Digest, path: Path) -> Iterator[bytes]:
    size = os.fstat(file.fileno()).st_size
    chunks = iter(lambda: file.read(CHUNK_SIZE), b"")
    try:
        with translating_sqlite_errors(path, "be read"):
            yield from verified_chunks(chunks, digest, size, str(digest))
    except IntegrityError as error:
        raise DamagedStoreError(str(path), f"{digest} has other bytes") from error
