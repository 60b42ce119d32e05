"""The proxy delays by what it says, no more, and counts requests and connections right."""

import json
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

import pytest

from tests.support.http.delay_proxy import DelayProxy
from tests.support.http.http_client import ask, ask_on, connect
from tests.support.http.http_messages import Answer
from tests.support.http.http_server import HttpServer
from tests.support.http.request_counter import RequestCounter

ROOT = Path(__file__).parents[3]


@pytest.fixture
def server():
    with HttpServer(lambda request: Answer(200, request.body or b"empty")) as running:
        yield running


def test_requests_take_a_round_trip_each_and_the_connection_one_more(server):
    firsts, laters = [], []
    with DelayProxy(server.host, rtt=60) as proxy:
        for _ in range(3):
            connection = connect(proxy.host)
            firsts.append(seconds_for_a_request(connection))
            laters += [seconds_for_a_request(connection) for _ in range(2)]
            connection.close()
    # Each takes at least that long; on a busy machine only the quickest tells the most it takes.
    assert 0.12 <= min(firsts) < 0.17
    assert 0.06 <= min(laters) < 0.11


def seconds_for_a_request(connection):
    started = time.monotonic()
    assert ask_on(connection, "GET", "/x").body == b"empty"
    return time.monotonic() - started


def test_connections_do_not_wait_for_each_other():
    together = threading.Barrier(16, timeout=60)  # breaks if one waits for another's answer

    def answer(request):
        together.wait()
        return Answer(200, request.body)

    with (
        HttpServer(answer) as server,
        DelayProxy(server.host, rtt=100) as proxy,
        ThreadPoolExecutor(16) as pool,
    ):
        seen = list(pool.map(lambda n: ask(proxy.host, "PUT", f"/{n}", b"%d" % n), range(16)))
    assert [int(one.body) for one in seen] == list(range(16))
    assert (proxy.connections, len(proxy.requests)) == (16, 16)


def test_many_connections_at_a_time_are_no_slower_than_one(server):
    def asked_often(_number):
        connection = connect(proxy.host)
        asked = [seconds_for_a_request(connection) for _ in range(4)]
        connection.close()
        return asked

    with DelayProxy(server.host, rtt=100) as proxy, ThreadPoolExecutor(64) as pool:
        seconds = list(pool.map(asked_often, range(64)))
    assert (proxy.connections, len(proxy.requests)) == (64, 256)
    assert min(first for first, *_ in seconds) >= 0.2
    # One after the other they would take seconds.
    assert 0.1 <= median(later for _, *laters in seconds for later in laters) < 1.0


def test_much_data_takes_hardly_longer_than_little(server):
    body = bytes(16 * 1024 * 1024)
    with DelayProxy(server.host, rtt=100) as proxy:
        started = time.monotonic()
        assert ask(proxy.host, "PUT", "/x", body).body == body
        assert time.monotonic() - started < 2.0


def test_it_passes_tls_and_counts_connections_only(certificate):
    with (
        HttpServer(lambda _request: Answer(200, b"secret"), certificate=certificate) as server,
        DelayProxy(server.host, rtt=2) as proxy,
    ):
        assert ask(proxy.host, "GET", "/x", certificate=certificate).body == b"secret"
        assert (proxy.connections, proxy.requests) == (1, [])


def test_a_server_that_is_not_there_ends_the_connection():
    with DelayProxy("127.0.0.1:1", rtt=2) as proxy, pytest.raises(ConnectionError):
        ask(proxy.host, "GET", "/x")


def test_as_a_program_it_prints_its_address_and_its_counts(server):
    command = [
        sys.executable,
        "-m",
        "tests.support.http.delay_proxy",
        "--to",
        server.host,
        "--rtt",
        "2",
    ]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as proxy:
        host = proxy.stdout.readline().strip()
        ask(host, "GET", "/x")
        ask(host, "HEAD", "/y")
        proxy.send_signal(signal.SIGTERM)
        counts, _ = proxy.communicate(timeout=300)
    assert (json.loads(counts), proxy.returncode) == ({"connections": 2, "requests": 2}, 0)


INNER = b"GET /b HTTP/1.1\r\n\r\n"  # 19 bytes that are part of a body
LAST = b"GET /c HTTP/1.1\r\n\r\n"
CHUNKED = b"PATCH /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
CHUNKS = b"13;x=y\r\n" + INNER + b"\r\n3\r\nabc\r\n0\r\nTrailer: x\r\n\r\n"
STREAMS = {
    "get": (b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n", ["GET /a"]),
    "two gets": (b"HEAD /b?c HTTP/1.1\r\n\r\n" + LAST, ["HEAD /b?c", "GET /c"]),
    "put": (
        b"PUT /a HTTP/1.1\r\ncontent-length: 19\r\n\r\n" + INNER + LAST,
        ["PUT /a", "GET /c"],
    ),
    "chunked": (CHUNKED + CHUNKS + LAST, ["PATCH /a", "GET /c"]),
    "unfinished head": (b"GET /a HTTP/1.1\r\nHost", []),
    "unfinished body": (b"PUT /a HTTP/1.1\r\nContent-Length: 99\r\n\r\n" + INNER, ["PUT /a"]),
    "TLS": (b"\x16\x03\x01" + LAST, []),
}


@pytest.mark.parametrize("cut", [1, 7, 10_000])
@pytest.mark.parametrize(("stream", "lines"), STREAMS.values(), ids=STREAMS)
def test_requests_are_counted_however_the_stream_is_cut(stream, lines, cut):
    counter = RequestCounter()
    for start in range(0, len(stream), cut):
        counter.feed(stream[start : start + cut])
    assert counter.lines == lines
