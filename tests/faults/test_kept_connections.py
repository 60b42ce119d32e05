"""Connections that were kept for another request, and are not fit for it."""

import socket
from collections.abc import Iterator

import pytest
from attrs import frozen

from tests.support.faults.judged import succeeded
from tests.support.faults.registries import IMAGES, registry_of
from tests.support.http.fault_server import FaultServer
from tests.support.http.http_messages import Answer, Request

EVERYTHING = "/v2/*"
NEEDED = 2 + 2 * len(IMAGES)  # requests: the target twice, manifest and config of each image


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with registry_of(*IMAGES) as running:
        yield running


def requests_to_publish(server: FaultServer, *options: str) -> int:
    """Make and push a list of all images, which must succeed."""
    target, sources = f"{server.host}/app:list", [f"{server.host}/app:{n}" for n in range(16)]
    succeeded("create", "--push", *options, target, *sources)
    requests = server.count()
    shown = succeeded("inspect", "--raw", target).stdout
    assert [image for image in IMAGES if str(image.digest).encode() not in shown] == []
    return requests


def test_what_publishing_needs(server):
    assert requests_to_publish(server) == NEEDED


@frozen
class Overrun:
    """The good answer and in one go ``more``, which nobody asked for; only to this method."""

    answer: Answer
    more: bytes
    method: str

    def send(self, connection: socket.socket, request: Request) -> bool:
        body = b"" if request.method == "HEAD" else self.answer.body
        more = self.more if self.method in ("*", request.method) else b""
        connection.sendall(self.answer.head() + body + more)
        return True


MORE = {
    "a HEAD's body": (b'{"what": "no HEAD has"}', "HEAD"),
    "noise": (b"noise\r\n\r\n", "*"),
    "another answer": (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "*"),
}


@pytest.mark.parametrize("jobs", [1, 8])
@pytest.mark.parametrize(("more", "method"), MORE.values(), ids=MORE)  # T34
def test_what_follows_an_answer_is_not_taken_for_the_next(server, more, method, jobs):
    server.always("*", EVERYTHING, lambda good: Overrun(good, more, method))
    # Each job finds it out once at most.
    assert requests_to_publish(server, "--jobs", str(jobs)) <= NEEDED + jobs


@frozen
class DeadAtTheSecond:
    """Answers well and keeps the connection, which is dead when the next request comes."""

    answer: Answer
    used: set[socket.socket]

    def send(self, connection: socket.socket, request: Request) -> bool:
        if connection in self.used:
            return False
        self.used.add(connection)
        return self.answer.send(connection, request)


def test_any_number_of_dead_connections_costs_no_try(server):  # T35
    used: set[socket.socket] = set()
    server.always("*", EVERYTHING, lambda good: DeadAtTheSecond(good, used))
    assert requests_to_publish(server) <= NEEDED + 2 * len(IMAGES)
