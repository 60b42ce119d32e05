"""Measurements: samples of single runs, and rows of medians."""

from collections.abc import Iterable, Mapping

from attrs import frozen


@frozen
class Sample:
    """One run: seconds by the clock and of processor time, and the peak of its memory in MiB."""

    seconds: float
    processor: float
    peak: float

    def followed_by(self, other: "Sample") -> "Sample":
        """Return both as one."""
        return Sample(
            self.seconds + other.seconds,
            self.processor + other.processor,
            max(self.peak, other.peak),
        )


@frozen
class Row:
    """One tool's medians in one case, and in ``runs`` the seconds of each run.

    ``seconds`` is None if it was not measured. ``runs`` is empty for another kind of measurement,
    taken during preparation. ``peak`` is the most memory of any run, in MiB. ``requests`` are 0 in
    TLS, where nobody can count them. ``note`` is text for people.
    """

    case: str
    tool: str
    seconds: float | None = None
    processor: float | None = None
    connections: float | None = None
    requests: float | None = None
    peak: float | None = None
    note: str = ""
    runs: tuple[float, ...] = ()

    @property
    def best(self) -> float | None:
        """The fastest run, which is the most reliable one on a busy machine."""
        return min(self.runs, default=None)


@frozen
class Target:
    """The most that a tool should take: ``times`` what the tool ``beside`` takes, and ``plus``.

    Seconds, or MiB of memory.
    """

    beside: str = ""
    times: float = 0
    plus: float = 0

    def limit(self, figures: Mapping[str, float | None]) -> float | None:
        """Return the limit by the ``figures`` of all tools; None if that of ``beside`` lacks."""
        if not self.beside:
            return self.plus
        other = figures.get(self.beside)
        return None if other is None else self.times * other + self.plus


def speed_ratio(row: Row, rows: Iterable[Row], baseline: str) -> float | None:
    """Return how many times as fast as ``baseline`` it is in its case, if both were measured."""
    if not row.runs:
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
