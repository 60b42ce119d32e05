"""Files that appear whole or not at all: written beside their place, and moved there."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from typing import BinaryIO

TEMPORARY = ".manyfest-"  # begins the names of files that are being written
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC


@contextmanager
def atomic_write(target: Path) -> Iterator[BinaryIO]:
    """A new file, which takes the place of ``target`` at the end, on disk by then.

    When something raises inside, the place holds what it held. Raises OSError.
    """
    built = target.with_name(TEMPORARY + token_hex(8))
    try:
        with os.fdopen(os.open(built, _CREATE, 0o666), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        built.replace(target)
    except BaseException:
        with suppress(OSError):
            built.unlink()
        raise
