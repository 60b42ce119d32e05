"""Files of references: one a line, with comments after ``#``; ``-`` is standard input."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

_STDIN = "-"


@contextmanager
def references_in(file: str) -> Iterator[Iterator[str]]:
    """The lines of ``file``, but for empty ones and comments, read as they are needed.

    Raises OSError.
    """
    if file == _STDIN:
        yield _without_comments(sys.stdin.buffer)
    else:
        with Path(file).open("rb") as opened:
            yield _without_comments(opened)


def _without_comments(lines: BinaryIO) -> Iterator[str]:
    for line in lines:
        text = line.decode("utf-8", "replace").strip()
        if text and not text.startswith("#"):
            yield text
