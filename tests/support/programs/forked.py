"""A command line whose processes are forks of a server: the same to a test, and started at once."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

from attrs import field, frozen

from tests.support.programs import fork_server
from tests.support.programs.docker_client import TIMEOUT, CommandLine, Result
from tests.support.programs.fork_server import NUMBER, READY, is_for_forks


@frozen
class ForkedCommandLine(CommandLine):
    """Our program; a call is a fork of the server at ``address``, where that makes no difference.

    ``environment`` is the server's own. ``command`` is the real program.
    """

    address: str = ""
    environment: dict[str, str] = field(factory=dict)

    def __call__(self, *arguments: str | Path, input: bytes = b"") -> Result:  # noqa: A002
        """Run with ``arguments``, in the environment and folder of the test."""
        if not is_for_forks(os.environ, self.environment):
            return super().__call__(*arguments, input=input)
        ours, theirs = _three_pipes()
        request = {
            "arguments": [*self.command, *map(str, arguments)],
            "environment": dict(os.environ),
            "folder": str(Path.cwd()),
        }
        with socket.socket(socket.AF_UNIX) as server, ThreadPoolExecutor(3) as pool:
            server.connect(self.address)
            data = json.dumps(request).encode()
            socket.send_fds(server, [NUMBER.pack(len(data))], theirs)
            for stream in theirs:
                os.close(stream)
            server.sendall(data)
            pool.submit(_write, ours[0], input)
            out, err = (pool.submit(_read, stream) for stream in ours[1:])
            code = _ended(server, request["arguments"])
            return Result(out.result(), err.result().decode(errors="replace"), code)


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


def _ended(server: socket.socket, arguments: list[str]) -> int:
    """Wait for the end of the program; return its exit code. Raises TimeoutExpired, and kills."""
    with server.makefile("rb") as answers:
        process = NUMBER.unpack(answers.read(NUMBER.size))[0]
        server.settimeout(TIMEOUT)
        try:
            return NUMBER.unpack(answers.read(NUMBER.size))[0]
        except TimeoutError:
            os.kill(process, signal.SIGKILL)
            raise subprocess.TimeoutExpired(arguments, TIMEOUT) from None
