"""The layers of two images side by side: sizes of both, and the commands that made them."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from manyfest.cli.output import Screen, printable
from manyfest.cli.rendering.humanize import counted, format_size
from manyfest.domain.comparison.status import Status
from manyfest.domain.comparison.steps import Step, StepPair
from manyfest.domain.errors import shortened

_MARKS = {Status.SAME: "=", Status.CHANGED: "~", Status.ADDED: "+", Status.REMOVED: "-"}
_MARGIN = "    "
_MOST_ALIKE = 3  # steps that are the same, in a row; more become one line
_COMMAND_LIMIT = 200  # characters, in a file


def step_lines(pairs: Sequence[StepPair], screen: Screen) -> Iterator[str]:
    """Yield how the size changed, then a line a step; nothing for no steps.

    Steps that made no layer are shown only if one image has them. Commands are cut to the screen.
    """
    if not pairs:
        return
    yield from _growth(pairs)
    shown = [pair for pair in pairs if pair.status is not Status.SAME or _makes_layer(pair)]
    rows = [row for _, some in groupby(shown, _is_same) for row in _rows([*some])]
    width = max(len(size) for _, *sizes, _ in rows for size in ("A", *sizes))
    yield f"{_MARGIN}  {'A':>{width}}  {'B':>{width}}"
    for mark, left, right, command in rows:
        before = f"{_MARGIN}{mark} {left:>{width}}  {right:>{width}}  "
        yield (before + _cut(command, len(before), screen)).rstrip()


_Row = tuple[str, str, str, str]  # the mark, the size in A and in B, the command


def _rows(pairs: Sequence[StepPair]) -> Iterator[_Row]:
    """Yield a row a pair; many pairs that are the same are one."""
    if _is_same(pairs[0]) and len(pairs) > _MOST_ALIKE:
        size = format_size(sum(pair.before.size for pair in pairs if pair.before))
        yield "=", size, size, f"({counted(len(pairs), 'layer')}, the same in both)"
        return
    for pair in pairs:
        step = pair.after or pair.before
        command = step.instruction if step else ""
        yield _MARKS[pair.status], _size(pair.before), _size(pair.after), command


def _size(step: Step | None) -> str:
    return format_size(step.size) if step else ""


def _is_same(pair: StepPair) -> bool:
    return pair.status is Status.SAME


def _makes_layer(pair: StepPair) -> bool:
    return pair.before is not None and pair.before.layer is not None


def _growth(pairs: Sequence[StepPair]) -> Iterator[str]:
    before = sum(pair.before.size for pair in pairs if pair.before)
    after = sum(pair.after.size for pair in pairs if pair.after)
    if before != after:
        sign, sizes = "-+"[after > before], f"{format_size(before)} -> {format_size(after)}"
        yield f"{_MARGIN}~ size: {sizes} ({sign}{format_size(abs(after - before))})"


def _cut(command: str, margin: int, screen: Screen) -> str:
    text = printable(shortened(" ".join(command.split()), _COMMAND_LIMIT))
    if screen.width is None:
        return text
    from manyfest.cli.rendering.fitting import shorten

    return shorten(text, max(screen.width - margin, 1), "end")
