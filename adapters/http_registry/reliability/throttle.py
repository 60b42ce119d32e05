"""Throttling: one queue of requests for each server that asked for a pause.

Theory of operation. A server that gets too many requests answers 429 or 503 with ``Retry-After``.
What it tells one thread counts for all threads of the command: otherwise each of them would go on
until it was told, too, and spend its tries on a server that had already said when to come back.

- Before a request each thread calls ``wait_turn``; after the response, ``record_response``.
- *Paused*: until the latest moment that any response asked for, no request leaves. A pause that is
  longer than ``longest``, or than the deadline lets us wait, is not begun: ``ThrottledError``.
- *Spaced*: after the pause, requests leave one by one, so that they do not meet the same limit
  together. A thread takes its place by being told 0 seconds; the next place is ``distance`` later.
- The distance doubles with each refusal, from 0.1 s to 2 s, and shrinks by a tenth with each
  success until it is gone. Refusals that arrive during a pause were sent before it: they lengthen
  the pause but count once.
- The refused request itself is not repeated here: that is the operation's ``RetryState``.
"""

import threading
from http import HTTPStatus

from manyfest.adapters.deadline import Clock, Deadline

# Statuses whose ``Retry-After`` asks for a pause (RFC 6585 §4, RFC 9110 §15.6.4).
_SLOW_DOWN = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)

# Seconds between two requests after the first pause, and at most. One refusal costs a second in
# all: 0.1 / (1 - 0.9).
_FIRST_DISTANCE, _LONGEST_DISTANCE = 0.1, 2.0
_SHRINKING = 0.9
_NO_DISTANCE = 0.01

Server = tuple[str, int]  # host and port


class ThrottledError(Exception):
    """The server asked for a longer pause than we wait; ``str()`` says how long.

    Stays inside this package: callers see a RateLimitedError that names host and reference.
    """


class Throttle:
    """The queues of all servers. Thread-safe.

    ``longest`` is the longest pause, in seconds, that is waited for.
    """

    def __init__(self, deadline: Deadline, longest: float) -> None:
        self._deadline = deadline
        self._longest = longest
        self._queues: dict[Server, _ServerQueue] = {}
        self._lock = threading.Lock()

    def wait_turn(self, server: Server) -> None:
        """Wait until the server takes a request. Raises ThrottledError, DeadlineExceededError."""
        while (seconds := self._until_our_turn(server)) > 0:
            self._deadline.sleep(seconds)

    def record_response(self, server: Server, status: int, wait: float | None) -> None:
        """Note a response's status, and the seconds of its ``Retry-After``, if any."""
        with self._lock:
            queue = self._queues.setdefault(server, _ServerQueue(self._deadline.clock))
            if status in _SLOW_DOWN and wait:
                queue.throttled(wait)
            elif status < HTTPStatus.INTERNAL_SERVER_ERROR:
                queue.succeeded()

    def _until_our_turn(self, server: Server) -> float:
        """Return the seconds to wait before asking again; 0 gives this thread its turn."""
        with self._lock:
            queue = self._queues.setdefault(server, _ServerQueue(self._deadline.clock))
            pause = queue.pause()
            if pause > 0 and (pause > self._longest or pause >= self._deadline.left()):
                raise ThrottledError(f"it asks for a pause of {pause:.4g} s")
            return pause or queue.turn()


class _ServerQueue:
    """The pause and the distance of requests to one server."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._paused_until = 0.0
        self._next_at = 0.0
        self._distance = 0.0

    def pause(self) -> float:
        """Return the seconds that the pause still lasts."""
        return max(0.0, self._paused_until - self._clock.monotonic())

    def turn(self) -> float:
        """Return the seconds until a request may leave; 0 takes the place."""
        now = self._clock.monotonic()
        if self._next_at > now:
            return self._next_at - now
        self._next_at = now + self._distance
        return 0.0

    def throttled(self, wait: float) -> None:
        """Pause. Refusals of requests that were under way together count once."""
        if not self.pause():
            wider = max(_FIRST_DISTANCE, 2 * self._distance)
            self._distance = min(wider, _LONGEST_DISTANCE)
        self._paused_until = max(self._paused_until, self._clock.monotonic() + wait)

    def succeeded(self) -> None:
        """Shorten the distance, which ends at some point."""
        shorter = self._distance * _SHRINKING
        self._distance = shorter if shorter > _NO_DISTANCE else 0.0
