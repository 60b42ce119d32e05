"""Tables and lines on a terminal, made to fit its width.

Theory of operation. The columns get the widths of their widest cells. Where the sum is too wide for
the screen, columns without a text are left out, and sentences (the cut ``below``) go below their
rows, broken between words. Then three things are tried, in this order, until it fits:

1. Columns that can be shortened give up columns, the widest first, down to a least width.
2. The column of the highest rank is left out, and the first step is tried again.
3. When only columns of rank 0 are left, the first cell of a row stands on lines of its own, and the
   others below it, unless all fit beside each other.

The layout is that of the first page of rows: later pages get the same columns, and longer cells are
shortened to them.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Literal, Protocol

from manyfest.cli.output import Screen
from manyfest.cli.rendering.humanize import columns_of, padded
from manyfest.domain.values import frozen

_GAP = "   "
_INDENT = "  "
_LEAST = {
    "": 10**6,
    "middle": 26,
    "below": 26,
    "items": 14,
}  # columns that a cell is not shortened below
_NARROWEST = 20  # columns of a screen on which a name is broken rather than shortened
_DOTS = "…"


class Fitted(Protocol):
    """The facts about a column that decide how it fits (``table.Column``)."""

    @property
    def heading(self) -> str:
        """The text above it."""

    @property
    def rank(self) -> int:
        """Its importance: the highest is left out first, 0 never."""

    @property
    def cut(self) -> Literal["", "middle", "items", "below"]:
        """The way in which its cells are shortened."""

    @property
    def style(self) -> Callable[[str], str] | None:
        """The style of a cell's text."""


@frozen
class _Layout:
    """The columns shown, by index, and their widths, and those ``below`` their rows.

    If it ``is_stacked``, a first cell that is wider than its column stands alone.
    """

    shown: tuple[int, ...]
    widths: tuple[int, ...]
    below: tuple[int, ...] = ()
    is_stacked: bool = False


def fitted(
    columns: Sequence[Fitted], pages: Iterable[list[list[str]]], screen: Screen
) -> Iterator[str]:
    """Yield the headings and the rows of all pages, no wider than the screen."""
    headings = [column.heading for column in columns]
    layout: _Layout | None = None
    for page in pages:
        if layout is None:
            layout = _layout(columns, [headings, *page], screen.width)
            yield from _lines(layout, columns, headings, screen, is_heading=True)
        for row in page:
            yield from _lines(layout, columns, row, screen)


def _layout(columns: Sequence[Fitted], rows: Sequence[Sequence[str]], width: int | None) -> _Layout:
    natural = [max(map(columns_of, cells)) for cells in zip(*rows, strict=True)]
    shown = list(range(len(columns)))
    if width is None or _total(natural) <= width:
        return _Layout(tuple(shown), tuple(natural))
    filled = [i for i in shown if columns[i].rank == 0 or any(row[i] for row in rows[1:])]
    below = tuple(i for i in filled[1:] if columns[i].cut == "below")
    shown = [i for i in filled if i not in below]
    while True:
        widths = _narrowed([columns[i] for i in shown], [natural[i] for i in shown], width)
        if _total(widths) <= width:
            return _Layout(tuple(shown), tuple(widths), below)
        droppable = [i for i in shown if columns[i].rank]
        if not droppable:
            break
        shown.remove(max(droppable, key=lambda i: columns[i].rank))
    others = [natural[i] for i in shown[1:]]
    room = width - _total([0, *others])
    first = room if room >= columns_of(columns[0].heading) else 0
    return _Layout(tuple(shown), (first, *others), below, is_stacked=True)


def _narrowed(columns: Sequence[Fitted], widths: list[int], width: int) -> list[int]:
    """Take columns of the screen from the widest cells that can be shortened, one at a time."""
    least = [max(_LEAST[c.cut], columns_of(c.heading)) for c in columns]
    excess = _total(widths) - width
    for _ in range(max(excess, 0)):
        spare = [i for i in range(len(widths)) if widths[i] > least[i]]
        if not spare:
            break
        widths[max(spare, key=lambda i: widths[i])] -= 1
    return widths


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + len(_GAP) * (len(widths) - 1)


