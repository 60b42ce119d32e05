"""Reuse: which connections that were kept may carry another request."""

import threading
from time import monotonic
from typing import Any

import httpcore

# h11's and httpcore's words for a connection that ended too early.
_BROKEN_OFF = ("disconnected", "peer closed", "peer unexpectedly closed")


class StaleError(httpcore.ReadError):
    """A connection that was kept went wrong before it answered; a new one may do better.

    ``is_dead`` is whether it had ended. Otherwise the server says more than it is asked for, and
    what it says next is not to be taken for an answer.
    """

    def __init__(self, fault: httpcore.ReadError | httpcore.ProtocolError) -> None:
        super().__init__(fault)
        self.is_dead = isinstance(fault, httpcore.ReadError) or is_disconnect(fault)


def is_disconnect(fault: Exception) -> bool:
    """Whether a protocol error is that the connection ended in the middle."""
    return any(words in str(fault) for words in _BROKEN_OFF)


class KeepAlivePolicy:
    """What is known about the kept connections to a server. Thread-safe.

    Where one is dead, those of its age mostly are, too: a balancer or a NAT forgot them together.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._good_since = 0.0

    def discard_older(self) -> None:
        """Let none be used again that is open by now."""
        with self._lock:
            self._good_since = max(self._good_since, monotonic())

    def disable(self) -> None:
        """Let none be used again from now on."""
        with self._lock:
            self._good_since = float("inf")

    def may_reuse(self, opened_at: float) -> bool:
        """Whether a connection of that moment, by the monotonic clock, may be used again."""
        return opened_at >= self._good_since


class ConnectionTrace:
    """Whether a request opened a connection: hears httpcore's trace extension."""

    def __init__(self) -> None:
        self.happened = False

    def __call__(self, event: str, _details: dict[str, Any]) -> None:
        if event == "connection.connect_tcp.started":
            self.happened = True
