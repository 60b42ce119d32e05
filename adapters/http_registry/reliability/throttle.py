"""Pauses: servers that asked for some quiet, which all threads of a command then keep.

What one thread is told holds for all: without this, the others would go on until each of them was
told, too, and each would spend its tries on a server that had said when to come back. After a pause
requests leave one by one, at a distance that grows with each refusal and shrinks with each answer.
"""

import threading
from http import HTTPStatus
from time import monotonic

from manyfest.adapters.deadline import Deadline

# Those that come with a ``Retry-After`` when there were too many requests (RFC 6585 §4, RFC 9110
# §15.6.4).
_SLOW_DOWN = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)

# Seconds between two requests after the first pause, and at most. All that one refusal costs is a
# second: 0.1 / (1 - 0.9).
_FIRST_DISTANCE, _LONGEST_DISTANCE = 0.1, 2.0
_SHRINKING = 0.9
_NO_DISTANCE = 0.01

Server = tuple[str, int]  # host and port


class ThrottledError(Exception):
    """The server wants no request for longer than is waited for it; ``str()`` says how long.

    Stays inside this package: callers see a RateLimitedError that names host and reference.
    """


class Throttle:
    """Which servers want no requests for how long. Thread-safe.

    ``longest`` is how many seconds of a pause are waited for at most.
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
        """The server answered with ``status``, and asked to ``wait`` so many seconds, if it did."""
        with self._lock:
            queue = self._queues.setdefault(server, _ServerQueue())
            if status in _SLOW_DOWN and wait:
                queue.throttled(wait)
            elif status < HTTPStatus.INTERNAL_SERVER_ERROR:
                queue.succeeded()

    def _until_our_turn(self, server: Server) -> float:
        """The seconds to wait before asking again; 0 when it is our turn, and nobody else's."""
        with self._lock:
            queue = self._queues.setdefault(server, _ServerQueue())
            pause = queue.pause()
            if pause > 0 and (pause > self._longest or pause >= self._deadline.left()):
                raise ThrottledError(f"it wants no requests for {pause:.4g} s")
            return pause or queue.turn()


class _ServerQueue:
    """The requests to one server that are still to leave."""

    def __init__(self) -> None:
        self._paused_until = 0.0
        self._next_at = 0.0
        self._distance = 0.0

    def pause(self) -> float:
        return max(0.0, self._paused_until - monotonic())

    def turn(self) -> float:
        """The seconds until a request may leave; 0 takes the place."""
        now = monotonic()
        if self._next_at > now:
            return self._next_at - now
        self._next_at = now + self._distance
        return 0.0

    def throttled(self, wait: float) -> None:
        """Those that were under way together are told together, and count once."""
        if not self.pause():
            wider = max(_FIRST_DISTANCE, 2 * self._distance)
            self._distance = min(wider, _LONGEST_DISTANCE)
        self._paused_until = max(self._paused_until, monotonic() + wait)

    def succeeded(self) -> None:
        shorter = self._distance * _SHRINKING
        self._distance = shorter if shorter > _NO_DISTANCE else 0.0
