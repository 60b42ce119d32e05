"""Answers of the store that no registry confirmed, and the warning of them."""

from threading import Lock

from manyfest.cli.output import warn
from manyfest.domain.errors import UnavailableError, reason_text, shortened
from manyfest.domain.history.observation import Observation
from manyfest.domain.references import Reference

_REASON_LIMIT = 150  # characters; the end of the line, with the age of the answer, stays visible


class UnconfirmedAnswers:
    """The ``observations`` that answered without confirmation, by reference. Thread-safe."""

    def __init__(self) -> None:
        self.observations: dict[Reference, Observation] = {}
        self._lock = Lock()

    def record(self, observation: Observation, error: UnavailableError | None) -> None:
        """Keep the observation that answered; warn if the registry was asked and gave ``error``.

        ``--offline`` and ``--max-age`` cause no warning: the person asked for such answers.
        """
        with self._lock:
            self.observations[observation.reference] = observation
            if error is not None:
                warn(_warning(observation, error))


def _warning(observation: Observation, error: UnavailableError) -> str:
    why = shortened(reason_text(error), _REASON_LIMIT)
    since = f"{observation.seen_at:%Y-%m-%d %H:%M} UTC"
    return f"{observation.reference} could not be asked for ({why}); shown as of {since}"
