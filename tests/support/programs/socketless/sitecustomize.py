"""Loaded at start-up from PYTHONPATH: a process that opens a network socket fails at once."""

import sys


def _forbid(event: str, _arguments: tuple[object, ...]) -> None:
    if event in ("socket.connect", "socket.getaddrinfo", "socket.bind", "socket.sendto"):
        raise RuntimeError(f"the network is forbidden here: {event}")


sys.addaudithook(_forbid)
