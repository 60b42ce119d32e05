"""Run our command line in forked processes that have imported everything already.

A kill at a random moment of a freshly started program would mostly hit Python's own start-up.
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

_TIMEOUT = 60.0  # seconds in which every command must end by itself
_POLL_INTERVAL = 0.0005  # seconds


@frozen
class Completed:
    """An ended process: exit code (-9 if killed), output, and duration in seconds."""

    code: int
    output: str
    seconds: float


@frozen
class Program:
    """Runs command lines in the caller's environment; their output goes to ``output_file``."""

    output_file: Path

    def run(self, arguments: Sequence[str]) -> Completed:
        """Run it to its end."""
        with self._start(arguments) as (process, began):
            return self._join(process, began)

    def kill(
        self,
        arguments: Sequence[str],
        seconds: float,
        signal: Signals = Signals.SIGKILL,
        after: Path | None = None,
    ) -> Completed:
        """Send ``signal`` so many seconds after the start, or after the file ``after`` appears."""
        with self._start(arguments) as (process, began):
            while after and not after.exists() and process.is_alive():
                pass  # busy, because the file exists for a moment only
            due = time.monotonic() + seconds
            while time.monotonic() < due and process.is_alive():
                time.sleep(min(_POLL_INTERVAL, seconds))
            if process.is_alive():  # if it ends now, its pid stays reserved until it is joined
                os.kill(process.pid, signal)
            return self._join(process, began)

    def _join(self, process: BaseProcess, began: float) -> Completed:
        process.join(_TIMEOUT)
        if process.exitcode is None:
            raise TimeoutError(f"a command runs for more than {_TIMEOUT} s")
        return Completed(process.exitcode, self.output_file.read_text(), time.monotonic() - began)

    @contextmanager
    def _start(self, arguments: Sequence[str]) -> Iterator[tuple[BaseProcess, float]]:
        process = get_context("fork").Process(target=_child, args=(arguments, self.output_file))
        began = time.monotonic()
        pthread_sigmask(SIG_BLOCK, [Signals.SIGINT])  # until the program can handle it
        process.start()
        pthread_sigmask(SIG_UNBLOCK, [Signals.SIGINT])
        try:
            yield process, began
        finally:
            process.kill()
            process.join()
            process.close()


def _child(arguments: Sequence[str], output_file: Path) -> None:
    stream = os.open(output_file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for standard in (1, 2):
        os.dup2(stream, standard)
    sys.argv[1:] = arguments
    signal(Signals.SIGINT, default_int_handler)  # a shell ignores it for background jobs
    try:
        pthread_sigmask(SIG_UNBLOCK, [Signals.SIGINT])
    except KeyboardInterrupt:
        os._exit(INTERRUPTED)
    try:
        run()
    except SystemExit as end:
        os._exit(end.code)


def import_for(commands: Iterable[str]) -> None:
    """Import what these commands import lazily."""
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
