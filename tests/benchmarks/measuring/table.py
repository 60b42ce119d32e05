"""The measurements as a table for people."""

from collections.abc import Sequence

from tests.benchmarks.measuring.cases import Case
from tests.benchmarks.measuring.measurements import Row, duration, speed_ratio
from tests.benchmarks.measuring.runner import RunOptions

_HEADINGS = ("", "time", "best", "CPU", "peak", "speed", "connections", "requests", "")


def table(case: Case, choice: RunOptions, rows: Sequence[Row], load: str = "") -> str:
    """Return a heading and a line for each tool; tools that were not measured come last.

    ``load`` tells that of the machine.
    """
    measured = [row for row in rows if row.seconds is not None]
    lines = [_HEADINGS, *(_cells(row, rows, case.baseline) for row in measured)]
    others = [f"  {row.tool}: {row.note}" for row in rows if row.seconds is None]
    return "\n".join([_heading(case, choice) + load, *_aligned(lines if measured else []), *others])


def _heading(case: Case, choice: RunOptions) -> str:
    unit = f"; speed of {case.baseline} is 1" if case.baseline else ""
    return f"{case.name}: {choice.title_of(case)} (medians of {choice.runs_of(case)}{unit})"


def _cells(row: Row, rows: Sequence[Row], baseline: str) -> tuple[str, ...]:
    ratio = speed_ratio(row, rows, baseline)
    return (
        row.tool,
        *(
            "" if time is None else duration(time)
            for time in (row.seconds, row.best, row.processor)
        ),
        "" if row.peak is None else f"{row.peak:.0f} MiB",
        "" if ratio is None else f"{ratio:.1f}x",
        *("" if not count else f"{count:g}" for count in (row.connections, row.requests)),
        row.note,
    )


def _aligned(lines: Sequence[tuple[str, ...]]) -> list[str]:
    """Align the first and last column left, the numbers between them right."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return [
        "  ".join(
            ("", line[0].ljust(widths[0]), *_right(line[1:-1], widths[1:-1]), line[-1])
        ).rstrip()
        for line in lines
    ]


def _right(cells: Sequence[str], widths: Sequence[int]) -> list[str]:
    return [cell.rjust(width) for cell, width in zip(cells, widths, strict=True)]