def _lines(
    layout: _Layout,
    columns: Sequence[Fitted],
    row: Sequence[str],
    screen: Screen,
    *,
    is_heading: bool = False,
) -> Iterator[str]:
    cells = [
        _cell(columns[i], row[i], width, screen, is_heading=is_heading)
        for i, width in zip(layout.shown, layout.widths, strict=True)
    ]
    name, width = row[layout.shown[0]], layout.widths[0]
    if layout.is_stacked and columns_of(name) > width:
        for part in _parts(name, screen.width or 0):
            first = columns[layout.shown[0]]
            yield _cell(first, part, columns_of(part), screen, is_heading=is_heading)
        if len(cells) > 1:
            yield (f"{'':{width}}{_GAP}" if width else _INDENT) + _joined(cells[1:])
    else:
        yield _joined(cells)
    for i in () if is_heading else layout.below:
        yield from _broken(f"{_INDENT}{row[i]}", screen.width, len(_INDENT)) if row[i] else ()


def _parts(name: str, width: int) -> Iterator[str]:
    """Break a name that is wider than the screen, behind a mark between its words if it can be."""
    while columns_of(name) > width >= _NARROWEST:
        head = _end(name, width)
        mark = max(map(head.rfind, "/:@,"))
        head = head[: mark + 1] if mark > width // 2 else head
        yield head
        name = f"{_INDENT}{name[len(head) :]}"
    yield name


def _cell(column: Fitted, text: str, width: int, screen: Screen, *, is_heading: bool) -> str:
    """Return the text, shortened and padded to the width, in its style."""
    short = text if screen.width is None else shorten(text, width, column.cut)
    blanks = padded(short, width)[len(short) :]
    if is_heading:
        return screen.paint(short, "strong") + blanks
    return screen.paint(short, column.style(text) if column.style else "") + blanks


def _joined(cells: Sequence[str]) -> str:
    return _GAP.join(cells).rstrip()


def shorten(text: str, width: int, cut: str = "middle") -> str:
    """Return ``text`` in at most ``width`` columns: without its middle, its end, or some items."""
    if columns_of(text) <= width:
        return text
    if cut == "end":
        return f"{_end(text, max(width - 1, 0))}{_DOTS}"
    return _fewer_items(text, width) if cut == "items" else _without_middle(text, width)


def _fewer_items(text: str, width: int) -> str:
    """Keep as many items of ``a, b, c`` as fit, and count the others: ``a, +2``."""
    items = text.split(", ")
    for kept in range(len(items) - 1, 0, -1):
        shown = f"{', '.join(items[:kept])}, +{len(items) - kept}"
        if columns_of(shown) <= width:
            return shown
    return _without_middle(text, width)


def _without_middle(text: str, width: int) -> str:
    room = max(width - 1, 0)
    tail = _end(text[::-1], room // 2)[::-1]
    return f"{_end(text, room - columns_of(tail))}{_DOTS}{tail}"[: max(width, 1)]


def _end(text: str, width: int) -> str:
    """Return the first characters of ``text`` that take up to ``width`` columns."""
    taken = 0
    for place, char in enumerate(text):
        taken += columns_of(char)
        if taken > width:
            return text[:place]
    return text


def flowed(
    lines: Iterable[str], screen: Screen, paint: Callable[[str, Screen], str], hang: int
) -> Iterator[str]:
    """Yield the lines, broken between words where they are too wide; ``paint`` gets their heads.

    What follows a break is indented by ``hang`` more than the line. Only a word that is wider than
    the screen, such as a reference, is shortened.
    """
    for line in lines:
        head, *rest = _broken(line, screen.width, hang)
        yield paint(head, screen)
        yield from rest


def _broken(line: str, width: int | None, hang: int) -> list[str]:
    if width is None or columns_of(line) <= width:
        return [line]
    margin = line[: len(line) - len(line.lstrip())]
    indent = margin + " " * min(hang, width // 3)
    made = [margin]
    for word in line.split(" "):
        gap = " " if made[-1].strip() else ""
        text = f"{made[-1]}{gap}{word}"
        if columns_of(text) <= width or not word:
            made[-1] = text
        elif columns_of(made[-1]) < len(indent):  # a new line would give it no more room
            made[-1] += gap + shorten(word, width - columns_of(made[-1] + gap))
        else:
            made.append(indent + shorten(word, width - len(indent)))
    return made
