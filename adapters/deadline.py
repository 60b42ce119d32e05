"""The deadline of one command: cancellation, and a clock that pauses while layers move.

Theory of operation. One ``Deadline`` is shared by all threads of a command, and every wait of its
connections goes through it: connect, handshake, read, write, name look-up, pause and backoff.

- A thread that is about to wait calls ``clamp`` for the seconds it may take, and ``check`` after.
- A thread that waits in the kernel registers a waker by ``on_cancel``: it shuts its socket down.
  ``cancel`` sets the flag first and calls the wakers second; ``on_cancel`` checks the flag under
  the same lock. So a waker is either called or refused, and no wait begins after a cancellation.
- A *soft* deadline, the default, bounds everything but layers, whose size is not ours to judge:
  while at least one layer stream is open (``clock_paused``), its clock does not run. In exchange
  each thread that moves a layer must move 1 KiB/s, measured over windows of 30 s. Time that a
  server asked us to wait does not count as slow.
- A *hard* deadline, a time limit that the user gave, runs on and bounds all.

Time comes from a ``Clock``, so that tests need no sleep.
"""

import contextlib
import random
import threading
import time
from collections.abc import Callable, Iterator

from manyfest.domain.errors import DeadlineError
from manyfest.domain.values import frozen

# A slower layer fails.
SLOWEST_BYTES_PER_SECOND = 1024
RATE_WINDOW_SECONDS = 30.0

_TIMER_SLACK = 0.005


@frozen
class Clock:
    """The time that deadlines, pauses and kept connections are measured by.

    ``monotonic`` returns seconds. ``wait`` waits so many seconds, or until the event is set.
    """

    monotonic: Callable[[], float] = time.monotonic
    wait: Callable[[threading.Event, float], object] = threading.Event.wait


REAL_CLOCK = Clock()


class DeadlineExceededError(Exception):
    """No time is left, the command was cancelled, or a layer is too slow; ``str()`` says which.

    Stays inside the adapters: callers see a DeadlineError that names host and reference.
    """


@contextlib.contextmanager
def deadline_errors(subject: str) -> Iterator[None]:
    """Turn DeadlineExceededError into a DeadlineError that names ``subject``, and no host."""
    try:
        yield
    except DeadlineExceededError as error:
        raise DeadlineError("", f"{subject}: {error}") from error


class Deadline:
    """The seconds that a command may take, soft or ``hard`` (see above). Thread-safe.

    ``jitter`` returns a number from 0 to 1 that spreads retries. ``rate_window`` is in seconds.
    """

    def __init__(
        self,
        seconds: float,
        *,
        hard: bool = False,
        jitter: Callable[[], float] = random.random,
        clock: Clock = REAL_CLOCK,
        rate_window: float = RATE_WINDOW_SECONDS,
    ) -> None:
        self.jitter = jitter
        self.clock = clock
        self._seconds = seconds
        self._hard = hard
        self._rate_window = rate_window
        self._ends_at = clock.monotonic() + seconds
        self._cancelled = threading.Event()
        self._lock = threading.RLock()
        self._wakers: set[Callable[[], None]] = set()
        self._streams = 0
        self._stopped_at = 0.0
        self._thread = threading.local()

    def cancel(self) -> None:
        """End every wait under this deadline, from any thread, and refuse new ones."""
        self._cancelled.set()
        with self._lock:
            for wake in self._wakers:
                with contextlib.suppress(OSError):
                    wake()

    def restart(self) -> None:
        """Give a soft deadline all its seconds again, between the parts of a long command."""
        with self._lock:
            if not self._hard:
                self._ends_at = self.clock.monotonic() + self._seconds

    def renew(self) -> None:
        """Give all seconds again, also a hard deadline's: another call begins on what it bounds."""
        with self._lock:
            self._ends_at = self.clock.monotonic() + self._seconds

    @property
    def is_cancelled(self) -> bool:
        """Whether every wait was ended, for good."""
        return self._cancelled.is_set()

    def left(self) -> float:
        """Return the seconds left; negative once they have passed."""
        with self._lock:
            return self._ends_at - (self._stopped_at if self._streams else self.clock.monotonic())

    def check(self) -> None:
        """Raise DeadlineExceededError if cancelled or out of time."""
        if self._cancelled.is_set():
            raise DeadlineExceededError("the command was interrupted")
        if self.left() <= _TIMER_SLACK:
            raise DeadlineExceededError(f"not done within the {self._seconds:g} s allowed")

    def check_hard_limit(self) -> None:
        """``check`` where no server is asked: only a hard limit or a cancellation counts."""
        if self._hard or self._cancelled.is_set():
            self.check()

    def clamp(self, limit: float) -> float:
        """Return the smaller of ``limit`` and the seconds left. Raises as ``check``."""
        self.check()
        return max(min(limit, self.left()), _TIMER_SLACK)

    def sleep(self, seconds: float) -> None:
        """Wait. Raises DeadlineExceededError as soon as cancelled or out of time."""
        began = self.clock.monotonic()
        self.clock.wait(self._cancelled, self.clamp(seconds))
        pace: _MinimumRate | None = getattr(self._thread, "pace", None)
        if pace is not None:
            pace.exclude_idle(self.clock.monotonic() - began)
        self.check()

    def on_cancel(self, wake: Callable[[], None]) -> None:
        """Have ``cancel`` call ``wake``, until ``unwatch``. Raises as ``check``."""
        with self._lock:
            self.check()
            self._wakers.add(wake)

    def unwatch(self, wake: Callable[[], None]) -> None:
        """Forget ``wake``, also if it was forgotten before."""
        with self._lock:
            self._wakers.discard(wake)

    @contextlib.contextmanager
    def clock_paused(self) -> Iterator[None]:
        """Pause a soft deadline, and require the minimum rate of this thread's transfers."""
        outer = getattr(self._thread, "pace", None)
        self._thread.pace = outer or _MinimumRate(self.clock, self._rate_window)
        self._stop_clock()
        try:
            yield
        finally:
            self._resume_clock()
            self._thread.pace = outer

    def record_progress(self, count: int) -> None:
        """Count bytes that this thread moved. Raises if its layer is too slow."""
        pace: _MinimumRate | None = getattr(self._thread, "pace", None)
        if pace is not None:
            pace.moved(count)

    def _stop_clock(self) -> None:
        with self._lock:
            if self._hard:
                return
            if not self._streams:
                self._stopped_at = self.clock.monotonic()
            self._streams += 1

    def _resume_clock(self) -> None:
        with self._lock:
            if self._hard:
                return
            self._streams -= 1
            if not self._streams:
                self._ends_at += self.clock.monotonic() - self._stopped_at


class _MinimumRate:
    """Bytes moved in the current window. Silence is not measured: the read timeout ends it."""

    def __init__(self, clock: Clock, window: float) -> None:
        self._clock = clock
        self._window = window
        self._since = clock.monotonic()
        self._bytes = 0

    def exclude_idle(self, seconds: float) -> None:
        """Leave out a wait that the other side asked for."""
        self._since += seconds

    def moved(self, count: int) -> None:
        """Add ``count`` bytes. Raises DeadlineExceededError at the end of a slow window."""
        self._bytes += count
        passed = self._clock.monotonic() - self._since
        if passed < self._window:
            return
        if self._bytes < SLOWEST_BYTES_PER_SECOND * passed:
            raise DeadlineExceededError(f"only {self._bytes} bytes moved in {passed:.0f} s")
        self._since, self._bytes = self._clock.monotonic(), 0
