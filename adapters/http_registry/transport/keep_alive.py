"""Keep-alive: which kept connections may carry another request.

Theory of operation. A kept connection may have died unnoticed, or may carry bytes that answer no
request. ``ConnectionTrace`` tells whether a fault is that of a kept connection: a request that
opened no connection used a kept one. Then the transport raises ``StaleError`` inside, applies this
policy and sends the request again (``httpx_transport`` says how often).

- ``is_dead``: the connection had ended. Those of its age are most likely dead, too, because a load
  balancer or a NAT forgets them together: ``discard_older`` makes the pool drop every one that is
  open by now, and connections that are opened later stay usable.
- Not dead: the server said more than it was asked for, so whatever it says next could be taken for
  another request's answer. ``disable``: no connection is reused from now on.

The pool learns of it through ``is_readable`` of ``DeadlineStream``: httpcore gives up an idle
connection that is readable.
"""

import threading
from typing import Any

import httpcore

from manyfest.adapters.deadline import REAL_CLOCK, Clock

# Parts of h11's and httpcore's messages about a connection that ended too early.
_BROKEN_OFF = ("disconnected", "peer closed", "peer unexpectedly closed")


class StaleError(httpcore.ReadError):
    """A kept connection failed before its answer; a new one may succeed.

    ``is_dead`` tells whether it had ended; otherwise the server said more than it was asked for.
    """

    def __init__(self, fault: httpcore.ReadError | httpcore.ProtocolError) -> None:
        super().__init__(fault)
        self.is_dead = isinstance(fault, httpcore.ReadError) or is_disconnect(fault)


def is_disconnect(fault: Exception) -> bool:
    """Return whether a protocol error means that the connection ended too early."""
    return any(words in str(fault) for words in _BROKEN_OFF)


class KeepAlivePolicy:
    """Decides which of a transport's kept connections may be used again. Thread-safe."""

    def __init__(self, clock: Clock = REAL_CLOCK) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._good_since = 0.0

    def discard_older(self) -> None:
        """Reuse no connection that is open by now."""
        with self._lock:
            self._good_since = max(self._good_since, self._clock.monotonic())

    def disable(self) -> None:
        """Reuse no connection from now on."""
        with self._lock:
            self._good_since = float("inf")

    def may_reuse(self, opened_at: float) -> bool:
        """Return whether a connection that was opened then (by the clock) may be reused."""
        return opened_at >= self._good_since


class ConnectionTrace:
    """Tells whether a request opened a connection (httpcore's ``trace`` extension)."""

    def __init__(self) -> None:
        self.happened = False

    def __call__(self, event: str, _details: dict[str, Any]) -> None:
        if event == "connection.connect_tcp.started":
            self.happened = True
