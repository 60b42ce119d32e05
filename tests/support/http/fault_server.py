"""A server that goes wrong by script, and then answers well.

::

    with FaultServer(RegistryApp(memory)) as server:
        server.on("GET", "/v2/t/app/manifests/*", unavailable(503), Reset())  # then well
        server.always("PUT", "/v2/t/app/manifests/v1", with_status(202))
"""

import socket
import threading
import time
from collections.abc import Iterator
from fnmatch import fnmatchcase
from itertools import repeat
from typing import BinaryIO

from attrs import frozen

from tests.support.http.certificates import Certificate
from tests.support.http.connection_server import wait_until_gone
from tests.support.http.faults import Fault
from tests.support.http.http_messages import Reply, Request
from tests.support.http.http_server import App, HttpServer, matches
from tests.support.http.registry_answers import plain


@frozen
class _Rule:
    method: str
    path: str
    faults: Iterator[Fault]


class FaultServer(HttpServer):
    """Serves ``app`` except where a rule that matches has faults left; the first such rule is used.

    Without ``app`` every request that no rule takes is answered 404.
    """

    def __init__(
        self,
        app: App | None = None,
        *,
        address: str = "127.0.0.1",
        certificate: Certificate | None = None,
    ) -> None:
        super().__init__(self._scripted, address=address, certificate=certificate)
        self._good = app or (lambda _request: plain(404, "404 page not found\n"))
        self._rules: list[_Rule] = []
        self._rules_lock = threading.Lock()
        self._unread: list[tuple[str, str]] = []
        self._arrivals: list[float] = []

    @property
    def arrivals(self) -> tuple[float, ...]:
        """When each request had come in, by the monotonic clock, in seconds."""
        return tuple(self._arrivals)

    def on(self, method: str, path: str, *faults: Fault) -> None:
        """One fault a request, in this order; method and path are shell patterns."""
        self._rules.append(_Rule(method, path, iter(faults)))

    def always(self, method: str, path: str, fault: Fault) -> None:
        """The same fault for every request that matches."""
        self._rules.append(_Rule(method, path, repeat(fault)))

    def recover(self) -> None:
        """Answer well from now on."""
        self._rules.clear()

    def ignore(self, method: str, path: str) -> None:
        """Read nothing of such requests, not their headers either, and never answer them."""
        self._unread.append((method, path))

    def _answer(self, stream: BinaryIO, connection: socket.socket) -> bool:
        method, _, rest = stream.peek(1).partition(b"\r\n")[0].decode("latin-1").partition(" ")
        path = rest.partition(" ")[0]
        if any(fnmatchcase(method, m) and fnmatchcase(path, p) for m, p in self._unread):
            wait_until_gone(connection)
            return False
        return super()._answer(stream, connection)

    def _scripted(self, request: Request) -> Reply:
        self._arrivals.append(time.monotonic())
        fault = self._next_fault(request)
        if fault is None:
            return self._good(request)
        return fault(self._good(request)) if callable(fault) else fault

    def _next_fault(self, request: Request) -> Fault | None:
        with self._rules_lock:
            fitting = (rule for rule in self._rules if matches(request, rule.method, rule.path))
            found = (next(rule.faults, None) for rule in fitting)
            return next((fault for fault in found if fault is not None), None)
