"""Files of references: one a line, with comments after ``#``; ``-`` is standard input."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from manyfest.cli.output import standard_input

_STDIN = "-"
_COMMENT = re.compile(r"(?:^|\s)#")  # within a word, as in a path, # is a character like others
_BYTE_ORDER_MARK = "\ufeff"  # byte order mark, which editors and shells of Windows write


@contextmanager
def references_in(file: str) -> Iterator[Iterator[str]]:
    """Yield the references in ``file``, read as they are consumed.

    Raises OSError: the file cannot be read.
    """
    if file == _STDIN:
        yield _without_comments(standard_input())
    else:
        with Path(file).open("rb") as opened:
            yield _without_comments(opened)


def _without_comments(lines: BinaryIO) -> Iterator[str]:
    for number, line in enumerate(lines):
        text = line.decode("utf-8", "replace")
        text = text if number else text.removeprefix(_BYTE_ORDER_MARK)
        if name := _COMMENT.split(text, maxsplit=1)[0].strip():
            yield name
