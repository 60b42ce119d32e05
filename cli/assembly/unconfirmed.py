"""What the store answered without a registry's word: which references, and saying so."""

from threading import Lock

from manyfest.cli.output import warn
from manyfest.domain.errors import UnavailableError, shortened
from manyfest.domain.history.observation import Observation
from manyfest.domain.references import Reference

_REASON_LIMIT = 150  # so that the end of the line is seen, which says how old the answer is


class UnconfirmedAnswers:
    """Of each reference that was answered so, the observation that did. Thread-safe."""

    def __init__(self) -> None:
        self.seen: dict[Reference, Observation] = {}
        self._lock = Lock()

    def record(self, seen: Observation, error: UnavailableError | None) -> None:
        """``seen`` answered. With ``error`` the registry was asked in vain, and a person is told.

        ``--offline`` and ``--max-age`` are not commented on: nothing came otherwise than wished.
        """
        with self._lock:
            self.seen[seen.reference] = seen
            if error is not None:
                warn(_shown_all_the_same(seen, error))


def _shown_all_the_same(seen: Observation, error: UnavailableError) -> str:
    from manyfest.adapters.decorators.mirror_log import reason_text

    why = shortened(reason_text(error), _REASON_LIMIT)
    since = f"{seen.seen_at:%Y-%m-%d %H:%M} UTC"
    return f"{seen.reference} could not be asked for ({why}); shown as of {since}"
