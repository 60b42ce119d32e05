"""Requests that no client of good will sends, and clients that are slow or gone."""

import socket
from contextlib import ExitStack, contextmanager
from functools import partial
from http.client import HTTPConnection, IncompleteRead

import pytest

from manyfest.cli.server import connection, listener
from manyfest.cli.server.content import open_store
from manyfest.cli.server.passwords import Passwords, password_line
from manyfest.domain.digests import Digest
from manyfest.domain.manifests import Manifest
from tests.integration.server.conftest import LARGE, serving
from tests.unit.cli.server.test_passwords import basic


def raw(server, data: bytes) -> bytes:
    """Send bytes as they are, and return all that comes."""
    host, _, port = server.host.partition(":")
    received = b""
    with socket.create_connection((host, int(port)), timeout=300) as sock:
        sock.sendall(data)
        try:
            while data := sock.recv(65536):
                received += data
        except ConnectionResetError:
            pass
    return received


def head(server, target: str, *lines: str) -> bytes:
    host = f"Host: {server.host}"
    return "\r\n".join(
        [f"GET {target} HTTP/1.1", host, "Connection: close", *lines, "", ""]
    ).encode()


@pytest.mark.parametrize(
    "target",
    [
        "/v2/../../etc/passwd",
        "/v2/a/blobs/../../../../etc/passwd",
        "/v2/%2e%2e/%2e%2e/etc/manifests/passwd",
        "/v2/a/blobs/sha256:..%2f..%2fetc%2fpasswd",
        "/v2/a/manifests/%00",
        "/v2/a/manifests/%ff%fe",
        "/v2/a/manifests/'%20OR%201=1",
        "/v2/a/referrers/sha256:'",
        "/v2/a/manifests/1?ns=../../etc",
        "/v2/a/manifests/1?ns=%00",
        "/v2/a/tags/list?n=-1",
        "/v2/a/tags/list?n=99999999999999999999",
        "/v2/a/tags/list?last=%ff",
        "/v2/library/alpine/tags/list?last=%00",
        "/v2/_catalog?last=%ff",
        "/v2/_catalog?last=..",
        "http://elsewhere/v2/",
        "/v2/?" + "&".join("a=1" for _ in range(100)),
        "/v2/" + "a/" * 6000,
    ],
)
def test_a_strange_target_is_answered_by_an_error_of_the_client(server, target):
    status = int(raw(server, head(server, target)).split()[1])
    assert status in {200, 400, 404, 414}
    assert not any("failed" in note for note in server.notes)


@pytest.mark.parametrize(
    "data",
    [
        b"nonsense\r\n\r\n",
        b"GET /v2/ HTTP/1.1\r\n\r\n",
        b"GET /v2/ HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET /v2/ HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 100_000,
        b"GET /v2/ HTTP/1.1\r\nHost: a\r\n" + b"X: a\r\n" * 20_000,
        b"PUT /v2/ HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 100,
    ],
)
def test_a_head_that_is_malformed_or_too_large_ends_the_connection(server, data):
    assert int(raw(server, data).split()[1]) in {400, 431}


def test_a_body_is_not_read_and_does_not_become_the_next_request(server):
    smuggled = head(server, "/v2/")
    put = f"PUT /v2/a/blobs/uploads/1 HTTP/1.1\r\nHost: {server.host}\r\n"
    received = raw(server, f"{put}Content-Length: {len(smuggled)}\r\n\r\n".encode() + smuggled)
    assert received.count(b"HTTP/1.1 ") == 1
    assert received.startswith(b"HTTP/1.1 405 ")


@pytest.mark.parametrize(
    "lines",
    ["Content-Length: 0", "Transfer-Encoding: chunked\r\n\r\n0", "Content-Length: 2\r\n\r\nab"],
)
def test_a_request_that_tells_of_a_body_is_the_last(server, lines):
    """A proxy in front may see its end in another place."""
    begin = f"GET /v2/ HTTP/1.1\r\nHost: {server.host}\r\n{lines}\r\n\r\n".encode()
    received = raw(server, begin + head(server, "/v2/"))
    assert received.count(b"HTTP/1.1 ") == 1
    assert b"connection: close" in received.lower()


@pytest.mark.parametrize("host", ["evil.example", "evil.example:5000", "127.0.0.1", ""])
def test_a_request_for_another_host_is_refused(server, host):
    assert server.ask("/v2/", Host=host).status == 421


@pytest.mark.parametrize("name", ["localhost", "LOCALHOST", "127.0.0.1", "[::1]"])
def test_all_names_of_loopback_are_answered(server, name):
    assert server.ask("/v2/", Host=f"{name}:{server.host.partition(':')[2]}").status == 200


