"""Operations that are repeated after a fault that passes, and end with one that stays."""

import json
import socket

import pytest

from manyfest.domain.errors import ManyfestError, ServerError, UnreachableError
from manyfest.domain.references import Reference
from tests.unit.adapters.http_registry.answers import LIST, fine, tag

FAULTS = {
    "no answer": lambda reply: None,
    "500": lambda reply: reply(500),
    "502": lambda reply: reply(502),
    "503": lambda reply: reply(503),
    "504": lambda reply: reply(504),
    "408": lambda reply: reply(408),
    "429 in a moment": lambda reply: reply(429, retry_after="12.5ms"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_that_passes_costs_one_more_request(serve, reply, registry, fault):
    server = serve(lambda *_: FAULTS[fault](reply) if len(server.requests) == 1 else fine(reply))
    assert registry.get_manifest(tag(server)).data == LIST.data
    assert len(server.requests) == 2


def test_a_body_that_breaks_off_is_fetched_again(serve, reply, registry):
    def answer(_, connection):
        if len(server.requests) > 1:
            return fine(reply)
        connection.sendall(fine(reply)[:-10])
        return None

    server = serve(answer)
    assert registry.get_manifest(tag(server)).data == LIST.data
    assert len(server.requests) == 2


def test_a_fault_that_stays_is_told_with_what_was_tried(serve, reply, registry):
    body = json.dumps({"errors": [{"code": "UNKNOWN", "message": "disk\x1b[31m full\u202e"}]})
    server = serve(lambda *_: reply(500, body.encode()))
    with pytest.raises(ServerError) as caught:
        registry.get_manifest(tag(server))
    assert len(server.requests) == 5
    message = str(caught.value)
    assert message.isprintable()
    for part in (server.host, "t/app:v1", "500 Internal Server Error", "UNKNOWN: disk", "5 times"):
        assert part in message


def test_headers_without_end_are_not_asked_for_again(serve, registry):
    server = serve(lambda *_: b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 60000)
    with pytest.raises(ManyfestError):
        registry.get_manifest(tag(server))
    assert len(server.requests) == 1


def test_a_port_where_nobody_listens_is_named(registry):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(UnreachableError, match=f"{host}: connection refused"):
            registry.get_manifest(Reference.parse(f"{host}/t/app:v1"))
