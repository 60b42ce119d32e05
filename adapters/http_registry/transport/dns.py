"""Name resolution under a deadline."""

import socket
import threading
from collections.abc import Callable
from typing import Any

import httpcore

from manyfest.adapters.deadline import Deadline

Address = tuple[int, Any]  # the family, and the argument of connect()


def resolve(host: str, port: int, seconds: float, deadline: Deadline) -> list[Address]:
    """Return the addresses of ``host``, within ``seconds`` and the deadline.

    A thread asks, and is left behind if it takes too long: a resolver cannot be interrupted.
    Raises httpcore.ConnectError and ConnectTimeout, and DeadlineExceededError.
    """
    done = threading.Event()
    found: list[Address] = []
    failed: list[Exception] = []

    def ask() -> None:
        try:
            answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            found.extend((family, where) for family, _, _, _, where in answers)
        except (OSError, UnicodeError) as error:
            failed.append(error)
        finally:
            done.set()

    deadline.on_cancel(done.set)
    try:
        _in_daemon_thread(ask)
        done.wait(deadline.clamp(seconds))
        deadline.check()
    finally:
        deadline.unwatch(done.set)
    if failed:
        raise httpcore.ConnectError(failed[0]) from failed[0]
    if not found:
        raise httpcore.ConnectTimeout("the name look-up takes too long")
    return found


def _in_daemon_thread(function: Callable[[], None]) -> None:
    """Run it in a thread, or at once if the system has no more threads."""
    try:
        threading.Thread(target=function, daemon=True).start()
    except RuntimeError:
        function()
