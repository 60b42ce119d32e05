"""A layout directory: files opened without following links, and written whole or not at all.

Theory of operation. A layout may come from anywhere, and other processes may change it while we
read or write.

- *Confinement.* ``SafeDirectory`` is an open descriptor of the directory. A path is a tuple of
  plain names, and each folder on it is opened relative to the descriptor of the one above
  (``openat(2)``), with O_NOFOLLOW. So neither a symbolic link nor a folder that is swapped in
  meanwhile leads out of the layout. The directory itself may be a symbolic link: the person named
  it. Only regular files are read; O_NONBLOCK keeps the opening of a FIFO from waiting.
- *Whole files.* A write fills a temporary file in the top directory, under a random name that
  starts with ``TEMPORARY``, flushes it (fsync), renames it to its place, and flushes the folder. A
  reader sees the old file or the new one. If anything fails, the temporary file is removed; after a
  crash it stays, ``names`` leaves it out, and a later writer removes it. Blobs need no lock: two
  writers of a digest write the same bytes.
- *The lock.* ``index.json`` is read, changed and written under ``flock(2)`` on the directory, which
  keeps out threads and processes alike, and ends with the process. No writer keeps it for more than
  milliseconds, so a wait of 30 seconds means trouble. A directory can be replaced while its lock is
  awaited; ``still_at_path`` tells, and the caller opens it again.

Whatever the system refuses is a LayoutError; a missing file or directory is a MissingError.
"""

import errno
import fcntl
import os
import stat
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Self

from manyfest.adapters.files.atomic_file import TEMPORARY, create_temporary, remove_leftovers
from manyfest.adapters.read_budget import READ_BUDGET
from manyfest.domain.errors import LayoutError
from manyfest.domain.values import frozen

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
# Without O_NONBLOCK, opening a FIFO waits for a writer.
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC

WRITEBACK = 8 * 1024 * 1024  # bytes; fsync waits for the rest of a file

_SETTLED = 1_000_000_000  # nanoseconds; of two changes at once the clock of files shows one

_LOCK_PATIENCE = 30.0  # seconds; writers need the lock for milliseconds
_LOCK_PAUSE = 0.01  # seconds between two attempts

_REASONS = {
    errno.ELOOP: "is a symbolic link",
    errno.ENOTDIR: "is not a folder",
    errno.EEXIST: "is not a folder",
    errno.ENXIO: "is not a regular file",
}

_IS_FILE = "is not a folder; an archive is written oci-archive:FILE or docker-archive:FILE"


class MissingError(LayoutError):
    """A file or folder of the layout, or the layout itself, is missing."""


