"""Loaded at start-up from PYTHONPATH: httpx is imported only once a file has so many lines.

The tests' server writes a line for each connection on which hands were shaken. Names in ``.test``
are of this machine.
"""

import os
import socket
import sys
import time

_FILE = os.environ["TESTS_CONNECTIONS_FILE"]
_COUNT = int(os.environ["TESTS_CONNECTIONS_COUNT"])
_SECONDS = 30.0

_look_up = socket.getaddrinfo


def _here(host: str, *rest: object, **options: object) -> object:
    return _look_up("127.0.0.1" if host.endswith(".test") else host, *rest, **options)


class _Waiting:
    """Finds no module; takes its time for httpx."""

    def find_spec(self, name: str, *_: object) -> None:
        end = time.monotonic() + _SECONDS
        while name == "httpx" and _connections() < _COUNT:
            if time.monotonic() > end:
                raise RuntimeError(f"{_connections()} early connections, not {_COUNT}")
            time.sleep(0.01)


def _connections() -> int:
    try:
        with open(_FILE) as file:  # noqa: PTH123 -- pathlib is not there yet
            return len(file.readlines())
    except FileNotFoundError:
        return 0


socket.getaddrinfo = _here
sys.meta_path.insert(0, _Waiting())
