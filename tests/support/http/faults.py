"""Faults that a server or the network can have in place of a good answer.

A fault is a ``Reply`` that takes the answer's place, or a function from the good answer to a reply.
In the first case what would have answered never sees the request; in the second it does, so that
a push may succeed and its answer be lost.
"""

import select
import socket
import struct
import threading
import time
from collections.abc import Callable

from attrs import evolve, field, frozen

from tests.support.http.http_messages import Answer, Reply, Request

Fault = Reply | Callable[[Answer], Reply]


@frozen
class Reset:
    """A TCP reset in place of an answer."""

    def send(self, connection: socket.socket, request: Request) -> bool:
        reset(connection)
        return False


@frozen
class Silent:
    """No answer ever; waits until the client gives up."""

    def send(self, connection: socket.socket, request: Request) -> bool:
        while connection.recv(65536):
            pass
        return False


@frozen
class Stalled:
    """``start``, and then nothing; waits until the client gives up."""

    start: bytes = field(repr=False)

    def send(self, connection: socket.socket, request: Request) -> bool:
        connection.sendall(self.start)
        return Silent().send(connection, request)


@frozen
class Raw:
    """These bytes, whatever they are, and then the end of the connection."""

    data: bytes = field(repr=False)

    def send(self, connection: socket.socket, request: Request) -> bool:
        connection.sendall(self.data)
        return False


@frozen
class Truncated:
    """The headers of ``answer`` and ``keep`` bytes of its body, then the end, or a reset."""

    answer: Answer
    keep: int
    resets: bool = False

    def send(self, connection: socket.socket, request: Request) -> bool:
        connection.sendall(self.answer.head() + self.answer.body[: self.keep])
        if self.resets:
            time.sleep(0.05)  # a reset may overtake bytes that are on their way
            reset(connection)
        return False


@frozen
class Dripping:
    """``answer`` at ``rate`` bytes a second, from its first byte or only from its body's."""

    answer: Answer
    rate: float
    from_body: bool = False

    def send(self, connection: socket.socket, request: Request) -> bool:
        head, body = self.answer.head(), self.answer.body
        slow = body if self.from_body else head + body
        if self.from_body:
            connection.sendall(head)
        for position in range(len(slow)):
            connection.sendall(slow[position : position + 1])
            time.sleep(1 / self.rate)
        return True


@frozen
class Drip:
    """``start`` at once and then ``piece`` over and over, ``pause`` seconds apart."""

    start: bytes = field(repr=False)
    piece: bytes
    pause: float = 0.1

    def send(self, connection: socket.socket, request: Request) -> bool:
        connection.sendall(self.start)
        while True:
            connection.sendall(self.piece)
            time.sleep(self.pause)


class Endless:
    """A body without end and length; ``sent`` tells how many bytes of it the client let through."""

    def __init__(self, *headers: tuple[str, str], piece: bytes = b"x" * 65536) -> None:
        self._head = Answer(200, headers=(*headers, ("Connection", "close"))).head()
        self._piece = piece
        self.sent = 0

    def send(self, connection: socket.socket, request: Request) -> bool:
        connection.sendall(self._head.replace(b"Content-Length: 0\r\n", b""))
        while True:
            connection.sendall(self._piece)
            self.sent += len(self._piece)


class Barrier:
    """Holds requests until ``open``; ``reached`` waits until one is held. For tests that kill.

    As a fault it is a function: the request takes effect first, and its answer is held.
    """

    def __init__(self) -> None:
        self._reached, self._open = threading.Event(), threading.Event()

    def __call__(self, good: Answer) -> Reply:
        return _Held(good, self._reached, self._open)

    def reached(self, timeout: float = 20.0) -> bool:
        """Whether a request was held within ``timeout`` seconds."""
        return self._reached.wait(timeout)

    def open(self) -> None:
        """Let the held requests and all later ones through."""
        self._open.set()


@frozen
class _Held:
    answer: Answer
    reached: threading.Event
    opened: threading.Event

    def send(self, connection: socket.socket, request: Request) -> bool:
        self.reached.set()
        while not self.opened.wait(0.02):
            if _is_gone(connection):
                return False
        return self.answer.send(connection, request)


def delayed(seconds: float) -> Fault:
    """The good answer, later."""

    def wait(good: Answer) -> Reply:
        time.sleep(seconds)
        return good

    return wait


def truncated(keep: int) -> Fault:
    """The good answer, cut after ``keep`` bytes of its body."""
    return lambda good: Truncated(good, keep)


def reset_in_body(keep: int) -> Fault:
    """The good answer, cut by a reset after ``keep`` bytes of its body."""
    return lambda good: Truncated(good, keep, resets=True)


def without_length(keep: int) -> Fault:
    """The good answer as one that ends with the connection, cut after ``keep`` bytes of its body.

    HTTP has no way to see that it was cut (RFC 9112 §8).
    """

    def cut(good: Answer) -> Reply:
        head = good.with_header("Connection", "close").with_header("Content-Length", "0").head()
        return Raw(head.replace(b"Content-Length: 0\r\n", b"") + good.body[:keep])

    return cut


def broken_chunk(keep: int) -> Fault:
    """The good answer as one chunk (RFC 9112 §7.1), cut after ``keep`` bytes of its body."""

    def cut(good: Answer) -> Reply:
        head = good.with_header("Content-Length", "0").head()
        head = head.replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
        return Raw(head + b"%x\r\n" % len(good.body) + good.body[:keep])

    return cut


def dripping(rate: float, *, from_body: bool = False) -> Fault:
    """The good answer at ``rate`` bytes a second."""
    return lambda good: Dripping(good, rate, from_body)


def lost(good: Answer) -> Reply:
    """The request took effect, and a reset comes instead of the answer."""
    return Reset()


def with_header(name: str, value: str | None) -> Fault:
    """The good answer with another value for a header, or without it."""
    return lambda good: good.with_header(name, value)


def with_body(body: bytes) -> Fault:
    """The good answer with other bytes; the digest it announces stays."""
    return lambda good: evolve(good, body=body).with_header("Content-Length", None)


def with_status(status: int) -> Fault:
    """The good answer under another status."""
    return lambda good: evolve(good, status=status)


def html(status: int = 200) -> Answer:
    """A page for people, as proxies and login portals send it."""
    body = b"<!DOCTYPE html><html><body><h1>Something else</h1></body></html>"
    return Answer(status, body, (("Content-Type", "text/html; charset=utf-8"),))


def redirect(location: str, status: int = 307) -> Answer:
    """A redirect; its body must never be read as an answer."""
    return Answer(status, b"moved", (("Location", location),))


def unavailable(status: int = 503, retry_after: str | None = None) -> Answer:
    """An answer that asks to come back later: 429, or any 5xx."""
    code = "TOOMANYREQUESTS" if status == 429 else "UNAVAILABLE"
    body = f'{{"errors":[{{"code":"{code}","message":"come back later"}}]}}\n'.encode()
    answer = Answer(status, body, (("Content-Type", "application/json; charset=utf-8"),))
    return answer.with_header("Retry-After", retry_after)


def reset(connection: socket.socket) -> None:
    """Close with a TCP reset, whatever is unsent."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def _is_gone(connection: socket.socket) -> bool:
    readable, _, _ = select.select([connection], [], [], 0)
    return bool(readable) and not connection.recv(1, socket.MSG_PEEK)
