"""Layers that are not whole yet: hidden files that the next writer goes on with.

The file is ``.HEX.partial`` beside the layers; whatever lists layers passes it over. A writer keeps
a lock (flock(2)) on it until the layer is published. Another one that finds it locked, or a file
system without locks, uses a file of its own, which goes when it fails. What a killed writer leaves
is taken up by the next one, and is garbage a day after the last write to it.
"""

import errno
import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO

from manyfest.domain.digests import Digest
from manyfest.domain.partial_blobs import fill
from manyfest.domain.ports.registry import BlobSource

SUFFIX = ".partial"

_OPEN = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NO_SPACE = (errno.ENOSPC, errno.EDQUOT)


def name_of(digest: Digest) -> str:
    """Return the name of the file for the layer ``digest``."""
    return f".{digest.hex}{SUFFIX}"


@contextmanager
def locked(name: str, above: int) -> Iterator[BinaryIO | None]:
    """Open and lock the file in the folder ``above`` (a descriptor), and make it young.

    None if another writer has it, or it cannot be locked. Raises OSError.
    """
    descriptor = os.open(name, _OPEN, 0o600, dir_fd=above)
    with os.fdopen(descriptor, "r+b") as file:
        yield file if _is_ours(descriptor, name, above) else None


def _is_ours(descriptor: int, name: str, above: int) -> bool:
    """Lock the file; return whether it still has its name, which its writer may have changed."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.utime(descriptor)
        named = os.stat(name, dir_fd=above, follow_symlinks=False)
    except OSError:
        return False
    return os.path.samestat(named, os.fstat(descriptor)) and stat.S_ISREG(named.st_mode)


def complete(
    file: BinaryIO, name: str, above: int, digest: Digest, size: int, source: BlobSource
) -> None:
    """Bring the file to the whole layer, on disk.

    If that fails, what has come is kept, unless the disk is full. Raises as ``fill``.
    """
    try:
        fill(file, digest, size, source)
        file.flush()
        os.fsync(file.fileno())
    except BaseException as error:
        is_full = isinstance(error, OSError) and error.errno in _NO_SPACE
        if is_full or not os.fstat(file.fileno()).st_size:
            with suppress(OSError):
                os.unlink(name, dir_fd=above)
        raise
