"""Tables of columns, and JSON arrays, written as the rows come: never all in memory.

A file or a pipe gets every column at its full width, a terminal what fits into it (``fitting``).
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Generic, Literal, TypeVar

from attr import evolve

from manyfest.cli.output import PLAIN, Screen, hint, printable, stdout_screen
from manyfest.cli.rendering.humanize import columns_of, padded
from manyfest.cli.settings import CommonOptions
from manyfest.domain.encoding.strict_json import Json
from manyfest.domain.errors import InputError
from manyfest.domain.values import frozen

T = TypeVar("T")

# How a cell is made shorter: not at all, in its middle, by leaving out items of "a, b, c", or not,
# but put below its row, as a sentence is.
Cut = Literal["", "middle", "items", "below"]

_PAGE = 500  # rows aligned with each other; columns never get narrower on later pages
_PAGE_CHARACTERS = 1_000_000  # after which a page ends, as cells may be large
_WIDEST = 1000  # columns of a terminal that a cell is padded to


@frozen
class Column(Generic[T]):
    """A column of a table of ``T``: its heading, and the text of a cell.

    ``rank`` is its importance on a narrow screen: columns of the highest rank are dropped first,
    those of rank 0 never. ``key`` is what ``--sort`` compares; the text if there is none.
    ``style`` names a style of ``Screen.paint`` for a cell's text.
    """

    heading: str
    text: Callable[[T], str]
    rank: int = 0
    cut: Cut = ""
    key: Callable[[T], Any] | None = None
    style: Callable[[str], str] | None = None


@frozen
class View(Generic[T]):
    """The items of a table, in the columns and on the screen that options choose."""

    columns: Sequence[Column[T]]
    items: Iterable[T]
    screen: Screen = PLAIN
    is_quiet: bool = False

    def lines(self) -> Iterator[str]:
        """Yield the headings and a line an item; only the first column's texts if quiet."""
        if self.is_quiet:
            return map(printable, map(self.columns[0].text, self.items))
        rows = ([column.text(item) for column in self.columns] for item in self.items)
        if self.screen.width is None and not self.screen.has_color:
            return aligned([column.heading for column in self.columns], rows)
        from manyfest.cli.rendering.fitting import fitted

        return fitted(self.columns, pages(rows), self.screen)


def view_of(
    columns: Callable[[Screen], Sequence[Column[T]]],
    items: Iterable[T],
    options: CommonOptions,
    *,
    as_json: bool = False,
) -> View[T]:
    """Return the view that ``options`` choose; ``columns`` makes those for a screen.

    Sorting and filters compare texts as a file gets them, where times are exact.
    Raises InputError: an option names no column, or has no use for JSON.
    """
    screen = stdout_screen()
    if options.no_trunc or options.quiet:
        screen = Screen(has_color=screen.has_color)
    view = View(columns(screen), items, screen, options.quiet)
    if not (options.sort or options.filters or options.columns or options.quiet):
        return view
    from manyfest.cli.rendering.selection import columns_named, items_selected

    if as_json and (options.columns or options.quiet):
        raise InputError("--json has all columns: it goes without --columns and --quiet")
    items = items_selected(items, columns(PLAIN), options.filters or (), options.sort)
    view = evolve(view, items=items)
    if options.columns is None:
        return view
    named = columns_named(options.columns, view.columns)
    return evolve(view, columns=[evolve(column, rank=0) for column in named])


def with_hint(items: Iterable[T], text: str) -> Iterator[T]:
    """Yield the items; show a person the hint ``text`` where there are none."""
    there_are_none = True
    for item in items:
        there_are_none = False
        yield item
    if there_are_none:
        hint(text)


def text_lines(
    text: str,
    paint: Callable[[str, Screen], str],
    *,
    hang: int = 4,
    screen: Screen | None = None,
) -> Iterable[str]:
    """Return the lines of ``text`` as the screen (stdout's) gets them: see ``fitting.flowed``."""
    lines, screen = text.splitlines(), screen or stdout_screen()
    if screen.width is None and not screen.has_color:
        return lines
    from manyfest.cli.rendering.fitting import flowed

    return flowed(lines, screen, paint, hang)


def aligned(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield the headings and a line a row, in columns three spaces apart.

    Characters that could move a terminal's cursor are escaped.
    """
    widths, before = [0] * len(headings), [list(map(printable, headings))]
    for page in pages(rows):
        cells = [*before, *page]
        is_ascii = all(map(str.isascii, map("".join, cells)))
        measure, pad = (len, str.ljust) if is_ascii else (columns_of, padded)
        pairs = zip(widths, zip(*cells, strict=True), strict=True)
        widths = [min(max(width, *map(measure, column)), _WIDEST) for width, column in pairs]
        for row in cells:
            yield "   ".join(map(pad, row, widths)).rstrip()
        before = []


def pages(rows: Iterable[Sequence[str]]) -> Iterator[list[list[str]]]:
    """Yield the rows some hundred at a time, printable; one empty page if there are none."""
    waiting = iter(rows)
    page = list(_page_of(waiting))
    yield page
    while page := list(_page_of(waiting)):
        yield page


def _page_of(rows: Iterator[Sequence[str]]) -> Iterator[list[str]]:
    characters = 0
    for row in islice(rows, _PAGE):
        text = "".join(row)
        yield list(row) if text.isprintable() else list(map(printable, row))
        characters += len(text)
        if characters > _PAGE_CHARACTERS:
            return


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
