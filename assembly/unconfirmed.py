"""Answers of the store that no registry confirmed, and the warning of them."""

from collections.abc import Callable
from datetime import datetime
from threading import Lock

from manyfest.domain.errors import UnavailableError, reason_text, shortened
from manyfest.domain.history.observation import Observation
from manyfest.domain.references import Home, Reference

_REASON_LIMIT = 150  # characters; the end of the line, with the age of the answer, stays visible
_NAMED = 3  # homes


class UnconfirmedAnswers:
    """The ``observations`` that answered without confirmation, by reference. Thread-safe."""

    def __init__(self, now: datetime, warn: Callable[[str], None]) -> None:
        self._now = now
        self._warn = warn
        self.observations: dict[Reference, Observation] = {}
        self._left_out: set[tuple[Home, tuple[Home, ...]]] = set()
        self._lock = Lock()

    def record(
        self,
        observation: Observation,
        error: UnavailableError | None,
        look: Observation | None = None,
    ) -> None:
        """Keep the observation that answered; warn if the registry was asked and gave ``error``.

        ``--offline`` and ``--max-age`` cause no warning: the person asked for such answers. But a
        time in the future is a wrong clock's, and a tag may have been seen since to be another.
        And a claim may answer in place of a ``look`` from here that saw something else.
        """
        with self._lock:
            is_known = observation.reference in self.observations
            self.observations[observation.reference] = observation
            if error is not None:
                self._warn(_warning(observation, error))
            elif observation.is_after(self._now) and not is_known:
                self._warn(_misdated(observation))
            elif look is not None and not is_known:
                self._warn(claim_warning(observation, look))

    def left_out(self, subject: Reference, elsewhere: tuple[Home, ...]) -> None:
        """Warn, once, that only other homes are known to have some referrers of ``subject``."""
        told = (subject.home, elsewhere)
        with self._lock:
            if told not in self._left_out:
                self._left_out.add(told)
                self._warn(_left_out(*told))


def claim_warning(claim: Observation, look: Observation) -> str:
    """Return that ``claim`` answers for its tag, and not the older ``look`` from here."""
    return (
        f"{claim.reference} is {claim.digest}, as a bundle or memory claims of "
        f"{_time(claim)}; it was last seen here on {_time(look)}, as {look.digest}"
    )


def _warning(observation: Observation, error: UnavailableError) -> str:
    why = shortened(reason_text(error), _REASON_LIMIT)
    since = f"as {'claimed by a bundle ' * observation.is_claimed}of {_time(observation)}"
    return f"{observation.reference} could not be asked for ({why}); shown {since}"


def _misdated(observation: Observation) -> str:
    return (
        f"{observation.reference} was last seen at {_time(observation)}, which is in the future: "
        "a clock was wrong; read the tag from its registry once to mend that"
    )


def _left_out(home: Home, elsewhere: tuple[Home, ...]) -> str:
    named = ", ".join(map(str, elsewhere[:_NAMED])) + ", ..." * (len(elsewhere) > _NAMED)
    return f"left out: cached referrers that were read from {named}, and not from {home}"


def _time(observation: Observation) -> str:
    return f"{observation.seen_at:%Y-%m-%d %H:%M} UTC"
