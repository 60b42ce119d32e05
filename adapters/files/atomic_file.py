"""Atomic replacement of files: written beside their place, then moved there.

Three writers have the same promise and cannot use this module:

- OCI layouts (``oci_layout.safe_directory``) write through directory descriptors (``openat``), so
  that a folder that is swapped meanwhile cannot lead them out of the layout.
- The layer store and the store's file belong to ``store/``, which knows no adapters. They publish
  with a hard link, so that of several processes the first wins; a replacement lets the last win.

Leftovers. A killed writer leaves its temporary file behind, and the next one that writes to the
same folder removes it (``remove_leftovers``). Every writer keeps a lock (flock(2)) on its file
until that has its final name, and the lock ends with the process: so a file that can be locked has
no writer. A remover may be quicker than a writer that has created its file and not locked it yet;
the writer then finds its file without a name, and begins again (``create_temporary``). A folder
that is being filled has a locked file in it (``folder_in_use``). Files of earlier versions, which
did not lock, and folders without such a file have no writer when they are a day old. Where the file
system has no locks, no file is removed.
"""

import fcntl
import os
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

TEMPORARY = ".manyfest-"  # prefix of the names of files that are being written
_LOCKED = ".part"  # suffix of those whose writers lock them
_OLD = 24 * 60 * 60  # seconds after which a file without a lock has no writer
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC


def temporary_name() -> str:
    """Return a free name for a file that is being written.

    The module ``secrets`` would load two others for the same bytes.
    """
    return TEMPORARY + os.urandom(8).hex() + _LOCKED


def create_temporary(create: Callable[[str], int]) -> tuple[str, int]:
    """Return the name and descriptor of a new, locked file.

    ``create`` creates a file of the name it is given. Close the descriptor, and all copies of it,
    only when the file has been renamed. Raises OSError.
    """
    while True:
        name = temporary_name()
        descriptor = create(name)
        with suppress(OSError):  # some file systems have no locks
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        if os.fstat(descriptor).st_nlink:
            return name, descriptor
        os.close(descriptor)  # taken for a leftover before it was locked


@contextmanager
def folder_in_use(folder: Path) -> Iterator[None]:
    """Keep ``remove_leftovers`` from taking the folder for a leftover."""
    name, lock = create_temporary(lambda name: os.open(folder / name, _CREATE, 0o600))
    try:
        yield
        (folder / name).unlink()
    finally:
        os.close(lock)


def remove_leftovers(folder: int) -> None:
    """Remove the files and folders that killed writers left in ``folder``, an open descriptor.

    Only those of this user. What cannot be removed stays.
    """
    with suppress(OSError):
        for name in os.listdir(folder):
            if name.startswith(TEMPORARY):
                with suppress(OSError):
                    _remove_leftover(name, folder)


def remove_leftovers_beside(target: Path) -> None:
    """Remove leftovers from the folder of ``target``, as ``remove_leftovers`` does."""
    with suppress(OSError):
        folder = os.open(target.parent, _FOLDER)
        try:
            remove_leftovers(folder)
        finally:
            os.close(folder)


def _remove_leftover(name: str, above: int) -> None:
    status = os.stat(name, dir_fd=above, follow_symlinks=False)
    is_old = time.time() - status.st_mtime > _OLD
    if status.st_uid != os.geteuid():
        return
    if stat.S_ISREG(status.st_mode):
        with _unused(name, above) as is_unused:
            if is_unused and (is_old or name.endswith(_LOCKED)):
                os.unlink(name, dir_fd=above)
    elif stat.S_ISDIR(status.st_mode) and _is_abandoned(name, above, is_old=is_old):
        from shutil import rmtree  # rarely needed

        rmtree(name, dir_fd=above)


@contextmanager
def _unused(name: str, above: int) -> Iterator[bool]:
    """Hold the file's lock; yield False if another process has it, or there are no locks."""
    descriptor = os.open(name, _READ, dir_fd=above)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        yield False
    else:
        yield True
    finally:
        os.close(descriptor)


def _is_abandoned(name: str, above: int, *, is_old: bool) -> bool:
    folder = os.open(name, _FOLDER | os.O_NOFOLLOW, dir_fd=above)
    try:
        names = os.listdir(folder)  # noqa: PTH208 (a path has no descriptor)
        marks = [inner for inner in names if inner.startswith(TEMPORARY)]
        for mark in marks:
            with _unused(mark, folder) as is_unused:
                if not is_unused:
                    return False
        return is_old or any(mark.endswith(_LOCKED) for mark in marks)
    finally:
        os.close(folder)


@contextmanager
def atomic_write(target: Path, *, mode: int = 0o666) -> Iterator[BinaryIO]:
    """Open a new file, which replaces ``target`` at the end.

    By then it is written to disk. The file has ``mode`` without the umask from the beginning. If an
    exception leaves the ``with`` block, ``target`` is unchanged. Raises OSError.
    """
    remove_leftovers_beside(target)
    name, descriptor = create_temporary(lambda name: os.open(target.with_name(name), _CREATE, mode))
    lock = os.dup(descriptor)
    try:
        with _moved_to(target, target.with_name(name)), os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
    finally:
        os.close(lock)


def atomic_symlink(target: Path, destination: Path) -> None:
    """Replace ``target`` by a symbolic link to ``destination``. Raises OSError."""
    temporary = target.with_name(temporary_name())
    with _moved_to(target, temporary):
        temporary.symlink_to(destination)


@contextmanager
def _moved_to(target: Path, temporary: Path) -> Iterator[None]:
    """Move the file to ``target`` at the end, or remove it after an error."""
    try:
        yield
        temporary.replace(target)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
