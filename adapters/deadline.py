"""The deadline of one command: cancellation, and a clock that pauses while layers move."""

import contextlib
import random
import threading
from collections.abc import Callable, Iterator
from time import monotonic

# A layer that moves more slowly than this fails (DESIGN.md §4).
SLOWEST_BYTES_PER_SECOND = 1024
_WINDOW_SECONDS = 30.0

_TIMER_SLACK = 0.005


class DeadlineExceededError(Exception):
    """No time is left, the command was cancelled, or a layer crawls; ``str()`` says which.

    Stays inside this package: callers see a DeadlineError that names host and reference.
    """


class Deadline:
    """What a command may take, in seconds; every wait of its connections goes through this object.

    A soft deadline's clock stands still while layer streams are open, which must not crawl then. A
    ``hard`` one, for a time limit that a person gave, bounds all. Shared by the command's threads.
    """

    def __init__(
        self,
        seconds: float,
        *,
        hard: bool = False,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.jitter = jitter
        self._seconds = seconds
        self._hard = hard
        self._ends_at = monotonic() + seconds
        self._cancelled = threading.Event()
        self._lock = threading.RLock()
        self._wakers: set[Callable[[], None]] = set()
        self._streams = 0
        self._stopped_at = 0.0
        self._thread = threading.local()

    def cancel(self) -> None:
        """End all that goes on under this deadline, from any thread, and let nothing new begin."""
        self._cancelled.set()
        with self._lock:
            for wake in self._wakers:
                with contextlib.suppress(OSError):
                    wake()

    def restart(self) -> None:
        """Give a soft deadline all its seconds again, between the parts of a long command."""
        with self._lock:
            if not self._hard:
                self._ends_at = monotonic() + self._seconds

    def left(self) -> float:
        """The seconds left; negative once they have passed."""
        with self._lock:
            return self._ends_at - (self._stopped_at if self._streams else monotonic())

    def check(self) -> None:
        """Raises DeadlineExceededError when cancelled or out of time."""
        if self._cancelled.is_set():
            raise DeadlineExceededError("the command was interrupted")
        if self.left() <= _TIMER_SLACK:
            raise DeadlineExceededError(f"not done within the {self._seconds:g} s allowed")

    def check_hard_limit(self) -> None:
        """``check`` for work that asks no server: only time that a person limited matters there."""
        if self._hard or self._cancelled.is_set():
            self.check()

    def clamp(self, limit: float) -> float:
        """The smaller of ``limit`` and the seconds left. Raises as ``check``."""
        self.check()
        return max(min(limit, self.left()), _TIMER_SLACK)

    def sleep(self, seconds: float) -> None:
        """Wait. Raises DeadlineExceededError as soon as cancelled or out of time."""
        began = monotonic()
        self._cancelled.wait(self.clamp(seconds))
        pace: _MinimumRate | None = getattr(self._thread, "pace", None)
        if pace is not None:
            pace.exclude_idle(monotonic() - began)
        self.check()

    def on_cancel(self, wake: Callable[[], None]) -> None:
        """Have ``cancel`` call ``wake``, until ``unwatch``. Raises as ``check``."""
        with self._lock:
            self.check()
            self._wakers.add(wake)

    def unwatch(self, wake: Callable[[], None]) -> None:
        """Forget ``wake``; fine when it was forgotten before."""
        with self._lock:
            self._wakers.discard(wake)

    @contextlib.contextmanager
    def clock_paused(self) -> Iterator[None]:
        """Inside, a soft deadline stands still, and this thread's transfers must not crawl."""
        outer = getattr(self._thread, "pace", None)
        self._thread.pace = outer or _MinimumRate()
        self._stop_clock()
        try:
            yield
        finally:
            self._resume_clock()
            self._thread.pace = outer

    def record_progress(self, count: int) -> None:
        """This thread moved ``count`` bytes. Raises DeadlineExceededError when its layer crawls."""
        pace: _MinimumRate | None = getattr(self._thread, "pace", None)
        if pace is not None:
            pace.moved(count)

    def _stop_clock(self) -> None:
        with self._lock:
            if self._hard:
                return
            if not self._streams:
                self._stopped_at = monotonic()
            self._streams += 1

    def _resume_clock(self) -> None:
        with self._lock:
            if self._hard:
                return
            self._streams -= 1
            if not self._streams:
                self._ends_at += monotonic() - self._stopped_at


class _MinimumRate:
    """Bytes moved in the window of time that runs; silence is the read timeout's business."""

    def __init__(self) -> None:
        self._since = monotonic()
        self._bytes = 0

    def exclude_idle(self, seconds: float) -> None:
        """Waiting because the other side asked for it is not crawling."""
        self._since += seconds

    def moved(self, count: int) -> None:
        self._bytes += count
        passed = monotonic() - self._since
        if passed < _WINDOW_SECONDS:
            return
        if self._bytes < SLOWEST_BYTES_PER_SECOND * passed:
            raise DeadlineExceededError(f"only {self._bytes} bytes moved in {passed:.0f} s")
        self._since, self._bytes = monotonic(), 0
