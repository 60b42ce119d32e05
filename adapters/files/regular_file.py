"""Bounded reading of a regular file, without waiting for the writer of a pipe."""

import os
import stat
from pathlib import Path

_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC


class NotRegularFileError(OSError):
    """The path leads to a pipe or a device, or to a file that is too large."""


def read_regular_file(path: Path | str, limit: int) -> bytes:
    """Return the file's bytes, or the first ``limit`` + 1 of a larger file.

    Follows symbolic links; ``/dev/null`` counts as an empty file. Raises NotRegularFileError, and
    OSError where the system refuses.
    """
    descriptor = os.open(path, _FLAGS)
    try:
        with open(descriptor, "rb", closefd=False) as file:
            _require_regular(path, os.fstat(descriptor))
            return file.read(limit + 1)
    finally:
        os.close(descriptor)


def require_regular_file(path: Path | str, limit: int) -> None:
    """Check a file that a library will open by its path. Raises as ``read_regular_file``.

    Raises NotRegularFileError also for one of more than ``limit`` bytes.
    """
    found = Path(path).stat()
    _require_regular(path, found)
    if found.st_size > limit:
        raise NotRegularFileError(f"{path} is larger than {limit} bytes")


def _require_regular(path: Path | str, found: os.stat_result) -> None:
    is_null = stat.S_ISCHR(found.st_mode) and found.st_rdev == Path(os.devnull).stat().st_rdev
    if not (stat.S_ISREG(found.st_mode) or is_null):
        raise NotRegularFileError(f"{path} is not a regular file")
