"""Measurements: samples of single runs, and rows of medians."""

from collections.abc import Iterable

from attrs import frozen


@frozen
class Sample:
    """One run: seconds by the clock and of processor time, connections and requests."""

    seconds: float
    processor: float
    connections: int
    requests: int


@frozen
class Row:
    """One tool's medians in one case, and in ``runs`` the seconds of each run.

    ``seconds`` is None if it was not measured; ``requests`` is None for another kind of
    measurement, taken during preparation. ``note`` is text for people.
    """

    case: str
    tool: str
    seconds: float | None = None
    processor: float | None = None
    connections: float | None = None
    requests: float | None = None
    note: str = ""
    runs: tuple[float, ...] = ()

    @property
    def best(self) -> float | None:
        """The fastest run, which is the most reliable one on a busy machine."""
        return min(self.runs, default=None)


def speed_ratio(row: Row, rows: Iterable[Row], baseline: str) -> float | None:
    """Return how many times as fast as ``baseline`` it is in its case, if both were measured."""
    if row.requests is None:
        return None
    for other in rows:
        if (other.case, other.tool) == (row.case, baseline) and other.seconds and row.seconds:
            return other.seconds / row.seconds
    return None


def duration(seconds: float) -> str:
    """Format a time with three digits: ``3.81 s``, ``551 ms``, ``12.3 µs``."""
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{_three_digits(seconds / size)} {unit}"
    return f"{_three_digits(seconds / 1e-6)} µs"


def _three_digits(number: float) -> str:
    return f"{number:.{max(0, 3 - len(str(int(number))))}f}"
