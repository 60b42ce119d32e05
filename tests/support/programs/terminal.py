"""Our program on a terminal of its own."""

import os
import pty
from contextlib import suppress

from tests.support.programs.docker_client import manyfest


def on_terminal(*arguments: str) -> str:
    """What the program shows on a terminal, whose line ends are CR LF."""
    command = manyfest().command
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(command[0], [*command, *arguments])
    shown = b""
    with suppress(OSError):  # the other end is closed
        while data := os.read(terminal, 65536):
            shown += data
    os.close(terminal)
    os.waitpid(pid, 0)
    return shown.decode().replace("\r\n", "\n")
