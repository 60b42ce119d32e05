"""Loaded at start-up from PYTHONPATH: notes in a file whom the process looks up and connects to."""

import os
import sys

_LOG = os.environ["TESTS_CONTACTS_LOG"]


def _note(event: str, arguments: tuple[object, ...]) -> None:
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        line = f"connect {arguments[1][0]}:{arguments[1][1]}\n"
    elif event == "socket.getaddrinfo":
        line = f"look up {arguments[0]}\n"
    elif event in ("socket.sendto", "socket.gethostbyname", "socket.gethostbyaddr"):
        line = f"{event}\n"
    else:
        return
    with open(_LOG, "a") as log:  # noqa: PTH123 -- pathlib is not there yet
        log.write(line)


sys.addaudithook(_note)
