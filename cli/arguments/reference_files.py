"""Files of references: one a line, with comments after ``#``; ``-`` is standard input."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from manyfest.cli.output import standard_input

_STDIN = "-"
_COMMENT = re.compile(r"(?:^|\s)#")  # within a path, it is one of its characters
_MARK = "\ufeff"  # of UTF-8, which editors and shells of Windows begin files with


@contextmanager
def references_in(file: str) -> Iterator[Iterator[str]]:
    """The lines of ``file``, but for empty ones and comments, read as they are needed.

    Raises OSError.
    """
    if file == _STDIN:
        yield _without_comments(standard_input())
    else:
        with Path(file).open("rb") as opened:
            yield _without_comments(opened)


def _without_comments(lines: BinaryIO) -> Iterator[str]:
    for number, line in enumerate(lines):
        text = line.decode("utf-8", "replace")
        text = text if number else text.removeprefix(_MARK)
        if name := _COMMENT.split(text, maxsplit=1)[0].strip():
            yield name
