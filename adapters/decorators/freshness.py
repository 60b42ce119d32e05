"""How far what was last seen may answer for what is there now, and who hears of it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from attrs import frozen

from manyfest.domain.errors import UnavailableError
from manyfest.domain.history.observation import Observation

_LONG_AGO = datetime.min.replace(tzinfo=UTC)

# Hears which observation answered without the registry's word, and why, if that was asked for it.
# May be called from several threads at once.
OnUnconfirmed = Callable[[Observation, UnavailableError | None], None]


def ignore(_seen: Observation, _error: UnavailableError | None) -> None:
    """For who need not know."""


@frozen
class Freshness:
    """When the last observation of a tag answers for it; by default never (ADR 0020).

    ``max_age``: without asking, if it was seen no longer than that before ``now`` (UTC).
    ``stale_if_error``: if the registry was asked and is away, busy or broken (the name is that of
    RFC 5861).
    """

    max_age: timedelta | None = None
    stale_if_error: bool = False
    now: datetime = _LONG_AGO

    def is_fresh(self, seen: Observation) -> bool:
        """Whether nobody needs to be asked. What a wrong clock dated far ahead is not fresh."""
        return self.max_age is not None and abs(self.now - seen.seen_at) <= self.max_age


ALWAYS_ASK = Freshness()
