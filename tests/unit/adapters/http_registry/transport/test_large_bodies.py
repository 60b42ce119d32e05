"""Large bodies are read past h11, and leave their connections as any other body does."""

import hashlib
import random
import socket
import ssl

import h11
import httpcore
import pytest

from manyfest.adapters.deadline import Deadline
from manyfest.adapters.decorators.routing import RoutingRegistry
from manyfest.adapters.http_registry.transport import large_bodies, tls
from manyfest.adapters.http_registry.transport.keep_alive import KeepAlivePolicy
from manyfest.adapters.http_registry.transport.network_backend import DeadlineStream
from manyfest.adapters.oci_layout.registry import LayoutRegistry
from manyfest.adapters.read_budget import ReadBudget
from manyfest.domain.digests import Digest
from manyfest.domain.errors import ManyfestError
from manyfest.domain.operations.steps.transfer import BlobCopy, copy_blob
from manyfest.domain.references import Layout, Reference
from tests.support.http.certificates import self_signed

BLOB = random.Random(5).randbytes(3_000_000)
HEAD_AND_FIRST_PIECE = 16 * 1024
RECORD = 16 * 1024  # bytes of a TLS record, at most


def blob(server):
    return Reference.parse(f"{server.host}/app@{Digest.of(BLOB)}")


def read(registry, server):
    with registry.open_blob(blob(server), len(BLOB)) as chunks:
        return b"".join(chunks)


@pytest.fixture
def parsed(monkeypatch):
    """The sizes of what h11 is handed."""
    sizes, receive = [], h11.Connection.receive_data

    def counted(connection, data):
        sizes.append(len(data))
        receive(connection, data)

    monkeypatch.setattr(h11.Connection, "receive_data", counted)
    return sizes


def test_the_body_passes_by_h11(serve, reply, registry, parsed):
    server = serve(lambda _request, _connection: reply(200, BLOB))
    assert read(registry, server) == BLOB
    assert sum(parsed) <= HEAD_AND_FIRST_PIECE


def test_one_connection_serves_one_body_after_the_other(serve, reply, registry):
    server = serve(lambda _request, _connection: reply(200, BLOB))
    assert [read(registry, server) == BLOB for _ in range(3)] == [True] * 3
    assert len(server.requests) == 3
    assert server.connections == 1


def test_other_requests_use_that_connection(serve, reply, registry):
    def answer(request, _connection):
        if request.method == "HEAD":
            return b"HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n"
        return reply(200, BLOB)

    server = serve(answer)
    for _ in range(2):
        assert read(registry, server) == BLOB
        assert registry.head_blob(blob(server)) == len(BLOB)
    assert server.connections == 1


def test_a_connection_that_the_server_closes_is_not_used_again(serve, reply, registry):
    def answer(_request, connection):
        connection.sendall(reply(200, BLOB, connection="close"))

    server = serve(answer)
    assert read(registry, server) == BLOB
    assert read(registry, server) == BLOB
    assert server.connections == 2
    assert len(server.requests) == 2


def test_a_connection_whose_body_was_not_read_is_closed(serve, reply, registry, monkeypatch):
    budget = ReadBudget(256 * 1024)
    monkeypatch.setattr(large_bodies, "READ_BUDGET", budget)
    server = serve(lambda _request, _connection: reply(200, BLOB))
    with registry.open_blob(blob(server), len(BLOB)) as chunks:
        next(chunks)
        next(chunks)
        with budget.reader():
            assert budget.piece() == 128 * 1024
    assert budget.piece() == 256 * 1024  # though the iterator is still there
    assert read(registry, server) == BLOB
    assert server.connections == 2


def test_bytes_after_the_body_are_no_answer_to_the_next_request(serve, reply, registry):
    poison = reply(200, b"poison")
    server = serve(lambda _request, _connection: reply(200, BLOB) + poison)
    assert read(registry, server) == BLOB
    assert read(registry, server) == BLOB
    assert server.connections == 2


