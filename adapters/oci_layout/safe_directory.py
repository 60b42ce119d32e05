"""Files of a layout: opened without following links, and written whole or not at all.

Each step of a path is one plain name in a folder that is open, so nothing that is swapped meanwhile
leads out of the layout. Whatever the system refuses is a LayoutError.
"""

import errno
import fcntl
import os
import stat
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from typing import BinaryIO, Self

from attrs import frozen

from manyfest.adapters.files.atomic_file import TEMPORARY
from manyfest.domain.errors import LayoutError

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
# Without O_NONBLOCK, opening a FIFO waits for somebody to write to it.
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC

_CHUNK = 1024 * 1024
_LOCK_PATIENCE = 30.0  # seconds; nobody holds the lock for more than milliseconds
_LOCK_PAUSE = 0.01

_REASONS = {
    errno.ELOOP: "is a symbolic link",
    errno.ENOTDIR: "is not a folder",
    errno.EEXIST: "is not a folder",
    errno.ENXIO: "is not a regular file",
}


class MissingError(LayoutError):
    """A file or folder of the layout, or the layout itself, is not there."""


@frozen
class SafeDirectory:
    """An open layout directory, for ``with``; the paths of its files are given name by name."""

    directory: str
    fd: int

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.fd)

    def names(self) -> frozenset[str]:
        """What stands in the directory, but for files that are being written."""
        with _reported(self.directory):
            names = os.listdir(self.fd)  # noqa: PTH208 (a path has no descriptor)
        return frozenset(name for name in names if not name.startswith(TEMPORARY))

    def still_at_path(self) -> bool:
        """Whether the path still leads to this directory."""
        with _reported(self.directory), suppress(FileNotFoundError):
            return os.path.samestat(os.fstat(self.fd), os.stat(self.directory))  # noqa: PTH116
        return False

    def open(self, *path: str) -> BinaryIO:
        """The regular file, for reading. Raises MissingError; LayoutError: it is something else."""
        with _reported(self.directory, *path):
            with self._folder(path[:-1]) as folder:
                fd = os.open(path[-1], _READ, dir_fd=folder)
            if not stat.S_ISREG(os.fstat(fd).st_mode):
                os.close(fd)
                raise LayoutError(self.directory, f"{'/'.join(path)} is not a regular file")
            return os.fdopen(fd, "rb")

    def read(self, limit: int, *path: str) -> bytes:
        """The whole file, or of a larger one ``limit`` + 1 bytes. Raises as ``open`` does."""
        with self.open(*path) as file, _reported(self.directory, *path):
            return file.read(limit + 1)

    def holds(self, *path: str) -> bool:
        """Whether this regular file is there. Raises LayoutError: something else is there."""
        with suppress(MissingError), self.open(*path):
            return True
        return False

    def make_folder(self, *path: str) -> None:
        """Make this folder and those above it, where they are missing."""
        for depth, name in enumerate(path):
            with (
                _reported(self.directory, *path),
                self._folder(path[:depth]) as above,
                suppress(FileExistsError),
            ):
                os.mkdir(name, dir_fd=above)
                os.fsync(above)

    def write(self, chunks: Iterable[bytes], *path: str) -> None:
        """Put a file of these chunks in the place of any other, in a folder that is there.

        When this returns, the file is on disk. When it raises, or the machine stops, the place
        holds what it held before.
        """
        temporary = TEMPORARY + token_hex(8)
        try:
            with _reported(self.directory, *path):
                fd = os.open(temporary, _CREATE, 0o666, dir_fd=self.fd)
            self._fill(fd, chunks, path)
            self._move(temporary, path)
        except BaseException:
            with suppress(OSError):
                os.unlink(temporary, dir_fd=self.fd)
            raise

    def _fill(self, fd: int, chunks: Iterable[bytes], path: tuple[str, ...]) -> None:
        try:
            for chunk in chunks:
                with _reported(self.directory, *path):
                    _write_all(fd, chunk)
            with _reported(self.directory, *path):
                os.fsync(fd)
        finally:
            os.close(fd)

    def _move(self, temporary: str, path: tuple[str, ...]) -> None:
        with _reported(self.directory, *path), self._folder(path[:-1]) as folder:
            os.replace(temporary, path[-1], src_dir_fd=self.fd, dst_dir_fd=folder)
            os.fsync(folder)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other writers away, in this process and in others; it ends with the process.

        Raises LayoutError: another held it for 30 seconds.
        """
        deadline = time.monotonic() + _LOCK_PATIENCE
        while not self._try_lock():
            if time.monotonic() > deadline:
                raise LayoutError(self.directory, "another process is writing to it")
            time.sleep(_LOCK_PAUSE)
        try:
            yield
        finally:
            with suppress(OSError):  # a signal on entering delays this until the folder is closed
                fcntl.flock(self.fd, fcntl.LOCK_UN)

    def _try_lock(self) -> bool:
        with _reported(self.directory), suppress(BlockingIOError):
            fcntl.flock(self.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        return False

    @contextmanager
    def _folder(self, path: tuple[str, ...]) -> Iterator[int]:
        fd = os.dup(self.fd)
        try:
            for name in path:
                inner = os.open(name, _FOLDER | os.O_NOFOLLOW, dir_fd=fd)
                outer, fd = fd, inner  # first: a signal after the close must not close it twice
                os.close(outer)
            yield fd
        finally:
            os.close(fd)


def open_root(directory: str) -> SafeDirectory:
    """The directory, which may itself be a symbolic link. Raises MissingError, LayoutError."""
    with _reported(directory):
        return SafeDirectory(directory, os.open(directory, _FOLDER))


def make_root(directory: str) -> SafeDirectory:
    """The directory, made with those above it where they are missing. Raises LayoutError."""
    with _reported(directory):
        Path(directory).mkdir(parents=True, exist_ok=True)
    return open_root(directory)


def read_chunks(file: BinaryIO, directory: str) -> Iterator[bytes]:
    """What is left of a file that ``Root.open`` gave, in chunks of 1 MiB. Raises LayoutError."""

    def next_chunk() -> bytes:
        with _reported(directory):
            return file.read(_CHUNK)

    return iter(next_chunk, b"")


@contextmanager
def _reported(directory: str, *path: str) -> Iterator[None]:
    """Turn the system's errors into ours; nobody else's code may run inside."""
    place = f"{'/'.join(path)} " if path else ""
    try:
        yield
    except FileNotFoundError as error:
        raise MissingError(directory, f"{place}is not there") from error
    except OSError as error:
        reason = _REASONS.get(error.errno or 0, error.strerror or str(error))
        raise LayoutError(directory, f"{place}{reason}") from error


def _write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]
