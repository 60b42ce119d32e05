"""Our program as a fork of a process that has loaded it: a process of its own, started at once.

A start of the interpreter and its imports take a third of a second of processor time; tests start
thousands. The server is a program: it imports all modules of the product, then forks for each
request. The fork takes over the request's streams, environment and folder, and goes the way of the
console script from there. So what the start itself does is not shown by it: a request is for the
real program if its environment has what the interpreter reads when it starts (``is_for_forks``).

A request is a connection: its first message carries the streams, the rest is JSON. The answers are
two numbers, the process's id and, when it has ended, its status.
"""

import gc
import json
import os
import pkgutil
import selectors
import signal
import socket
import struct
import sys
from collections.abc import Mapping
from contextlib import suppress
from importlib import import_module
from pathlib import Path

NUMBER = struct.Struct("!q")
READY = b"ready\n"

# By these, the interpreter and its libraries behave otherwise from their first moment on.
_READ_AT_THE_START = ("PYTHON", "LC_", "LANG", "TZ", "COVERAGE", "LD_", "OPENSSL_", "MALLOC")

# A fork may have become a user who may not read this Python's folder.
_IMPORTED_IN_FUNCTIONS = (
    *("concurrent.futures.thread", "encodings.idna", "platformdirs.unix", "resource"),
    *("sqlite_utils", "subprocess", "tempfile", "tomllib", "typer", "zstandard"),
)


def is_for_forks(environment: Mapping[str, str], servers: Mapping[str, str]) -> bool:
    """Return whether a fork of a server with the environment ``servers`` does as the program."""
    return all(
        environment.get(name) == servers.get(name)
        for name in (*environment, *servers)
        if name.startswith(_READ_AT_THE_START)
    )


class _Server:
    """The server's loop; ends when its standard input does, with who started it."""

    def __init__(self, path: str) -> None:
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(path)
        self._listener.listen(64)
        self._waiting: dict[int, socket.socket] = {}
        self._ended, write_end = os.pipe()
        for end in (self._ended, write_end):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(write_end, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def run(self) -> None:
        with selectors.DefaultSelector() as ready:
            for source in (self._listener, self._ended, 0):
                ready.register(source, selectors.EVENT_READ)
            while True:
                sources = {key.fileobj for key, _ in ready.select()}
                if 0 in sources:
                    return
                if self._ended in sources:
                    self._answer_all()
                if self._listener in sources:
                    self._accept(ready)

    def _accept(self, ready: selectors.BaseSelector) -> None:
        connection, _ = self._listener.accept()
        length, streams, _, _ = socket.recv_fds(connection, NUMBER.size, 3)
        with connection.makefile("rb") as rest:
            request = json.loads(rest.read(NUMBER.unpack(length)[0]))
        process = os.fork()
        if not process:
            ready.close()
            connection.close()
            self._listener.close()
            _become(request, streams)
        for stream in streams:
            os.close(stream)
        self._waiting[process] = connection
        _tell(connection, process)

    def _answer_all(self) -> None:
        """Answer who waits for a process that has ended."""
        os.read(self._ended, 4096)
        for process in tuple(self._waiting):
            ended, status = os.waitpid(process, os.WNOHANG)
            if ended:
                with self._waiting.pop(process) as connection:
                    _tell(connection, os.waitstatus_to_exitcode(status))


def _tell(connection: socket.socket, number: int) -> None:
    """Send the number, if somebody waits for it still."""
    with suppress(ConnectionError):
        connection.sendall(NUMBER.pack(number))


def _become(request: Mapping[str, object], streams: list[int]) -> None:
    """Be the console script with the streams, arguments, environment and folder of a request."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    sys.stdin, sys.stdout, sys.stderr = (
        open(number, mode, encoding=old.encoding, errors=old.errors, closefd=False)  # noqa: SIM115
        for number, mode, old in ((0, "r", sys.stdin), (1, "w", sys.stdout), (2, "w", sys.stderr))
    )
    sys.stderr.reconfigure(line_buffering=True)
    os.environ.clear()
    os.environ.update(request["environment"])
    os.chdir(request["folder"])
    sys.argv = request["arguments"]
    exec(request.get("before", ""), {})
    from manyfest.cli.process.console_script import run

    run()


def _load() -> None:
    """Import what any command may import."""
    import manyfest

    for found in pkgutil.walk_packages(manyfest.__path__, "manyfest."):
        if not found.name.startswith(("manyfest.contracts", "manyfest.tests", "manyfest.__main__")):
            import_module(found.name)
    for name in _IMPORTED_IN_FUNCTIONS:
        import_module(name)
    settings = import_module("manyfest.assembly.settings")
    settings.SYSTEM_CONTAINERS = Path("/nonexistent")  # as for the test's own process
    gc.collect()
    gc.freeze()


def main() -> None:
    """Serve at the path that is the only argument."""
    sys.path.remove(str(Path(__file__).parent))  # the console script does not see it
    _load()
    server = _Server(sys.argv[1])
    os.write(1, READY)
    server.run()


if __name__ == "__main__":
    main()