@frozen
class SafeDirectory:
    """An open layout directory, for ``with``; the path of a file is given as its names."""

    directory: str
    fd: int

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.fd)

    def names(self) -> frozenset[str]:
        """The names in the directory, without temporary files."""
        with layout_errors(self.directory):
            names = os.listdir(self.fd)  # noqa: PTH208 (a path has no descriptor)
        return frozenset(name for name in names if not name.startswith(TEMPORARY))

    def still_at_path(self) -> bool:
        """Return whether the path still leads to this directory."""
        with layout_errors(self.directory), suppress(FileNotFoundError):
            return os.path.samestat(os.fstat(self.fd), os.stat(self.directory))  # noqa: PTH116
        return False

    def open(self, *path: str) -> BinaryIO:
        """Open a regular file for reading.

        Raises MissingError; LayoutError: it is something else.
        """
        return os.fdopen(self._regular_file(path)[0], "rb")

    def read(self, limit: int, *path: str) -> bytes:
        """Return a whole file, or the first ``limit`` + 1 bytes of a larger one.

        Raises MissingError; LayoutError: it is not a regular file.
        """
        fd, found = self._regular_file(path)
        try:
            with layout_errors(self.directory, *path):
                wanted = min(found.st_size, limit) + 1  # a buffer of the limit would cost more
                read = b""
                while len(read) < wanted and (more := os.read(fd, wanted - len(read))):
                    read = read + more if read else more
                return read
        finally:
            os.close(fd)

    def has_file(self, *path: str) -> bool:
        """Return whether this regular file exists.

        Raises LayoutError: the name is of something else.
        """
        with suppress(MissingError):
            os.close(self._regular_file(path)[0])
            return True
        return False

    def stamp(self, *path: str) -> tuple[int, ...]:
        """Return what another number tells of: that a file or, without a path, a name changed.

        Empty where that is not sure, because the last change is no second old. The file is opened,
        since only then do network file systems ask their server. Raises as ``open``.
        """
        if path:
            fd, found = self._regular_file(path)
            os.close(fd)
        else:
            found = os.fstat(self.fd)
        if time.time_ns() - max(found.st_mtime_ns, found.st_ctime_ns) < _SETTLED:
            return ()
        return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)

    def _regular_file(self, path: tuple[str, ...]) -> tuple[int, os.stat_result]:
        """Open a regular file for reading; return its descriptor and facts. Raises as ``open``."""
        with layout_errors(self.directory, *path):
            with self._folder(path[:-1]) as folder:
                fd = os.open(path[-1], _READ, dir_fd=folder)
            found = os.fstat(fd)
            if stat.S_ISREG(found.st_mode):
                return fd, found
            os.close(fd)
        raise LayoutError(self.directory, f"{'/'.join(path)} is not a regular file")

    def make_folder(self, *path: str) -> None:
        """Make this folder and those above it if they are missing."""
        for depth, name in enumerate(path):
            with (
                layout_errors(self.directory, *path),
                self._folder(path[:depth]) as above,
                suppress(FileExistsError),
            ):
                os.mkdir(name, dir_fd=above)
                os.fsync(above)

    def write(self, chunks: Iterable[bytes], *path: str) -> None:
        """Write these chunks to a file of an existing folder, replacing any other file.

        When this returns, the file is on disk. When it raises, or the machine stops, the path has
        its old file, or none.
        """
        with layout_errors(self.directory, *path):
            temporary, fd = create_temporary(
                lambda name: os.open(name, _CREATE, 0o666, dir_fd=self.fd)
            )
            lock = os.dup(fd)  # until the file has its name
        try:
            self._fill(fd, chunks, path)
            self.move(temporary, path)
        except BaseException:
            with suppress(OSError):
                os.unlink(temporary, dir_fd=self.fd)
            raise
        finally:
            os.close(lock)

    def remove_leftovers(self) -> None:
        """Remove the temporary files of writers that were killed."""
        remove_leftovers(self.fd)

    def _fill(self, fd: int, chunks: Iterable[bytes], path: tuple[str, ...]) -> None:
        try:
            written, begun = 0, 0
            for chunk in chunks:
                with layout_errors(self.directory, *path):
                    _write_all(fd, chunk)
                written += len(chunk)
                if written - begun >= WRITEBACK:
                    begin_writeback(fd, begun, written)
                    begun = written
            with layout_errors(self.directory, *path):
                os.fsync(fd)
        finally:
            os.close(fd)

    def move(self, temporary: str, path: tuple[str, ...]) -> None:
        """Give a file of the top directory its place, and write the folder to disk."""
        with layout_errors(self.directory, *path), self._folder(path[:-1]) as folder:
            os.replace(temporary, path[-1], src_dir_fd=self.fd, dst_dir_fd=folder)
            os.fsync(folder)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Lock out other writers, of this process and of others; the lock ends with the process.

        Raises LayoutError: another writer had the lock for 30 seconds.
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
        with layout_errors(self.directory), suppress(BlockingIOError):
            fcntl.flock(self.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        return False

    @contextmanager
    def _folder(self, path: tuple[str, ...]) -> Iterator[int]:
        fd = self.fd
        try:
            for name in path:
                inner = os.open(name, _FOLDER | os.O_NOFOLLOW, dir_fd=fd)
                outer, fd = fd, inner  # first: a signal after the close must not close it twice
                if outer != self.fd:
                    os.close(outer)
            yield fd
        finally:
            if fd != self.fd:
                os.close(fd)


def open_directory(directory: str) -> SafeDirectory:
    """Open the directory, which may be a symbolic link. Raises MissingError, LayoutError."""
    with layout_errors(directory):
        try:
            return SafeDirectory(directory, os.open(directory, _FOLDER))
        except NotADirectoryError as error:
            if not Path(directory).is_file():
                raise
            raise LayoutError(directory, _IS_FILE) from error


def make_directory(directory: str) -> SafeDirectory:
    """Open the directory, after making it and those above it. Raises LayoutError."""
    with layout_errors(directory):
        Path(directory).mkdir(parents=True, exist_ok=True)
    return open_directory(directory)


def read_chunks(file: BinaryIO, directory: str) -> Iterator[bytes]:
    """Yield the rest of an open file in pieces of the budget. Raises LayoutError."""

    def next_chunk() -> bytes:
        with layout_errors(directory):
            return file.read(READ_BUDGET.piece())

    with READ_BUDGET.reader():
        yield from iter(next_chunk, b"")


@contextmanager
def layout_errors(directory: str, *path: str) -> Iterator[None]:
    """Translate OSError to LayoutError; only system calls of this folder may run inside."""
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


def begin_writeback(fd: int, start: int, end: int) -> None:
    """Have the system write these bytes to the disk already, while the next ones come.

    POSIX_FADV_DONTNEED begins that on Linux, and drops only pages that are on the disk by then.
    """
    if hasattr(os, "posix_fadvise"):
        with suppress(OSError):
            os.posix_fadvise(fd, start, end - start, os.POSIX_FADV_DONTNEED)
