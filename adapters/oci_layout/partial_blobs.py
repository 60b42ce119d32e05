"""Large blobs of a layout: written to a file that the next writer goes on with.

The file is ``.manyfest-ALGORITHM-HEX.partial`` in the top directory: no other program takes a
hidden file there for a part of the layout, and one under ``blobs`` would be a blob with other
bytes. A writer keeps a lock (flock(2)) on it until it has its final name. Another one that finds it
locked, or a file system without locks, uses a file of its own, which goes when it fails. Files that
are a day old and not locked are leftovers (``atomic_file``).
"""

import errno
import fcntl
import os
import stat
from contextlib import suppress

from manyfest.adapters.files.atomic_file import TEMPORARY
from manyfest.adapters.oci_layout.layout_files import blob_path
from manyfest.adapters.oci_layout.safe_directory import (
    WRITEBACK,
    SafeDirectory,
    begin_writeback,
    layout_errors,
)
from manyfest.domain.digests import Digest, verified_chunks
from manyfest.domain.partial_blobs import fill
from manyfest.domain.ports.registry import BlobSource

_OPEN = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NO_SPACE = (errno.ENOSPC, errno.EDQUOT)


def write_large_blob(root: SafeDirectory, digest: Digest, size: int, source: BlobSource) -> None:
    """Write a blob, going on where an earlier writer broke off.

    If it breaks off again, what has come is kept, unless the disk is full. Raises as
    ``SafeDirectory.write``, and the errors of ``source``.
    """
    path, name = blob_path(digest), f"{TEMPORARY}{digest.algorithm}-{digest.hex}.partial"
    descriptor = _locked(root, name)
    if descriptor is None:
        with source() as chunks:
            root.write(verified_chunks(chunks, digest, size, str(digest)), *path)
        return
    with layout_errors(root.directory, *path), os.fdopen(descriptor, "r+b") as file:
        try:
            fill(file, digest, size, source, _Writeback(descriptor).note)
            file.flush()
            os.fsync(descriptor)
        except BaseException as error:
            is_full = isinstance(error, OSError) and error.errno in _NO_SPACE
            if is_full or not os.fstat(descriptor).st_size:
                with suppress(OSError):
                    os.unlink(name, dir_fd=root.fd)
            raise
        root.move(name, path)


class _Writeback:
    """Has the system write the file to the disk while it grows."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._begun = 0

    def note(self, written: int) -> None:
        """Begin with what was written since the last time, if that is much."""
        if written - self._begun >= WRITEBACK:
            begin_writeback(self._descriptor, self._begun, written)
            self._begun = written


def _locked(root: SafeDirectory, name: str) -> int | None:
    """Open and lock the file; None if another writer has it, or it cannot be locked."""
    with layout_errors(root.directory, name):
        descriptor = os.open(name, _OPEN, 0o666, dir_fd=root.fd)
    if _is_ours(descriptor, name, root):
        return descriptor
    os.close(descriptor)
    return None


def _is_ours(descriptor: int, name: str, root: SafeDirectory) -> bool:
    """Lock the file; return whether it still has its name, which its writer may have changed."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.utime(descriptor)  # it is no leftover
        named = os.stat(name, dir_fd=root.fd, follow_symlinks=False)
    except OSError:
        return False
    return os.path.samestat(named, os.fstat(descriptor)) and stat.S_ISREG(named.st_mode)
