"""The clock of a registry host, by the ``Date`` of its responses (RFC 9110, section 6.6.1).

An origin server with a clock sends ``Date`` with every response, so knowing its time takes no
request. A cache in between sends the date of the original response, and its ``Age`` in seconds
(RFC 9111, section 5.1).
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

# Receives a host, and what to add to this machine's clock to have that of the host. Called at most
# once per session, by any thread.
OnClock = Callable[[str, timedelta], None]

_AGE_DIGITS = 9


def ignore_clock(_host: str, _offset: timedelta) -> None:
    """Drop the offset of a host's clock."""


class ServerClock:
    """Reports the clock of ``host`` to ``on_clock`` once, after its first response."""

    def __init__(self, host: str, on_clock: OnClock) -> None:
        self._host = host
        self._on_clock: OnClock | None = on_clock

    def read(self, headers: Mapping[str, str]) -> None:
        """Read the headers of a response; of two threads both may be first."""
        report, self._on_clock = self._on_clock, None
        if report is not None:
            offset = clock_offset(headers, datetime.now(UTC))
            if offset is not None:
                report(self._host, offset)


def clock_offset(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """Return what to add to this machine's clock (``now``, UTC) to have the server's.

    None without a ``Date`` that can be read.
    """
    try:
        date = parsedate_to_datetime(headers.get("date", ""))
        date = date if date.tzinfo else date.replace(tzinfo=UTC)
        return date + _age(headers.get("age", "")) - now
    except (ValueError, TypeError, OverflowError):
        return None


def _age(text: str) -> timedelta:
    is_number = text.isascii() and text.isdigit() and len(text) <= _AGE_DIGITS
    return timedelta(seconds=int(text) if is_number else 0)
