"""Signals that end the program: Ctrl-C, and what kill, timeout and a closed terminal send.

Each is a KeyboardInterrupt in the main thread, so that what was begun is given up in good order.
"""

import os
import signal
from time import monotonic
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_DEFAULTS = (signal.SIG_DFL, signal.default_int_handler)

# Seconds to give up in: another signal within them would break into just that, and so is unheard.
_UNDISTURBED = 1.0


class Endings:
    """The signals of this process."""

    def __init__(self) -> None:
        self._heard: int | None = None
        self._deaf_until = float("-inf")

    def listen(self) -> None:
        """Hear them from now on, but for those that somebody had us ignore, as nohup does."""
        for number in SIGNALS:
            if signal.getsignal(number) in _DEFAULTS:
                self.listen_to(number)

    def listen_to(self, number: int) -> None:
        """Hear this one, ignored or not."""
        signal.signal(number, self._hear)

    def stop_listening(self) -> None:
        """There is nothing left to be ended."""
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)

    def die(self) -> None:
        """End by the signal that was heard, as whoever sent it expects; not by Ctrl-C."""
        if self._heard is not None and self._heard != signal.SIGINT:
            signal.signal(self._heard, signal.SIG_DFL)
            os.kill(os.getpid(), self._heard)

    def _hear(self, number: int, _frame: FrameType | None) -> None:
        now = monotonic()
        if now >= self._deaf_until:
            self._heard, self._deaf_until = number, now + _UNDISTURBED
            raise KeyboardInterrupt


ENDINGS = Endings()
