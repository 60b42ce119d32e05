"""HTTP/1.1 messages as the fake servers see them: a request that came, an answer to send."""

import socket
from collections.abc import Mapping
from functools import cached_property
from http.client import responses
from typing import BinaryIO, Protocol
from urllib.parse import parse_qs, urlsplit

from attrs import evolve, field, frozen

_LINE_LIMIT = 65536
_BODILESS = frozenset({204, 304})

Headers = tuple[tuple[str, str], ...]


class Gone(Exception):  # noqa: N818
    """The client hung up, or what it sent is no HTTP."""


@frozen
class Request:
    """A request as it came; ``scheme`` is that of the server it came to."""

    method: str
    target: str
    headers: Headers = ()
    body: bytes = field(default=b"", repr=False)
    scheme: str = "http"

    @property
    def path(self) -> str:
        """The target without its query."""
        return urlsplit(self.target).path

    @cached_property
    def query(self) -> Mapping[str, list[str]]:
        """The query's values by name."""
        return parse_qs(urlsplit(self.target).query, keep_blank_values=True)

    @property
    def origin(self) -> str:
        """Scheme and host as the client sees them, so that links lead back through proxies."""
        return f"{self.scheme}://{self.header('Host')}"

    def header(self, name: str, default: str = "") -> str:
        """The header's value, several joined by commas (RFC 9110 §5.3)."""
        values = [value for key, value in self.headers if key.lower() == name.lower()]
        return ", ".join(values) if values else default


class Reply(Protocol):
    """Anything a server may do about a request."""

    def send(self, connection: socket.socket, request: Request) -> bool:
        """Do it; True when the connection may carry another request."""
        ...


@frozen
class Answer:
    """A well-formed answer. ``Content-Length`` is added where the headers have none."""

    status: int = 200
    body: bytes = field(default=b"", repr=False)
    headers: Headers = ()

    def send(self, connection: socket.socket, request: Request) -> bool:
        silent = request.method == "HEAD" or self.status in _BODILESS
        connection.sendall(self.head() + (b"" if silent else self.body))
        return not self._closes() and request.header("Connection").lower() != "close"

    def head(self) -> bytes:
        """Status line and headers, with the empty line that ends them."""
        lines = [f"HTTP/1.1 {self.status} {responses.get(self.status, 'Unknown')}"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        if self.header("Content-Length") is None and self.status not in _BODILESS:
            lines.append(f"Content-Length: {len(self.body)}")
        return "\r\n".join([*lines, "", ""]).encode("latin-1")

    def header(self, name: str) -> str | None:
        """The first value of the header, if any."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def with_header(self, name: str, value: str | None) -> "Answer":
        """The same answer with this one value for the header; None takes it away."""
        others = tuple(pair for pair in self.headers if pair[0].lower() != name.lower())
        return evolve(self, headers=others if value is None else (*others, (name, value)))

    def _closes(self) -> bool:
        return (self.header("Connection") or "").lower() == "close"


def read_request(stream: BinaryIO, connection: socket.socket, scheme: str) -> Request:
    """The next request on a connection. Raises Gone."""
    method, target, version = _parts(_line(stream), 3)
    if not version.startswith("HTTP/1."):
        raise Gone(version)
    headers = []
    while line := _line(stream):
        name, _, value = line.partition(":")
        headers.append((name, value.strip()))
    request = Request(method, target, tuple(headers), b"", scheme)
    if request.header("Expect").lower() == "100-continue":
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    return evolve(request, body=_body(stream, request))


def _body(stream: BinaryIO, request: Request) -> bytes:
    if request.header("Transfer-Encoding").lower() == "chunked":
        chunks = []
        while size := int(_line(stream).partition(";")[0], 16):
            chunks.append(_exactly(stream, size))
            _line(stream)
        _line(stream)
        return b"".join(chunks)
    return _exactly(stream, int(request.header("Content-Length", "0")))


def _line(stream: BinaryIO) -> str:
    line = stream.readline(_LINE_LIMIT)
    if not line.endswith(b"\n"):
        raise Gone
    return line.rstrip(b"\r\n").decode("latin-1")


def _parts(line: str, count: int) -> list[str]:
    parts = line.split(" ")
    if len(parts) != count:
        raise Gone(line)
    return parts


def _exactly(stream: BinaryIO, size: int) -> bytes:
    data = stream.read(size)
    if len(data) != size:
        raise Gone
    return data
