"""Columns for people, and arrays for programs, as they come: never all in memory."""

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from unicodedata import combining, east_asian_width

from manyfest.cli.output import printable
from manyfest.domain.encoding.strict_json import Json

_PAGE = 500  # rows that are aligned with each other, and at least as widely as those before


def aligned(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """A line a row under headings, columns set apart by three spaces; nothing moves the cursor."""
    waiting, widths = iter(rows), [0] * len(headings)
    page = [headings]
    while page := [*page, *islice(waiting, _PAGE)]:
        cells = [[printable(cell) for cell in row] for row in page]
        taken = ([_places(cell) for cell in column] for column in zip(*cells, strict=True))
        widths = [max(width, *column) for width, column in zip(widths, taken, strict=True)]
        for row in cells:
            padded = (_filled(cell, width) for cell, width in zip(row, widths, strict=True))
            yield "   ".join(padded).rstrip()
        page = []


def _places(text: str) -> int:
    """How many places ``text`` takes on a terminal: two for what is wide, none for accents."""
    if text.isascii():
        return len(text)
    return sum(1 + (east_asian_width(each) in "WF") for each in text if not combining(each))


def _filled(text: str, width: int) -> str:
    """``text`` with blanks behind it, so that it takes ``width`` places."""
    return text + " " * (width - _places(text))


def json_array(objects: Iterable[Json]) -> Iterator[str]:
    """The lines of an array, an object a line."""
    waiting = (json.dumps(one, ensure_ascii=False) for one in objects)
    before = next(waiting, None)
    if before is None:
        yield "[]"
        return
    yield "["
    for line in waiting:
        yield f"  {before},"
        before = line
    yield f"  {before}"
    yield "]"
