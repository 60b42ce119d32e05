"""An HTTP proxy on loopback: CONNECT tunnels and plain HTTP, to names that it alone knows."""

import base64
import select
import socket
import ssl
from collections.abc import Mapping
from contextlib import suppress
from urllib.parse import urlsplit

from attrs import frozen

from tests.support.http.certificates import Certificate
from tests.support.http.http_client import ask
from tests.support.http.http_messages import Answer, Reply, Request
from tests.support.http.http_server import HttpServer

_HOP_BY_HOP = frozenset({"connection", "content-length", "transfer-encoding", "keep-alive"})


class ForwardProxy(HttpServer):
    """Reaches servers by ``names``, from ``HOST:PORT`` to where it stands; 502 for all others.

    With ``login`` it wants that name and password first (407). A good request comes to ``requests``
    as the proxy saw it: what is in a tunnel, it does not see.
    """

    def __init__(
        self,
        names: Mapping[str, str],
        *,
        login: tuple[str, str] | None = None,
        certificate: Certificate | None = None,
    ) -> None:
        super().__init__(self._passed_on, certificate=certificate)
        self._names = names
        self._pass = None if login is None else base64.b64encode(":".join(login).encode()).decode()

    def _passed_on(self, request: Request) -> Reply:
        if self._pass and request.header("Proxy-Authorization") != f"Basic {self._pass}":
            return Answer(407, b"no", (("Proxy-Authenticate", 'Basic realm="proxy"'),))
        tunnels = request.method == "CONNECT"
        name = request.target if tunnels else urlsplit(request.target).netloc
        if name not in self._names:
            return Answer(502, b"unknown")
        return _Tunnel(self._names[name]) if tunnels else self._forwarded(request, name)

    def _forwarded(self, request: Request, name: str) -> Answer:
        target = urlsplit(request.target)
        path = target._replace(scheme="", netloc="").geturl()
        kept = {
            key: value
            for key, value in request.headers
            if key.lower() not in _HOP_BY_HOP and not key.lower().startswith("proxy-")
        }
        seen = ask(self._names[name], request.method, path, request.body or None, kept)
        headers = tuple(pair for pair in seen.headers.items() if pair[0] not in _HOP_BY_HOP)
        length = (("Content-Length", seen.headers.get("content-length", str(len(seen.body)))),)
        return Answer(seen.status, seen.body, headers + length)


@frozen
class _Tunnel:
    """Carries bytes both ways between the client and ``host`` until both have ended."""

    host: str

    def send(self, connection: socket.socket, request: Request) -> bool:
        address, _, port = self.host.rpartition(":")
        with socket.create_connection((address, int(port)), timeout=300) as server:
            connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            carry(connection, server)
        return False


def carry(client: socket.socket, server: socket.socket) -> None:
    """Carry bytes both ways until one side has ended, by one thread: TLS sessions want that."""
    ends = {client: server, server: client}
    with suppress(OSError):
        while True:
            waiting = [end for end in ends if isinstance(end, ssl.SSLSocket) and end.pending()]
            for end in waiting or select.select([*ends], [], [])[0]:
                data = end.recv(65536)
                if not data:
                    return
                ends[end].sendall(data)
