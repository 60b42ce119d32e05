"""A tree of nodes with cells in columns, made to fit the screen.

Theory of operation. The nodes of one level share their columns, as those of a table do. Where any
level is too wide for the screen, all cells take their short forms. Then each level leaves out its
columns of the highest rank, one after the other, and at last shortens the names, so that those and
the digests stay. Lines are cut at the edge. Nothing wraps.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence

from attr import field

from manyfest.cli.output import Screen, printable
from manyfest.cli.rendering.fitting import shorten
from manyfest.cli.rendering.humanize import columns_of, short_digest
from manyfest.domain.digests import Digest
from manyfest.domain.values import frozen

_GAP = "  "
_BRANCH, _LAST, _PAST, _NOTHING = "├─ ", "└─ ", "│  ", "   "
_REMARK = 8  # columns that the last cell of a line asks for; it is cut at the edge
_KEPT = 1  # columns up to this rank are never left out
_LEAST_NAME = 14  # columns that a name is not shortened below
_WIDEST = 1000  # columns of a terminal that a cell is padded to


@frozen
class Cell:
    """A text, its shorter form if it has one, and the style of both (``Screen.paint``)."""

    text: str = ""
    short: str = ""
    style: str = ""


def digest_cell(digest: Digest) -> Cell:
    """Return the cell of a digest, shortened where room is scarce."""
    return Cell(str(digest), short_digest(digest), "faint")


@frozen
class TreeLine:
    """A line: one cell for each column, or a single one outside of them, and the nodes below."""

    cells: tuple[Cell, ...]
    below: tuple["TreeLine", ...] = field(factory=tuple)


@frozen
class _Level:
    """The layout of a level: the columns shown, their widths, and whether cells are short."""

    shown: tuple[int, ...]
    widths: tuple[int, ...]
    is_short: bool


def tree_lines(nodes: Sequence[TreeLine], ranks: Sequence[int], screen: Screen) -> Iterator[str]:
    """Yield a line a node; of the ``ranks`` of columns, the highest are left out first."""
    levels: dict[int, list[TreeLine]] = defaultdict(list)
    _collect(nodes, 0, levels)
    rooms = {
        level: None if screen.width is None else screen.width - len(_BRANCH) * (level + 1)
        for level in levels
    }
    is_short = any(_is_too_wide(levels[level], ranks, room) for level, room in rooms.items())
    layouts = {
        level: _layout(levels[level], ranks, room, is_short=is_short)
        for level, room in rooms.items()
    }
    return _lines(nodes, "", 0, layouts, screen)


def _collect(nodes: Sequence[TreeLine], level: int, levels: dict[int, list[TreeLine]]) -> None:
    levels[level] += (node for node in nodes if len(node.cells) > 1)
    for node in nodes:
        if node.below:
            _collect(node.below, level + 1, levels)


def _layout(
    nodes: Sequence[TreeLine], ranks: Sequence[int], room: int | None, *, is_short: bool
) -> _Level:
    widths = _widths(nodes, ranks, is_short=is_short)
    while room is not None and _total(widths.values()) > room:
        droppable = [column for column in widths if ranks[column] > _KEPT]
        if not droppable:
            widths[0] = max(widths[0] - _total(widths.values()) + room, _LEAST_NAME)
            break
        del widths[max(droppable, key=lambda column: ranks[column])]
    return _Level(tuple(widths), tuple(widths.values()), is_short)


def _widths(nodes: Sequence[TreeLine], ranks: Sequence[int], *, is_short: bool) -> dict[int, int]:
    """The width of each column that has some text; the last one is cut at the edge."""
    shown = [i for i in range(len(ranks)) if any(node.cells[i].text for node in nodes)]
    widths = {column: _width(nodes, column, is_short=is_short) for column in shown}
    last = len(ranks) - 1
    return widths | ({last: min(widths[last], _REMARK)} if last in widths else {})


def _is_too_wide(nodes: Sequence[TreeLine], ranks: Sequence[int], room: int | None) -> bool:
    return room is not None and _total(_widths(nodes, ranks, is_short=False).values()) > room


def _width(nodes: Sequence[TreeLine], column: int, *, is_short: bool) -> int:
    cells = (_text(node.cells[column], is_short=is_short) for node in nodes)
    return min(max(map(columns_of, cells)), _WIDEST)


def _total(widths: Collection[int]) -> int:
    return sum(widths) + len(_GAP) * max(len(widths) - 1, 0)


def _text(cell: Cell, *, is_short: bool) -> str:
    return printable(cell.short if is_short and cell.short else cell.text)


def _lines(
    nodes: Sequence[TreeLine], margin: str, level: int, layouts: dict[int, _Level], screen: Screen
) -> Iterator[str]:
    for node in nodes:
        is_last = node is nodes[-1]
        line = _line(node, margin + (_LAST if is_last else _BRANCH), layouts[level], screen)
        yield line
        below = margin + (_NOTHING if is_last else _PAST)
        yield from _lines(node.below, below, level + 1, layouts, screen)


def _line(node: TreeLine, margin: str, layout: _Level, screen: Screen) -> str:
    room = None if screen.width is None else max(screen.width - columns_of(margin), 1)
    parts: list[str] = []
    blanks = ""
    if len(node.cells) == 1:
        text = _text(node.cells[0], is_short=layout.is_short)
        shown = text if room is None else shorten(text, room)
        return margin + screen.paint(shown, node.cells[0].style)
    for column, width in zip(layout.shown, layout.widths, strict=True):
        cell = node.cells[column]
        text = _text(cell, is_short=layout.is_short)
        if room is not None:
            room -= columns_of(blanks)
            fitting = min(room, width) if column == 0 else room
            text = shorten(text, fitting, "middle" if column == 0 else "end") if room > 0 else ""
            room -= columns_of(text)
        if text:
            parts += [blanks, screen.paint(text, cell.style)]
            blanks = ""
        elif room is not None:
            room += columns_of(blanks)
        blanks += " " * max(width - columns_of(text), 0) + _GAP
    return margin + "".join(parts)