def test_a_client_that_never_ends_its_head_is_let_go(server, monkeypatch):
    monkeypatch.setattr(connection, "_HEAD_SECONDS", 0.05)
    begin = b"GET /v2/ HTTP/1.1\r\nHost: "
    received = b""
    with socket.create_connection(("127.0.0.1", int(server.host[10:])), timeout=300) as sock:
        sock.sendall(begin)
        while data := sock.recv(65536):
            received += data
    assert received == b""


def test_an_idle_client_is_let_go(server, monkeypatch):
    monkeypatch.setattr(connection, "_IDLE_SECONDS", 0.05)
    monkeypatch.setattr(connection, "_CROWDED_SECONDS", 0.05)
    assert raw(server, b"") == b""


def test_idle_clients_give_way_where_all_threads_are_in_use(settings, monkeypatch):
    monkeypatch.setattr(listener, "_CONNECTIONS", 2)
    monkeypatch.setattr(connection, "_CROWDED_SECONDS", 0.05)
    with serving(partial(open_store, settings)) as server, ExitStack() as stack:
        address = ("127.0.0.1", int(server.host.partition(":")[2]))
        for _ in range(2):
            stack.enter_context(socket.create_connection(address))
        assert server.ask("/v2/").status == 200


def test_a_client_that_leaves_in_the_middle_of_a_blob_harms_nobody(server):
    client = HTTPConnection(server.host)
    client.request("GET", f"/v2/a/blobs/{Digest.of(LARGE)}")
    client.getresponse().read(10)
    client.close()
    assert server.ask("/v2/").status == 200


def test_a_damaged_layer_is_never_sent_whole(served_store, server, tmp_path):
    layer = b"a layer that is about to be damaged" * 100_000
    digest = Digest.of(layer)
    file = served_store.with_name("store.db.layers") / "sha256" / digest.hex
    file.write_bytes(layer[:-1] + b"X")
    client = HTTPConnection(server.host)
    try:
        client.request("GET", f"/v2/a/blobs/{digest}")
        with pytest.raises(IncompleteRead):
            client.getresponse().read()
    finally:
        client.close()
        file.unlink()
    (note,) = server.notes
    assert "broke off" in note
    assert "has other bytes" in note


@pytest.fixture(scope="module")
def passwords(tmp_path_factory):
    file = tmp_path_factory.mktemp("users") / "users.txt"
    file.write_text(password_line("ci", "secret") + "\n")
    return Passwords.read(file)


def test_a_refused_password_ends_the_connection(settings, passwords):
    with serving(partial(open_store, settings), passwords) as server:
        request = f"GET /v2/ HTTP/1.1\r\nHost: {server.host}\r\n\r\n".encode()
        received = raw(server, request + head(server, "/v2/"))
    assert received.startswith(b"HTTP/1.1 401 ")
    assert received.count(b"HTTP/1.1 ") == 1


def test_with_a_password_file_each_request_needs_a_password(settings, passwords):
    with serving(partial(open_store, settings), passwords) as server:
        refused = server.ask("/v2/")
        assert (refused.status, refused.headers["WWW-Authenticate"]) == (
            401,
            'Basic realm="manyfest"',
        )
        assert server.ask("/v2/", Authorization=basic("ci", "wrong")).status == 401
        right = server.ask("/v2/", Authorization=basic("ci", "secret"), Host="any.name.example")
        assert right.status == 200


@contextmanager
def content_of(manifest: Manifest):
    """Serve one manifest under every digest."""

    class Content:
        def manifest(self, digest):
            return manifest

    yield Content()


TYPES = [
    "text/html; a=+json",
    "application/x\r\nX-Evil: 1+json",
    "application/x\u4e2d+json",
    "html",
]


@pytest.mark.parametrize("media_type", TYPES)
def test_a_type_that_is_none_is_served_as_bytes(media_type):
    """A store or a bundle may have such a one from before it was refused."""
    manifest = Manifest(media_type, b"<script>alert(1)</script>")
    with serving(partial(content_of, manifest)) as server:
        answer = server.ask(f"/v2/a/manifests/{manifest.digest}")
    assert (answer.status, answer.body) == (200, manifest.data)
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert "X-Evil" not in answer.headers


def test_a_browser_runs_nothing_that_is_served(server):
    for target in ("/v2/", "/v2/library/alpine/manifests/3", "/nothing"):
        policy = server.ask(target).headers["Content-Security-Policy"]
        assert policy == "default-src 'none'; sandbox"


@pytest.mark.parametrize("is_open", [True, False])
def test_a_fault_of_our_own_is_answered_and_noted_once(is_open):
    @contextmanager
    def broken():
        if not is_open:
            raise ZeroDivisionError
        yield None

    with serving(broken) as server:
        for _ in range(2):
            assert server.ask("/v2/a/manifests/1").status == 500
    (note,) = server.notes
    assert note.startswith("a request failed by a fault of manyfest: ")
