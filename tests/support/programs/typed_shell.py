"""An interactive shell on a terminal of its own, into which a test types."""

import os
import pty
import re
import select
import time
from collections.abc import Iterator
from contextlib import contextmanager

_SEQUENCES = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[()][A-Z0-9]|[=>78])"
)
_SECONDS = 60


class TypedShell:
    """A shell; what it shows is text without the terminal's control sequences."""

    def __init__(self, terminal: int) -> None:
        self._terminal = terminal
        self._shown = ""

    def type(self, keys: str, until: str) -> str:
        """Type ``keys``, and return what is shown from then on, up to ``until``."""
        start = len(self._shown)
        os.write(self._terminal, keys.encode())
        deadline = time.monotonic() + _SECONDS
        while until not in (text := _SEQUENCES.sub("", self._shown[start:])):
            if not select.select([self._terminal], [], [], deadline - time.monotonic())[0]:
                raise AssertionError(f"{until!r} is not shown within {_SECONDS} s: {text!r}")
            try:
                self._shown += os.read(self._terminal, 65536).decode(errors="replace")
            except OSError:
                raise AssertionError(f"the shell ended without {until!r}: {text!r}") from None
        return text


@contextmanager
def typed_shell(command: list[str]) -> Iterator[TypedShell]:
    """Run a shell on a terminal of 80 columns."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.update(TERM="xterm", PS1="> ")
        os.execvp(command[0], command)
    try:
        yield TypedShell(terminal)
    finally:
        os.close(terminal)  # hangs up, which ends the shell
        os.waitpid(pid, 0)
