"""Aligned columns and JSON arrays, written as the rows come: never all in memory."""

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from unicodedata import combining, east_asian_width

from manyfest.cli.output import printable
from manyfest.domain.encoding.strict_json import Json

_PAGE = 500  # rows aligned with each other; columns never get narrower on later pages
_PAGE_CHARACTERS = 1_000_000  # after which a page ends, as cells may be large
_WIDEST = 1000  # columns of a terminal that a cell is padded to


def aligned(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield the headings and a line a row, in columns three spaces apart.

    Characters that could move a terminal's cursor are escaped.
    """
    waiting, widths = iter(rows), [0] * len(headings)
    page = [headings]
    while page := [*page, *_page_of(waiting)]:
        cells = [[printable(cell) for cell in row] for row in page]
        taken = ([_columns_of(cell) for cell in column] for column in zip(*cells, strict=True))
        pairs = zip(widths, taken, strict=True)
        widths = [min(max(width, *column), _WIDEST) for width, column in pairs]
        for row in cells:
            padded = (_padded(cell, width) for cell, width in zip(row, widths, strict=True))
            yield "   ".join(padded).rstrip()
        page = []


def _page_of(rows: Iterator[Sequence[str]]) -> Iterator[Sequence[str]]:
    characters = 0
    for row in islice(rows, _PAGE):
        yield row
        characters += sum(map(len, row))
        if characters > _PAGE_CHARACTERS:
            return


def _columns_of(text: str) -> int:
    """Return the width on a terminal: wide characters count 2, accents 0."""
    if text.isascii():
        return len(text)
    return sum(1 + (east_asian_width(char) in "WF") for char in text if not combining(char))


def _padded(text: str, width: int) -> str:
    """Pad ``text`` with blanks to ``width`` columns of a terminal."""
    return text + " " * (width - _columns_of(text))


def json_array(objects: Iterable[Json]) -> Iterator[str]:
    """Yield the lines of a JSON array, an object a line."""
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
