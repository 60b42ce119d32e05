"""Signals that end the program: of Ctrl-C, kill, timeout, a closed terminal.

Theory of operation. Each signal raises KeyboardInterrupt in the main thread, so that unfinished
work is undone in good order. It may raise only below ``interruptible``, which catches it: the
handler looks for that call on the stack that the signal interrupts. A flag would not do, since a
signal may arrive between the end of the work and the line that clears the flag. Blocking signals
would not do either: the system then delivers them to another thread, and Python still runs the
handler in the main one.

A signal is kept, and is delivered again, when it arrives before the work or in a ``shielded`` call.
It may also arrive in a finalizer or in the callback of a weak reference, where Python prints what
is raised and goes on: an alarm delivers it again. A signal that arrives after the work is ignored:
nothing is left that it could end.
"""

import os
import signal
import sys
from collections.abc import Callable
from time import monotonic
from types import FrameType
from typing import TypeVar

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
INTERRUPTED = 130
_DEFAULTS = (signal.SIG_DFL, signal.default_int_handler)
_T = TypeVar("_T")

# Seconds of clean-up after a signal, in which further signals are ignored: they would interrupt it.
_CLEAN_UP_SECONDS = 1.0

_AGAIN_SECONDS = 0.01  # after a callback swallowed a signal


class SignalHandler:
    """Handler of the signals of this process."""

    def __init__(self) -> None:
        self._received: int | None = None
        self._pending: int | None = None
        self._ignore_until = float("-inf")
        self._print_unraisable = sys.unraisablehook

    def install(self) -> None:
        """Handle the signals from now on, except those that the shell made ignored (nohup)."""
        for number in SIGNALS:
            if signal.getsignal(number) in _DEFAULTS:
                self.handle(number)
        sys.unraisablehook = self._on_unraisable

    def handle(self, number: int) -> None:
        """Handle this signal from now on, even if it was ignored."""
        signal.signal(number, self._on_signal)

    def interruptible(self, work: Callable[[], int]) -> int:
        """Return the exit code of ``work``, or 130 if a signal interrupts it."""
        try:
            return _interruptible(work, self._deliver_pending)
        except KeyboardInterrupt:
            return INTERRUPTED

    def shielded(self, action: Callable[[], _T]) -> _T:
        """Return what ``action`` returns; a signal interrupts after it, not in it."""
        try:
            return _shielded(action)
        finally:
            self._deliver_pending()

    def uninstall(self) -> None:
        """Ignore all signals: the work is done."""
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        signal.signal(signal.SIGALRM, signal.SIG_IGN)

    def reraise(self) -> None:
        """End by the signal received, as its sender expects, unless it was Ctrl-C."""
        if self._received is not None and self._received != signal.SIGINT:
            signal.signal(self._received, signal.SIG_DFL)
            os.kill(os.getpid(), self._received)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if not _may_raise_in(frame):
            self._pending = number
            return
        now = monotonic()
        if now >= self._ignore_until:
            self._received, self._ignore_until = number, now + _CLEAN_UP_SECONDS
            raise KeyboardInterrupt

    def _on_unraisable(self, unraisable: "sys.UnraisableHookArgs") -> None:
        """Deliver a signal again that a callback swallowed; print any other exception."""
        if self._received is None or not isinstance(unraisable.exc_value, KeyboardInterrupt):
            self._print_unraisable(unraisable)
            return
        signal.signal(signal.SIGALRM, self._on_alarm)
        signal.setitimer(signal.ITIMER_REAL, _AGAIN_SECONDS)

    def _on_alarm(self, _: int, frame: FrameType | None) -> None:
        if self._received is not None:
            self._ignore_until = float("-inf")  # nothing was cleaned up yet
            self._on_signal(self._received, frame)

    def _deliver_pending(self) -> None:
        """Raise the signal again; its handler runs in the main thread."""
        pending, self._pending = self._pending, None
        if pending is not None:
            signal.raise_signal(pending)


def _interruptible(work: Callable[[], int], deliver_pending: Callable[[], None]) -> int:
    deliver_pending()
    return work()


def _shielded(action: Callable[[], _T]) -> _T:
    return action()


def _may_raise_in(frame: FrameType | None) -> bool:
    """Return True if the innermost of the two calls above is interruptible."""
    while frame is not None:
        if frame.f_code in (_interruptible.__code__, _shielded.__code__):
            return frame.f_code is _interruptible.__code__
        frame = frame.f_back
    return False


SIGNAL_HANDLER = SignalHandler()
