"""Bounded reading of a regular file, without waiting for the writer of a pipe."""

import os
import stat
from pathlib import Path

_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC


class NotRegularFileError(OSError):
    """The path leads to a pipe or a device."""


def read_regular_file(path: Path | str, limit: int) -> bytes:
    """Return the file's bytes, or the first ``limit`` + 1 of a larger file.

    Follows symbolic links. Raises NotRegularFileError, and OSError where the system refuses.
    """
    descriptor = os.open(path, _FLAGS)
    try:
        with open(descriptor, "rb", closefd=False) as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise NotRegularFileError(f"{path} is not a regular file")
            return file.read(limit + 1)
    finally:
        os.close(descriptor)
