"""A tree of nodes with cells in columns, made to fit the screen.

Theory of operation. The nodes of one level share their columns, as those of a table do. Where a
level is too wide for the screen, its cells take their short forms; then the columns of the highest
rank are left out, one after the other; at last the lines are cut at the edge. Nothing wraps.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence

from attr import field

from manyfest.cli.output import Screen, printable
from manyfest.cli.rendering.fitting import shorten
from manyfest.cli.rendering.humanize import columns_of
from manyfest.domain.values import frozen

_GAP = "  "
_BRANCH, _LAST, _PAST, _NOTHING = "├─ ", "└─ ", "│  ", "   "
_REMARK = 16  # columns that the last cell of a line asks for; it is cut at the edge
_WIDEST = 1000  # columns of a terminal that a cell is padded to


@frozen
class Cell:
    """A text, its shorter form if it has one, and the style of both (``Screen.paint``)."""

    text: str = ""
    short: str = ""
    style: str = ""


@frozen
class Node:
    """A line: one cell for each column, or a single one outside of them, and the nodes below."""

    cells: tuple[Cell, ...]
    below: tuple["Node", ...] = field(factory=tuple)


@frozen
class _Level:
    """The layout of a level: the columns shown, their widths, and whether cells are short."""

    shown: tuple[int, ...]
    widths: tuple[int, ...]
    is_short: bool


def tree_lines(nodes: Sequence[Node], ranks: Sequence[int], screen: Screen) -> Iterator[str]:
    """Yield a line a node; ``ranks`` has the importance of each column, 0 is never left out."""
    levels: dict[int, list[Node]] = defaultdict(list)
    _collect(nodes, 0, levels)
    layouts = {level: _layout(members, ranks, level, screen) for level, members in levels.items()}
    return _lines(nodes, "", 0, layouts, screen)


def _collect(nodes: Sequence[Node], level: int, levels: dict[int, list[Node]]) -> None:
    levels[level] += (node for node in nodes if len(node.cells) > 1)
    for node in nodes:
        if node.below:
            _collect(node.below, level + 1, levels)


def _layout(nodes: Sequence[Node], ranks: Sequence[int], level: int, screen: Screen) -> _Level:
    shown = [i for i in range(len(ranks)) if any(node.cells[i].text for node in nodes)]
    room = None if screen.width is None else screen.width - len(_BRANCH) * (level + 1)
    for is_short in (False, True):
        widths = {i: _width(nodes, i, is_short=is_short) for i in shown}
        if len(ranks) - 1 in widths and room is not None:
            widths[len(ranks) - 1] = min(widths[len(ranks) - 1], _REMARK)
        if room is None or _total(widths.values()) <= room:
            break
    while room is not None and _total(widths.values()) > room:
        droppable = [i for i in widths if ranks[i]]
        if not droppable:
            break
        del widths[max(droppable, key=lambda i: ranks[i])]
    return _Level(tuple(widths), tuple(widths.values()), is_short)


def _width(nodes: Sequence[Node], column: int, *, is_short: bool) -> int:
    cells = (_text(node.cells[column], is_short=is_short) for node in nodes)
    return min(max(map(columns_of, cells)), _WIDEST)


def _total(widths: Collection[int]) -> int:
    return sum(widths) + len(_GAP) * max(len(widths) - 1, 0)


def _text(cell: Cell, *, is_short: bool) -> str:
    return printable(cell.short if is_short and cell.short else cell.text)


def _lines(
    nodes: Sequence[Node], margin: str, level: int, layouts: dict[int, _Level], screen: Screen
) -> Iterator[str]:
    for node in nodes:
        is_last = node is nodes[-1]
        line = _line(node, margin + (_LAST if is_last else _BRANCH), layouts[level], screen)
        yield line
        below = margin + (_NOTHING if is_last else _PAST)
        yield from _lines(node.below, below, level + 1, layouts, screen)


def _line(node: Node, margin: str, layout: _Level, screen: Screen) -> str:
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
            text = shorten(text, room) if room > 0 else ""
            room -= columns_of(text)
        if text:
            parts += [blanks, screen.paint(text, cell.style)]
            blanks = ""
        elif room is not None:
            room += columns_of(blanks)
        blanks += " " * max(width - columns_of(text), 0) + _GAP
    return margin + "".join(parts)
