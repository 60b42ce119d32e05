"""The server that goes wrong goes wrong as its script says, counts right, and then answers well."""

import socket
import threading
import time
from http.client import IncompleteRead, RemoteDisconnected

import pytest

from tests.support.http.fault_server import FaultServer
from tests.support.http.faults import (
    Barrier,
    Dripping,
    Endless,
    Raw,
    Reset,
    Silent,
    delayed,
    dripping,
    html,
    lost,
    redirect,
    reset_in_body,
    truncated,
    unavailable,
    with_body,
    with_header,
    with_status,
)
from tests.support.http.http_client import ask, ask_on, connect
from tests.support.http.http_messages import Answer

GOOD = Answer(200, b"0123456789", (("X-Good", "yes"),))


@pytest.fixture
def server():
    with FaultServer(lambda _request: GOOD) as running:
        yield running


RUINS = {
    "reset before the answer": (Reset(), ConnectionResetError),
    "reset in the body": (reset_in_body(4), ConnectionResetError),
    "truncated": (truncated(4), IncompleteRead),
    "no answer at all": (Raw(b""), RemoteDisconnected),
    "answer lost": (lost, ConnectionResetError),
}


@pytest.mark.parametrize(("fault", "error"), RUINS.values(), ids=RUINS)
def test_the_client_meets_the_fault_once_and_then_the_good_answer(server, fault, error):
    server.on("GET", "/x/*", fault)
    with pytest.raises(error):
        ask(server.host, "GET", "/x/y")
    assert ask(server.host, "GET", "/x/y").body == GOOD.body
    assert (server.count("GET", "/x/*"), server.connections) == (2, 2)


CHANGES = {
    "status": (unavailable(503), 503, "content-type", "application/json; charset=utf-8"),
    "rate limit": (unavailable(429, "1"), 429, "retry-after", "1"),
    "page": (html(), 200, "content-type", "text/html; charset=utf-8"),
    "redirect": (redirect("http://127.0.0.2:1/z"), 307, "location", "http://127.0.0.2:1/z"),
    "other header": (with_header("X-Good", "no"), 200, "x-good", "no"),
    "no header": (with_header("X-Good", None), 200, "x-good", None),
    "other status": (with_status(202), 202, "x-good", "yes"),
    "other body": (with_body(b"abc"), 200, "content-length", "3"),
    "drip": (dripping(1000), 200, "x-good", "yes"),
}


@pytest.mark.parametrize(("fault", "status", "name", "value"), CHANGES.values(), ids=CHANGES)
def test_the_client_sees_the_change(server, fault, status, name, value):
    server.on("*", "*", fault)
    seen = ask(server.host, "GET", "/x")
    assert (seen.status, seen.headers.get(name)) == (status, value)


def test_faults_come_in_order_and_by_their_rule_only(server):
    server.on("GET", "/a", Answer(500), Answer(502))
    server.on("GET", "*", Answer(503))
    server.always("PUT", "/a", Answer(405))
    asked = [*[("GET", "/a")] * 4, ("GET", "/b"), ("PUT", "/a"), ("PUT", "/a"), ("HEAD", "/a")]
    statuses = [ask(server.host, method, path).status for method, path in asked]
    assert statuses == [500, 502, 503, 200, 200, 405, 405, 200]


def test_a_replaced_answer_has_no_effect_and_a_lost_one_has():
    put = []

    def app(request):
        put.append(request.body)
        return GOOD

    with FaultServer(app) as server:
        server.on("PUT", "*", unavailable(500), lost)
        ask(server.host, "PUT", "/x", b"first")
        with pytest.raises(ConnectionResetError):
            ask(server.host, "PUT", "/x", b"second")
    assert put == [b"second"]


def test_a_kept_connection_carries_many_requests(server):
    connection = connect(server.host)
    for number in range(3):
        assert ask_on(connection, "PUT", f"/{number}", b"x" * number).status == 200
    connection.close()
    assert (server.log(), server.connections) == (["PUT /0", "PUT /1", "PUT /2"], 1)


def test_a_chunked_body_arrives_whole(server):
    connection = connect(server.host)
    connection.request("PATCH", "/x", iter((b"one,", b"two")), encode_chunked=True)
    assert connection.getresponse().read() == GOOD.body
    connection.close()
    assert server.requests[0].body == b"one,two"


def test_a_tls_hello_is_answered_400_and_is_no_request(server):
    with socket.create_connection(server.host.split(":"), timeout=60) as client:
        client.sendall(b"\x16\x03\x01\x00\x05hello")
        answer = b"".join(iter(lambda: client.recv(4096), b""))
    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert (server.requests, server.connections) == ((), 1)


def test_a_silent_server_waits_until_the_client_gives_up(server):
    server.always("GET", "*", Silent())
    connection = connect(server.host)
    connection.timeout = 0.2
    with pytest.raises(TimeoutError):
        ask_on(connection, "GET", "/x")
    connection.close()


@pytest.mark.parametrize("from_body", [False, True], ids=["from the first byte", "from the body"])
def test_a_drip_takes_its_time(server, from_body):
    pauses = len(GOOD.body) - 1 + (0 if from_body else len(GOOD.head()))
    server.on("GET", "*", Dripping(GOOD, rate=200, from_body=from_body))
    started = time.monotonic()
    assert ask(server.host, "GET", "/x").body == GOOD.body
    assert pauses / 200 <= time.monotonic() - started < pauses / 200 + 60


def test_a_delayed_answer_comes_later(server):
    server.on("GET", "*", delayed(0.2))
    started = time.monotonic()
    assert ask(server.host, "GET", "/x").body == GOOD.body
    assert time.monotonic() - started >= 0.2


def test_an_endless_body_stops_with_the_client(server):
    endless = Endless()
    server.on("GET", "*", endless)
    with socket.create_connection(server.host.split(":"), timeout=60) as client:
        client.sendall(b"GET /x HTTP/1.1\r\nHost: h\r\n\r\n")
        with client.makefile("rb") as stream:
            assert len(stream.read(100_000)) == 100_000
    sent = -1
    while sent != endless.sent:
        sent = endless.sent
        time.sleep(0.2)
    assert 0 < sent < 32 * 1024 * 1024


def test_a_barrier_holds_the_answer_until_it_opens(server):
    barrier = Barrier()
    server.on("PUT", "*", barrier)
    seen = []
    client = threading.Thread(target=lambda: seen.append(ask(server.host, "PUT", "/x", b"x")))
    client.start()
    assert barrier.reached()
    assert not seen
    barrier.open()
    client.join(timeout=60)
    assert [one.status for one in seen] == [200]


def test_leaving_the_block_ends_what_still_hangs():
    with FaultServer() as server:
        server.always("GET", "*", Silent())
        client = socket.create_connection(server.host.split(":"), timeout=60)
        client.sendall(b"GET /x HTTP/1.1\r\nHost: h\r\n\r\n")
        while not server.requests:
            time.sleep(0.01)
    assert client.recv(10) == b""
    client.close()


def test_an_error_in_the_server_comes_out_at_the_end():
    def app(request):
        raise ValueError("a mistake in the test")

    with pytest.raises(ValueError, match="a mistake in the test"), FaultServer(app) as server:
        assert ask(server.host, "GET", "/x").status == 500
