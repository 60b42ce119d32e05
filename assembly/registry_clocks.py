"""The clocks of the registries that a command asked, and the warning where they differ."""

from collections.abc import Callable
from datetime import timedelta
from threading import Lock

from manyfest.domain.history.observation import TOLERANCE, clock_correction

_HOUR = timedelta(hours=1)


def recording_clocks(
    offsets: dict[str, timedelta], warn: Callable[[str], None]
) -> Callable[[str, timedelta], None]:
    """Return a recorder of clock ``offsets`` by host; it warns once of a clock that is wrong.

    Thread-safe. An offset is what to add to this machine's clock to have that of the host.
    """
    lock = Lock()

    def record(host: str, offset: timedelta) -> None:
        with lock:
            is_first = all(abs(other) <= TOLERANCE for other in offsets.values())
            offsets[host] = offset
            if is_first and clock_correction(offsets.values()):
                warn(_warning(host, offset))

    return record


def _warning(host: str, offset: timedelta) -> str:
    relation = "behind" if offset > timedelta() else "ahead of"
    distance = abs(offset)
    days = round(distance / timedelta(days=1))
    amount = f"{days} days" if days > 1 else f"{round(distance / _HOUR)} hours"
    return f"this machine's clock is {amount} {relation} {host}'s, which dates what is seen now"
