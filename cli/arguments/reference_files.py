"""Files of references: one a line, with comments after ``#``; ``-`` is standard input."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import BinaryIO

from manyfest.cli.output import standard_input
from manyfest.domain.errors import InputError

_STDIN = "-"
_LINE_LIMIT = 64 * 1024  # bytes
_COMMENT = re.compile(r"(?:^|\s)#")  # within a word, as in a path, # is a character like others
_BYTE_ORDER_MARK = "\ufeff"  # byte order mark, which editors and shells of Windows write


@contextmanager
def references_in(file: str) -> Iterator[Iterator[str]]:
    """Yield the references in ``file``, read as they are consumed.

    Raises OSError: the file cannot be read; InputError: a line is far longer than a reference.
    """
    if file == _STDIN:
        yield _without_comments(standard_input())
    else:
        with Path(file).open("rb") as opened:
            yield _without_comments(opened)


def _without_comments(lines: BinaryIO) -> Iterator[str]:
    for number, line in enumerate(iter(partial(lines.readline, _LINE_LIMIT + 1), b"")):
        if len(line) > _LINE_LIMIT:
            raise InputError(f"line {number + 1} has more than {_LINE_LIMIT} bytes")
        text = line.decode("utf-8", "replace")
        text = text if number else text.removeprefix(_BYTE_ORDER_MARK)
        if name := _COMMENT.split(text, maxsplit=1)[0].strip():
            yield name
