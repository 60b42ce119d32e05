"""A clock that tests move by hand, in place of sleeping."""

import threading

from manyfest.adapters.deadline import Clock


class HandClock:
    """Time that passes by ``forward``, and at once where somebody waits for it. Thread-safe."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.waits: list[float] = []
        self._lock = threading.Lock()
        self.clock = Clock(lambda: self.now, self._wait)

    def forward(self, seconds: float) -> None:
        """Let this much time pass."""
        with self._lock:
            self.now += seconds

    def _wait(self, event: threading.Event, seconds: float) -> None:
        self.waits.append(seconds)
        if not event.is_set():
            self.forward(seconds)
