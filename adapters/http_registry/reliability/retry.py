"""Retries: the waits between the tries of one operation.

A host that takes no connections is tried twice, unless it answered earlier in this command: then it
is probably restarting, and gets all tries. Once it is given up, every further operation on it fails
without a try (``Reachability``): a hundred references to a dead host cost no more than one.

A try on a connection that ends in silence took half a minute already, so an operation ends with its
second.

Nothing else repeats an operation. (``throttle`` only delays requests; the transport repeats a
request once its kept connection was stale, which costs no try.)
"""

import re
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

from manyfest.adapters.deadline import Deadline, DeadlineExceededError
from manyfest.domain.errors import DeadlineError, ManyfestError, UnreachableError

TRIES = 5
_TRIES_WITHOUT_CONNECTION = 2  # of a host that never answered
_SILENT_TRIES = 2  # each took all the seconds that an answer may take
_FIRST_PAUSE = 0.2
LONGEST_WAIT = 30.0  # seconds that a Retry-After may ask for

_SECONDS = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)\s*(ms|s)?")  # ghcr.io sends 12.5ms

Result = TypeVar("Result")

# Called with a message and the seconds of a pause before a retry; the pause is in its context.
OnPause = Callable[[str, float], AbstractContextManager[None]]


def ignore_pause(_message: str, _seconds: float) -> AbstractContextManager[None]:
    """Show no pause, for callers without a display."""
    return nullcontext()


class TransientError(Exception):
    """A fault that may pass. ``wait`` is the seconds that the server asked for, if it did.

    ``build(message=…)`` makes the error that callers see if it does not pass. ``host`` and
    ``reason`` say what is waited for; ``is_disconnected``: no connection to the host came about;
    ``is_silent``: on a connection, nothing was heard for as long as we wait.
    """

    def __init__(
        self,
        build: Callable[..., ManyfestError],
        message: str,
        wait: float | None = None,
        *,
        host: str = "",
        reason: str = "",
        is_disconnected: bool = False,
        is_silent: bool = False,
    ) -> None:
        super().__init__(message)
        self.wait = wait
        self.host = host
        self.reason = reason or message
        self.is_disconnected = is_disconnected
        self.is_silent = is_silent
        self._build = build

    def final(self, reason: str) -> ManyfestError:
        """Return the error for callers; ``reason`` says why there was no further try."""
        return self._build(message=f"{self} ({reason})")


class Reachability:
    """The hosts that answered in this command, and those that were given up. Thread-safe."""

    def __init__(self) -> None:
        self._answered: set[str] = set()
        self._given_up: dict[str, str] = {}

    def record_answer(self, host: str) -> None:
        """Note that ``host`` answered."""
        self._answered.add(host)

    def give_up(self, host: str, reason: str) -> None:
        """Fail all further operations on ``host`` for ``reason``."""
        self._given_up.setdefault(host, reason)

    def require(self, host: str, subject: str) -> None:
        """Raise UnreachableError about ``subject`` if ``host`` was given up."""
        if reason := self._given_up.get(host):
            message = f"{subject}: cannot reach {host}: {reason} (not tried again)"
            raise UnreachableError(host, message)

    def tries_of(self, fault: TransientError, limit: int) -> int:
        """Return how often an operation that meets ``fault`` may be tried, at most ``limit``."""
        is_new = fault.is_disconnected and fault.host not in self._answered
        return min(limit, _TRIES_WITHOUT_CONNECTION) if is_new else limit


class RetryState:
    """The tries of one operation, at most ``limit`` since its last progress.

    ``hosts`` are shared by all operations of a command; ``on_pause`` shows what is waited for.
    """

    def __init__(
        self,
        deadline: Deadline,
        limit: int = TRIES,
        hosts: Reachability | None = None,
        on_pause: OnPause = ignore_pause,
    ) -> None:
        self._deadline = deadline
        self._limit = limit
        self._hosts = hosts or Reachability()
        self._on_pause = on_pause
        self._failed = 0
        self._silent = 0
        self._last: TransientError | None = None

    def reset_after_progress(self) -> None:
        """Start counting again: the operation got further than before."""
        self._failed = self._silent = 0
        self._last = None

    def backoff(self, fault: TransientError) -> None:
        """Wait until the next try; raise the fault's error if there is none."""
        self._failed += 1
        self._silent += fault.is_silent
        self._last = fault
        wait = fault.wait or 0.0
        if wait > LONGEST_WAIT:
            raise self._final(fault, f"asked to wait {wait:.10g} s") from fault
        limit = self._tries_of(fault)
        if self._failed >= limit:
            if fault.is_disconnected:
                self._hosts.give_up(fault.host, fault.reason)
            raise fault.final(self._attempts_text()) from fault
        pause = self._pause(wait)
        if pause >= self._deadline.left():
            raise self._final(fault, "no time left to try again") from fault
        shown = f"{pause:.0f}" if pause >= 1 else f"{pause:.1f}"
        message = f"retrying {fault.host} in {shown} s ({self._failed + 1} of {limit})"
        try:
            with self._on_pause(f"{message}: {fault.reason}", pause):
                self._deadline.sleep(pause)
        except DeadlineExceededError as error:
            raise self._final(fault, str(error)) from fault

    def ended_by(self, error: DeadlineError) -> ManyfestError:
        """Return the error for a try that the deadline ended: the previous fault's, if any."""
        if self._last is None:
            return error
        return self._last.final(f"{self._attempts_text()}, then {error.__cause__ or error}")

    def _tries_of(self, fault: TransientError) -> int:
        tries = self._hosts.tries_of(fault, self._limit)
        with_silent = self._failed + _SILENT_TRIES - self._silent
        return min(tries, with_silent) if fault.is_silent else tries

    def _pause(self, wait: float) -> float:
        """Return the seconds to wait: jitter on both, since all clients are told the same wait."""
        jitter = 0.75 + self._deadline.jitter() / 2
        return max(wait + _FIRST_PAUSE * jitter, _FIRST_PAUSE * 2.0 ** (self._failed - 1) * jitter)

    def _final(self, fault: TransientError, reason: str) -> ManyfestError:
        return fault.final(reason if self._failed == 1 else f"{self._attempts_text()}, {reason}")

    def _attempts_text(self) -> str:
        return "tried once" if self._failed == 1 else f"tried {self._failed} times"


def with_retries(tries: RetryState, operation: Callable[[], Result]) -> Result:
    """Return the result of ``operation()``; repeat it after a TransientError."""
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
