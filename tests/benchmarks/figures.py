"""What was measured: samples of single runs, and rows of medians."""

from collections.abc import Iterable

from attrs import frozen


@frozen
class Sample:
    """One run: how long it took, what of that on processors, and what passed to the registry."""

    seconds: float
    processor: float
    connections: int
    requests: int


@frozen
class Row:
    """What one tool needed for one case: medians, and in ``runs`` the seconds of each run.

    Without ``seconds`` it was not measured; without ``requests`` it is a figure of another kind,
    taken on the way. ``note`` says what else there is to know.
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
        """The quickest run, which tells the most about a program on a busy machine."""
        return min(self.runs, default=None)


def speed_ratio(row: Row, rows: Iterable[Row], baseline: str) -> float | None:
    """How many times as fast as ``baseline`` is in the same case, if both did its job."""
    if row.requests is None:
        return None
    for other in rows:
        if (other.case, other.tool) == (row.case, baseline) and other.seconds and row.seconds:
            return other.seconds / row.seconds
    return None


def duration(seconds: float) -> str:
    """A time for people, of three digits: ``3.81 s``, ``551 ms``, ``12.3 µs``."""
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{_three_digits(seconds / size)} {unit}"
    return f"{_three_digits(seconds / 1e-6)} µs"


def _three_digits(number: float) -> str:
    return f"{number:.{max(0, 3 - len(str(int(number))))}f}"