@pytest.mark.parametrize("size", [len(BLOB) // 2, len(BLOB) - 1])
def test_a_body_that_breaks_off_is_asked_for_from_there(serve, reply, registry, size):
    def answer(request, connection):
        start = request.headers.get("range", "bytes=0-").removeprefix("bytes=").removesuffix("-")
        if start != "0":
            part = f"bytes {start}-{len(BLOB) - 1}/{len(BLOB)}"
            return reply(206, BLOB[int(start) :], content_range=part)
        connection.sendall(reply(200, BLOB)[: size - len(BLOB)])
        return None

    server = serve(answer)
    assert read(registry, server) == BLOB
    assert server.requests[1].headers["range"] == f"bytes={size}-"


def test_a_chunked_body_is_left_to_h11(serve, registry, parsed):
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n"
    body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(BLOB), BLOB)
    server = serve(lambda _request, _connection: head + body)
    assert read(registry, server) == BLOB
    assert sum(parsed) == len(head) + len(body)


def test_other_bytes_are_refused(serve, reply, registry):
    server = serve(lambda _request, _connection: reply(200, BLOB[::-1]))
    with pytest.raises(ManyfestError, match="digest"):
        read(registry, server)


def test_a_copy_to_a_layout_hashes_each_byte_once(serve, reply, registry, tmp_path, monkeypatch):
    sizes, new = [], hashlib.new

    class Counted:
        def __init__(self, algorithm, data=b""):
            self._hash = new(algorithm, data)
            self.hexdigest = self._hash.hexdigest

        def update(self, data):
            sizes.append(len(data))
            self._hash.update(data)

    server = serve(lambda _request, _connection: reply(200, BLOB))
    target = Reference(Layout(str(tmp_path / "layout")), None, Digest.of(BLOB))
    copied, layout = BlobCopy(blob(server), target, len(BLOB)), LayoutRegistry()
    monkeypatch.setattr(hashlib, "new", Counted)
    copy_blob(copied, RoutingRegistry(lambda: registry, lambda: layout, str, str))
    assert sum(sizes) == len(BLOB)


@pytest.fixture
def encrypted(tmp_path, monkeypatch):
    certificate = self_signed(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.file))
    tls.verifying.cache_clear()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.file, certificate.key)
    yield context
    tls.verifying.cache_clear()


def test_records_that_arrived_together_are_read_together(serve, reply, registry, encrypted):
    server = serve(lambda _request, _connection: reply(200, BLOB), encrypted)
    pieces = []
    for _ in range(2):
        with registry.open_blob(blob(server), len(BLOB)) as chunks:
            pieces = list(chunks)
        assert b"".join(pieces) == BLOB
    assert max(map(len, pieces)) > RECORD
    assert server.connections == server.complaints + 1


@pytest.mark.parametrize(
    ("use", "fault"),
    [
        (lambda stream: stream.read(1), httpcore.ReadError),
        (lambda stream: stream.write(b"x"), httpcore.WriteError),
    ],
)
def test_a_connection_that_another_thread_closed_is_one_that_broke(use, fault):
    near, far = socket.socketpair()
    stream = DeadlineStream(near, Deadline(10), KeepAlivePolicy(), "127.0.0.1")
    with far:
        near.close()
        with pytest.raises(fault):
            use(stream)


def test_a_connection_that_is_taken_during_the_look_has_not_expired():
    """Its socket is readable because an answer arrives, not because the server closed it."""

    class Taken(httpcore.HTTP11Connection):
        is_taken = False

        def has_expired(self):
            self.is_taken = True
            return True

        def is_idle(self):
            return not self.is_taken

    near, far = socket.socketpair()
    with near, far:
        stream = DeadlineStream(near, Deadline(10), KeepAlivePolicy(), "127.0.0.1")
        origin = httpcore.Origin(b"http", b"host.test", 80)
        pooled = large_bodies._Connection(Taken(origin, stream), origin, 60.0)
        assert pooled.is_idle()
        assert not pooled.has_expired()
