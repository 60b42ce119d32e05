"""A command line whose processes are forks of a server: the same to a test, and started at once."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

from attrs import field, frozen

from tests.support.programs import fork_server
from tests.support.programs.docker_client import TIMEOUT, CommandLine, Result
from tests.support.programs.fork_server import NUMBER, READY, is_for_forks

# Folders for PYTHONPATH whose ``sitecustomize`` looks at what happens from then on: nothing before
# the command does.
_HOOKS = {str(Path(__file__).parent / name) for name in ("socketless", "watched")}


@frozen
class ForkedCommandLine(CommandLine):
    """Our program; a call is a fork of the server at ``address``, where that makes no difference.

    ``environment`` is the server's own. ``command`` is the real program.
    """

    address: str = ""
    environment: dict[str, str] = field(factory=dict)

    def __call__(
        self,
        *arguments: str | Path,
        input: bytes = b"",  # noqa: A002
        before: str = "",
        **variables: str,
    ) -> Result:
        """Run with ``arguments``, in the folder and environment of the test, with ``variables``.

        ``before`` is Python that the process runs first.
        """
        environment = os.environ | variables
        if environment.get("PYTHONPATH") in _HOOKS:
            customization = Path(environment.pop("PYTHONPATH"), "sitecustomize.py")
            before = f"{customization.read_text()}\n{before}"
        if before or is_for_forks(environment, self.environment):
            with self.start(*arguments, before=before, **variables) as started:
                return started.result(input)
        return super().__call__(*arguments, input=input, **variables)

    @contextmanager
    def start(
        self, *arguments: str | Path, before: str = "", **variables: str
    ) -> Iterator["Started"]:
        """Start it as a call does; what it is told and says is of the block."""
        ours, theirs = _three_pipes()
        request = {
            "arguments": [*self.command, *map(str, arguments)],
            "environment": os.environ | variables,
            "folder": str(Path.cwd()),
            "before": before,
        }
        with socket.socket(socket.AF_UNIX) as server, ThreadPoolExecutor(4) as pool:
            server.connect(self.address)
            data = json.dumps(request).encode()
            socket.send_fds(server, [NUMBER.pack(len(data))], theirs)
            for stream in theirs:
                os.close(stream)
            server.sendall(data)
            yield Started(server, ours, pool, request["arguments"])


class Started:
    """A fork that runs: what it writes is read all the while."""

    def __init__(
        self,
        server: socket.socket,
        streams: Sequence[int],
        pool: ThreadPoolExecutor,
        arguments: Sequence[str],
    ) -> None:
        self.pid = _number(server)
        self._pool, self._input, self._arguments = pool, streams[0], arguments
        self._outputs = [pool.submit(_read, stream) for stream in streams[1:]]
        self._code = pool.submit(self._ended, server)

    def send_signal(self, number: int) -> None:
        """Send it a signal; one that has ended by itself gets none."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def poll(self) -> int | None:
        """Return the exit code, or None while it runs."""
        return self._code.result() if self._code.done() else None

    def wait(self) -> int:
        """Return the exit code, at the end. Raises TimeoutExpired, and kills."""
        return self._code.result()

    def result(self, input: bytes = b"") -> Result:  # noqa: A002
        """Give it all its input, and wait for its end."""
        self._pool.submit(_write, self._input, input)
        code = self.wait()
        out, err = (output.result() for output in self._outputs)
        return Result(out, err.decode(errors="replace"), code)

    def _ended(self, server: socket.socket) -> int:
        server.settimeout(TIMEOUT)
        try:
            return _number(server)
        except TimeoutError:
            os.kill(self.pid, signal.SIGKILL)
            raise subprocess.TimeoutExpired(self._arguments, TIMEOUT) from None


@contextmanager
def forked_manyfest(folder: Path) -> Iterator[CommandLine]:
    """Our program as forks of a server, which has its socket in ``folder``."""
    program = str(Path(sys.executable).parent / "manyfest")
    address, environment = str(folder / "s"), dict(os.environ)
    command = [sys.executable, fork_server.__file__, address]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        assert server.stdout.readline() == READY
        yield ForkedCommandLine((program,), address, environment)
        server.stdin.close()


def _three_pipes() -> tuple[list[int], list[int]]:
    """Return our ends and the program's ends of its input, output and errors."""
    (read, write), *outputs = (os.pipe() for _ in range(3))
    return [write, *(ours for ours, _ in outputs)], [read, *(theirs for _, theirs in outputs)]


def _write(stream: int, data: bytes) -> None:
    with suppress(BrokenPipeError), open(stream, "wb") as file:
        file.write(data)


def _read(stream: int) -> bytes:
    with open(stream, "rb") as file:
        return file.read()


def _number(server: socket.socket) -> int:
    return NUMBER.unpack(server.recv(NUMBER.size, socket.MSG_WAITALL))[0]
