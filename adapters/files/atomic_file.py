"""Atomic replacement of files: written beside their place, then moved there.

Three writers have the same promise and cannot use this module:

- OCI layouts (``oci_layout.safe_directory``) write through directory descriptors (``openat``), so
  that a folder that is swapped meanwhile cannot lead them out of the layout.
- The layer store and the store's file belong to ``store/``, which knows no adapters. They publish
  with a hard link, so that of several processes the first wins; a replacement lets the last win.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

TEMPORARY = ".manyfest-"  # prefix of the names of files that are being written
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC


def temporary_name() -> str:
    """Return a free name for a file that is being written.

    The module ``secrets`` would load two others for the same bytes.
    """
    return TEMPORARY + os.urandom(8).hex()


@contextmanager
def atomic_write(target: Path, *, mode: int = 0o666) -> Iterator[BinaryIO]:
    """Open a new file, which replaces ``target`` at the end.

    By then it is written to disk. The file has ``mode`` without the umask from the beginning. If an
    exception leaves the ``with`` block, ``target`` is unchanged. Raises OSError.
    """
    with (
        _replacing(target) as temporary,
        os.fdopen(os.open(temporary, _CREATE, mode), "wb") as file,
    ):
        yield file
        file.flush()
        os.fsync(file.fileno())


def atomic_symlink(target: Path, destination: Path) -> None:
    """Replace ``target`` by a symbolic link to ``destination``. Raises OSError."""
    with _replacing(target) as temporary:
        temporary.symlink_to(destination)


@contextmanager
def _replacing(target: Path) -> Iterator[Path]:
    """Yield a free name beside ``target``, and move its file there at the end."""
    temporary = target.with_name(temporary_name())
    try:
        yield temporary
        temporary.replace(target)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
