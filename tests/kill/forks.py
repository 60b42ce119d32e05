"""Our command line in a process of its own that has imported all it needs: for many short lives.

A kill at a random moment of a program started anew would mostly hit Python's own start.
"""

import os
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path
from signal import SIG_BLOCK, SIG_UNBLOCK, Signals, default_int_handler, pthread_sigmask, signal

from attrs import frozen

from manyfest.cli.exit_codes import INTERRUPTED
from manyfest.cli.process.command_group import COMMANDS
from manyfest.cli.process.console_script import run

_WITHIN = 60.0  # seconds in which whatever is run must end by itself
_GLANCE = 0.0005  # seconds between two looks


@frozen
class Ended:
    """How a process ended: its exit code (-9 if it was killed), what it wrote, after how long."""

    code: int
    output: str
    seconds: float


@frozen
class Program:
    """Runs command lines in the caller's environment; what they write goes to a file."""

    written: Path

    def run(self, arguments: Sequence[str]) -> Ended:
        """Let it end by itself."""
        with self._started(arguments) as (process, began):
            return self._joined(process, began)

    def kill(
        self,
        arguments: Sequence[str],
        seconds: float,
        signal: Signals = Signals.SIGKILL,
        after: Path | None = None,
    ) -> Ended:
        """Send it ``signal`` so long after its start, or after there is a file ``after``."""
        with self._started(arguments) as (process, began):
            while after and not after.exists() and process.is_alive():
                pass  # what is waited for is there for a moment only
            due = time.monotonic() + seconds
            while time.monotonic() < due and process.is_alive():
                time.sleep(min(_GLANCE, seconds))
            if process.is_alive():  # and not even if it ends now is its number given away
                os.kill(process.pid, signal)
            return self._joined(process, began)

    def _joined(self, process: BaseProcess, began: float) -> Ended:
        process.join(_WITHIN)
        if process.exitcode is None:
            raise TimeoutError(f"a command runs for more than {_WITHIN} s")
        return Ended(process.exitcode, self.written.read_text(), time.monotonic() - began)

    @contextmanager
    def _started(self, arguments: Sequence[str]) -> Iterator[tuple[BaseProcess, float]]:
        process = get_context("fork").Process(target=_live, args=(arguments, self.written))
        began = time.monotonic()
        pthread_sigmask(SIG_BLOCK, [Signals.SIGINT])  # until the program can take it
        process.start()
        pthread_sigmask(SIG_UNBLOCK, [Signals.SIGINT])
        try:
            yield process, began
        finally:
            process.kill()
            process.join()
            process.close()


def _live(arguments: Sequence[str], written: Path) -> None:
    stream = os.open(written, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for standard in (1, 2):
        os.dup2(stream, standard)
    sys.argv[1:] = arguments
    signal(Signals.SIGINT, default_int_handler)  # a shell's background has it ignored
    try:
        pthread_sigmask(SIG_UNBLOCK, [Signals.SIGINT])
    except KeyboardInterrupt:
        os._exit(INTERRUPTED)
    try:
        run()
    except SystemExit as end:
        os._exit(end.code)


def import_for(commands: Iterable[str]) -> None:
    """Import what these commands would import when they first need it."""
    for name in commands:
        import_module(f"manyfest.cli.commands.{COMMANDS[name]}")
    for module in (
        "manyfest.adapters.http_registry.registry",
        "manyfest.adapters.oci_layout.registry",
        "manyfest.adapters.registries_conf.certs_d",
        "manyfest.adapters.registries_conf.conf_files",
        "manyfest.adapters.credentials.auth_json",
        "manyfest.adapters.credentials.docker_config",
        "sqlite_utils",
    ):
        import_module(module)
