"""Retries: the waits between the tries of one operation.

Nothing else repeats an operation. (``throttle`` only delays requests; the transport repeats a
request once its kept connection was stale, which costs no try.)
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

from manyfest.adapters.deadline import Deadline, DeadlineExceededError
from manyfest.domain.errors import DeadlineError, ManyfestError

TRIES = 5
_FIRST_PAUSE = 0.2
LONGEST_WAIT = 30.0  # seconds that a Retry-After may ask for

_SECONDS = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)\s*(ms|s)?")  # ghcr.io sends 12.5ms

Result = TypeVar("Result")


class TransientError(Exception):
    """A fault that may pass. ``wait`` is the seconds that the server asked for, if it did.

    ``build(message=…)`` makes the error that callers see if it does not pass.
    """

    def __init__(
        self, build: Callable[..., ManyfestError], message: str, wait: float | None = None
    ) -> None:
        super().__init__(message)
        self.wait = wait
        self._build = build

    def final(self, reason: str) -> ManyfestError:
        """Return the error for callers; ``reason`` says why there was no further try."""
        return self._build(message=f"{self} ({reason})")


class RetryState:
    """The tries of one operation, at most ``limit`` since its last progress."""

    def __init__(self, deadline: Deadline, limit: int = TRIES) -> None:
        self._deadline = deadline
        self._limit = limit
        self._failed = 0
        self._last: TransientError | None = None

    def reset_after_progress(self) -> None:
        """Start counting again: the operation got further than before."""
        self._failed = 0
        self._last = None

    def backoff(self, fault: TransientError) -> None:
        """Wait until the next try; raise the fault's error if there is none."""
        self._failed += 1
        self._last = fault
        wait = fault.wait or 0.0
        if wait > LONGEST_WAIT:
            raise self._final(fault, f"asked to wait {wait:.10g} s") from fault
        if self._failed == self._limit:
            raise fault.final(self._attempts_text()) from fault
        pause = self._pause(wait)
        if pause >= self._deadline.left():
            raise self._final(fault, "no time left to try again") from fault
        try:
            self._deadline.sleep(pause)
        except DeadlineExceededError as error:
            raise self._final(fault, str(error)) from fault

    def ended_by(self, error: DeadlineError) -> ManyfestError:
        """Return the error for a try that the deadline ended: the previous fault's, if any."""
        if self._last is None:
            return error
        return self._last.final(f"{self._attempts_text()}, then {error.__cause__ or error}")

    def _pause(self, wait: float) -> float:
        """Return the seconds to wait: jitter on both, since all clients are told the same wait."""
        jitter = 0.75 + self._deadline.jitter() / 2
        return max(wait + _FIRST_PAUSE * jitter, _FIRST_PAUSE * 2.0 ** (self._failed - 1) * jitter)

    def _final(self, fault: TransientError, reason: str) -> ManyfestError:
        return fault.final(reason if self._failed == 1 else f"{self._attempts_text()}, {reason}")

    def _attempts_text(self) -> str:
        return "tried once" if self._failed == 1 else f"tried {self._failed} times"


def with_retries(deadline: Deadline, operation: Callable[[], Result], limit: int = TRIES) -> Result:
    """Return the result of ``operation()``; repeat it after a TransientError."""
    tries = RetryState(deadline, limit)
    while True:
        try:
            return operation()
        except TransientError as fault:
            tries.backoff(fault)
        except DeadlineError as error:
            raise tries.ended_by(error) from error


def retry_after(text: str | None, now: datetime) -> float | None:
    """Return the seconds that a ``Retry-After`` asks for (RFC 9110 §10.2.3), never negative.

    None if it is missing or malformed. Fractions and ``12.5ms`` are understood, too.
    """
    if text is None:
        return None
    match = _SECONDS.fullmatch(text.strip())
    if match is not None:
        return float(match[1]) / (1000 if match[2] == "ms" else 1)
    try:
        then = parsedate_to_datetime(text)
    except (ValueError, OverflowError):  # the latter for a time zone that no integer holds
        return None
    then = then if then.tzinfo else then.replace(tzinfo=UTC)
    return max(0.0, (then - now).total_seconds())
