"""Conversations that go wrong, over raw sockets on loopback."""

import base64
import json
import re
import socket
import threading
import time
from contextlib import contextmanager

import pytest

from manyfest.adapters.credentials.registry_auth import RegistryAuth
from manyfest.adapters.deadline import Deadline
from manyfest.adapters.http_registry.registry import HttpRegistry
from manyfest.domain import media_types
from manyfest.domain.access import Credentials, CredentialSource
from manyfest.domain.digests import Digest
from manyfest.domain.errors import (
    DeadlineError,
    DigestMismatchError,
    DocumentError,
    ManifestUnknownError,
    ManyfestError,
    ProtocolError,
    RefusedError,
    ServerError,
    UnauthorizedError,
    UnreachableError,
)
from manyfest.domain.manifests import Manifest
from manyfest.domain.references import Reference

LIST = Manifest(
    media_types.OCI_INDEX,
    json.dumps({"schemaVersion": 2, "mediaType": media_types.OCI_INDEX, "manifests": []}).encode(),
)
BLOB = bytes(range(256)) * 10000
SECRET = "canary-password"


def tag(server, path="t/app", name="v1"):
    return Reference.parse(f"{server.host}/{path}:{name}")


def blob(server, data=BLOB, path="t/app"):
    return tag(server, path).at(Digest.of(data))


@contextmanager
def opened(data=BLOB):
    yield iter([data[start : start + 100000] for start in range(0, len(data), 100000)])


def fine(reply, **headers):
    return reply(200, LIST.data, **({"content_type": LIST.media_type} | headers))


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


@pytest.mark.parametrize("drips_from", ["headers", "body"])
def test_a_dripping_server_ends_at_the_deadline(serve, reply, drips_from):
    def answer(_, connection):
        data = fine(reply)
        start = 0 if drips_from == "headers" else len(data) - len(LIST.data)
        connection.sendall(data[:start])
        for position in range(start, len(data)):
            connection.sendall(data[position : position + 1])
            time.sleep(0.1)

    server = serve(answer)
    began = time.monotonic()
    with (
        HttpRegistry(Deadline(1)) as registry,
        pytest.raises(DeadlineError, match="within the 1 s"),
    ):
        registry.get_manifest(tag(server))
    assert 0.9 < time.monotonic() - began < 1.5


def test_cancelling_ends_sixteen_blocked_threads_at_once(serve):
    blocked = threading.Semaphore(0)

    def never(_, connection):
        blocked.release()
        connection.recv(1)

    server, deadline, ended = serve(never), Deadline(60), []
    with HttpRegistry(deadline) as registry:

        def get(number):
            try:
                registry.get_manifest(tag(server, f"t/app{number}"))
            except DeadlineError as error:
                ended.append(str(error))

        # The first holds the first contact, and the others wait for it.
        threads = [threading.Thread(target=get, args=(number,)) for number in range(16)]
        for thread in threads:
            thread.start()
        assert blocked.acquire(timeout=10)
        began = time.monotonic()
        deadline.cancel()
        for thread in threads:
            thread.join(10)
        assert time.monotonic() - began < 0.5
    assert len(ended) == 16
    assert all("interrupted" in message for message in ended)


def test_cancelling_ends_threads_that_read_and_threads_that_connect(serve, reply):
    waiting = threading.Barrier(9)

    def answer(request, connection):
        if "known" in request.target:
            return fine(reply)
        waiting.wait(10)
        connection.recv(1)
        return None

    server, deadline, ended = serve(answer), Deadline(60), []
    deaf = socket.socket()
    deaf.bind(("127.0.0.1", 0))
    deaf.listen(0)
    full = [socket.socket() for _ in range(4)]
    for filler in full:
        filler.settimeout(0)
        filler.connect_ex(deaf.getsockname())

    with HttpRegistry(deadline) as registry:
        registry.get_manifest(tag(server, name="known"))

        def get(reference):
            try:
                registry.get_manifest(reference)
            except DeadlineError:
                ended.append(reference)

        unreachable = Reference.parse(f"127.0.0.1:{deaf.getsockname()[1]}/t/app:v1")
        wanted = [tag(server, name=f"v{number}") for number in range(8)] + [unreachable]
        threads = [threading.Thread(target=get, args=(reference,)) for reference in wanted]
        for thread in threads:
            thread.start()
        waiting.wait(10)
        began = time.monotonic()
        deadline.cancel()
        for thread in threads:
            thread.join(10)
        assert time.monotonic() - began < 0.5
    for opened_socket in (deaf, *full):
        opened_socket.close()
    assert len(ended) == 9


def with_basic(server_reply):
    """A registry that wants a password."""
    return lambda request: (
        server_reply(401, www_authenticate='Basic realm="r"')
        if "authorization" not in request.headers
        else None
    )


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_another_port_takes_nothing_of_ours_along(serve, reply, status):
    sink = serve(lambda *_: fine(reply, set_cookie="a=b"))

    def answer(request, _):
        asked = with_basic(reply)(request)
        return asked or reply(status, location=f"http://{sink.host}/there", set_cookie="c=d")

    server = serve(answer)
    with HttpRegistry(
        Deadline(20), account=RegistryAuth(lambda _: Credentials("u", SECRET))
    ) as registry:
        assert registry.get_manifest(tag(server)).data == LIST.data
        registry.get_manifest(tag(server))
    assert base64.b64encode(f"u:{SECRET}".encode()).decode() in str(server.requests[1].headers)
    for request in sink.requests:
        names = {"host", "accept", "accept-encoding", "user-agent"}
        assert set(request.headers) == names


@pytest.mark.parametrize(
    ("location", "requests"),
    {
        "round and round": ("/v2/t/app/manifests/v1", 11),
        "a file": ("file:///etc/passwd", 1),
        "ftp": ("ftp://127.0.0.1/x", 1),
        "nowhere": ("", 1),
        "userinfo": ("http://u:p@127.0.0.1/x", 1),
        "no URL": ("http://[", 1),
    }.values(),
)
def test_redirects_that_lead_nowhere_are_refused(serve, reply, registry, location, requests):
    server = serve(lambda *_: reply(307, location=location))
    with pytest.raises(ProtocolError, match=re.escape(server.host)):
        registry.get_manifest(tag(server))
    assert len(server.requests) == requests


def test_ten_redirects_are_followed(serve, reply, registry):
    def answer(*_):
        hop = len(server.requests)
        return fine(reply) if hop > 10 else reply(307, location=f"/{hop}")

    server = serve(answer)
    assert registry.get_manifest(tag(server)).data == LIST.data


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirected_put_is_no_success(serve, reply, registry, status):
    server = serve(
        lambda request, _: (
            reply(status, location="/login") if request.method == "PUT" else reply(200)
        )
    )
    with pytest.raises(ProtocolError, match=f"no registry answers {status}"):
        registry.put_manifest(tag(server), LIST)
    assert [request.method for request in server.requests] == ["PUT"]


@pytest.mark.parametrize("status", [200, 202, 204])
def test_a_vague_success_counts_when_it_can_be_read_back(serve, reply, registry, status):
    server = serve(lambda request, _: reply(status) if request.method == "PUT" else fine(reply))
    registry.put_manifest(tag(server), LIST)
    assert [request.method for request in server.requests] == ["PUT", "GET"]


@pytest.mark.parametrize("read_back", ["404", "HTML"])
def test_a_vague_success_that_stored_nothing_is_an_error(serve, reply, registry, read_back):
    page = reply(200, b"<html>", content_type="text/html")
    server = serve(
        lambda request, _: page if request.method == "PUT" or read_back == "HTML" else reply(404)
    )
    with pytest.raises(ProtocolError, match="does not give back"):
        registry.put_manifest(tag(server), LIST)


def test_a_confirmation_of_other_bytes_names_both_digests(serve, reply, registry):
    other = f"sha256:{'0' * 64}"
    server = serve(lambda *_: reply(201, docker_content_digest=other))
    with pytest.raises(DigestMismatchError) as caught:
        registry.put_manifest(tag(server), LIST)
    assert other in str(caught.value)
    assert str(LIST.digest) in str(caught.value)


ANSWERS = {
    "login page": ({"content_type": "text/html; charset=utf-8"}, ProtocolError, "web page"),
    "compressed": ({"content_encoding": "gzip"}, ProtocolError, "compressed"),
    "too large by its header": ({"content_length": str(10**12)}, DocumentError, "larger than"),
    "other digest": (
        {"docker_content_digest": f"sha256:{'0' * 64}"},
        DigestMismatchError,
        "0000",
    ),
    "digest of another algorithm": (
        {"docker_content_digest": f"sha512:{'0' * 128}"},
        DigestMismatchError,
        "sha512",
    ),
    "malformed digest": ({"docker_content_digest": "sha256:xyz"}, ProtocolError, "digest"),
}


@pytest.mark.parametrize(("headers", "error", "words"), ANSWERS.values(), ids=ANSWERS)
def test_answers_that_are_no_manifest_are_refused_at_once(
    serve, reply, registry, headers, error, words
):
    server = serve(lambda *_: fine(reply, **headers))
    with pytest.raises(error, match=words):
        registry.get_manifest(tag(server))
    assert len(server.requests) == 1


def test_an_unknown_digest_algorithm_is_not_held_against_the_registry(serve, reply, registry):
    server = serve(lambda *_: fine(reply, docker_content_digest="sha3:" + "a" * 64))
    assert registry.get_manifest(tag(server)).digest == LIST.digest


def test_bytes_of_another_digest_than_asked_for_are_refused(serve, reply, registry):
    server = serve(lambda *_: fine(reply))
    with pytest.raises(DigestMismatchError):
        registry.get_manifest(tag(server).at(Digest.of(b"other")))


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"docker_content_digest": "sha3:" + "a" * 64},
        {"docker_content_digest": str(LIST.digest), "content_type": "application/json"},
    ],
)
def test_a_head_that_does_not_tell_all_is_followed_by_a_get(serve, reply, registry, headers):
    server = serve(lambda *_: fine(reply, **headers))
    assert registry.head_manifest(tag(server)) == LIST.descriptor()
    assert server.requests[0].method == "HEAD"


def test_a_manifest_that_is_not_there_is_named(serve, reply, registry):
    server = serve(lambda *_: reply(404, b"404 page not found"))
    with pytest.raises(ManifestUnknownError, match=re.escape(str(tag(server)))):
        registry.head_manifest(tag(server))
    assert [request.method for request in server.requests] == ["HEAD"]


def test_the_session_of_a_mount_that_did_not_happen_takes_the_upload(serve, reply, registry):
    def answer(request, _):
        if request.method == "POST":
            return reply(202, location="/v2/t/app/blobs/uploads/session?state=a%2Fb")
        return reply(201)

    server = serve(answer)
    assert registry.mount_blob(blob(server), tag(server, "t/origin").home) is False
    registry.write_blob(blob(server), len(BLOB), opened)
    posted, put = server.requests
    assert "from=t%2Forigin" in posted.target
    digest = str(Digest.of(BLOB)).replace(":", "%3A")
    assert put.target == f"/v2/t/app/blobs/uploads/session?state=a%2Fb&digest={digest}"
    assert put.body == BLOB


@pytest.mark.parametrize("status", [401, 403, 404, 405])
def test_a_mount_that_is_refused_is_no_error(serve, reply, registry, status):
    server = serve(lambda *_: reply(status))
    assert registry.mount_blob(blob(server), tag(server, "t/origin").home) is False


@pytest.mark.parametrize("fragment", ["#", "#part"])
def test_the_digest_is_not_lost_in_the_fragment_of_a_session(serve, reply, registry, fragment):
    def answer(request, _):
        if request.method == "POST":
            return reply(202, location=f"/session{fragment}")
        return reply(201)

    server = serve(answer)
    registry.write_blob(blob(server), len(BLOB), opened)
    (put,) = server.seen("PUT")
    assert put.target == f"/session?digest={str(Digest.of(BLOB)).replace(':', '%3A')}"


def test_an_upload_elsewhere_takes_no_credentials_along(serve, reply):
    sink = serve(lambda *_: reply(201))

    def answer(request, _):
        return with_basic(reply)(request) or reply(202, location=f"http://{sink.host}/up")

    server = serve(answer)
    with HttpRegistry(
        Deadline(20), account=RegistryAuth(lambda _: Credentials("u", SECRET))
    ) as registry:
        registry.write_blob(blob(server), len(BLOB), opened)
    assert sink.requests[0].body == BLOB
    assert "authorization" not in sink.requests[0].headers


def test_an_upload_that_breaks_off_starts_over(serve, reply, registry):
    def answer(request, _):
        if request.method == "POST":
            return reply(202, location=f"/up/{len(server.requests)}")
        return None if len(server.seen("PUT")) == 1 else reply(201)

    server = serve(answer)
    registry.write_blob(blob(server), len(BLOB), opened)
    assert len(server.seen("POST")) == 2
    assert server.seen("PUT")[-1].body == BLOB


@pytest.mark.parametrize("takes_ranges", [True, False])
def test_a_blob_that_breaks_off_is_read_on(serve, reply, registry, takes_ranges):
    def answer(request, connection):
        wanted = re.fullmatch(r"bytes=(\d+)-", request.headers.get("range", ""))
        if wanted is None and len(server.requests) == 1:
            connection.sendall(reply(200, BLOB)[:-1000])
            return None
        if wanted is None or not takes_ranges:
            return reply(200, BLOB)
        start = int(wanted[1])
        part = f"bytes {start}-{len(BLOB) - 1}/{len(BLOB)}"
        return reply(206, BLOB[start:], content_range=part)

    server = serve(answer)
    with registry.open_blob(blob(server), len(BLOB)) as chunks:
        assert b"".join(chunks) == BLOB
    assert len(server.requests) == 2
    assert server.requests[1].headers["range"] == f"bytes={2 * 1024 * 1024}-"


class TokenRegistry:
    """A registry that is its own token server: each token is good until it is withdrawn."""

    def __init__(self, reply, life=300):
        self._reply = reply
        self._life = life
        self.valid = set()
        self.host = ""
        self.given = 0
        self._lock = threading.Lock()

    def __call__(self, request, _):
        if request.target.startswith("/token"):
            with self._lock:
                self.given += 1
                token = f"token-{self.given}"
                self.valid.add(token)
            time.sleep(0.05)
            return self._reply(200, json.dumps({"token": token, "expires_in": self._life}).encode())
        if request.headers.get("authorization", "").removeprefix("Bearer ") in self.valid:
            return fine(self._reply)
        challenge = (
            f'Bearer realm="http://{self.host}/token",service="s",scope="repository:t/app:pull"'
        )
        return self._reply(401, www_authenticate=challenge)


def test_sixteen_threads_ask_for_one_token(serve, reply, registry):
    app = TokenRegistry(reply)
    server = serve(app)
    app.host = server.host
    threads = [
        threading.Thread(target=registry.get_manifest, args=(tag(server, name=f"v{number}"),))
        for number in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert app.given == 1


def test_a_token_is_sent_in_advance_and_renewed_when_it_is_refused(serve, reply, registry):
    app = TokenRegistry(reply)
    server = serve(app)
    app.host = server.host
    registry.get_manifest(tag(server))
    registry.get_manifest(tag(server))
    assert len(server.seen("GET", "manifests")) == 3
    app.valid.clear()
    registry.get_manifest(tag(server))
    assert len(server.seen("GET", "manifests")) == 5
    assert app.given == 2


def test_tokens_that_are_never_good_end_the_asking(serve, reply, registry):
    app = TokenRegistry(reply)
    server = serve(lambda request, connection: app.valid.clear() or app(request, connection))
    app.host = server.host
    with pytest.raises(UnauthorizedError, match=re.escape(server.host)):
        registry.get_manifest(tag(server))
    assert len(server.seen("GET", "manifests")) == 3
    assert len(server.seen("GET", "token")) == 2


def test_wrong_credentials_are_named_by_file_and_never_shown(serve, reply):
    def answer(request, _):
        echoed = request.headers.get("authorization", "").encode()
        return reply(401, echoed + SECRET.encode(), www_authenticate='Basic realm="r"')

    server = serve(answer)
    wrong = Credentials("u", SECRET, source=CredentialSource("/home/u/config.json"))
    with (
        HttpRegistry(Deadline(20), account=RegistryAuth(lambda _: wrong)) as registry,
        pytest.raises(
            UnauthorizedError, match=r"from /home/u/config\.json were rejected"
        ) as caught,
    ):
        registry.get_manifest(tag(server))
    assert SECRET not in str(caught.value)
    assert len(server.requests) == 2


def test_a_registry_that_echoes_secrets_does_not_get_them_shown(serve, reply):
    def answer(request, _):
        asked = with_basic(reply)(request)
        return asked or reply(400, f"{request.headers['authorization']} {SECRET}".encode())

    server = serve(answer)
    with (
        HttpRegistry(
            Deadline(20), account=RegistryAuth(lambda _: Credentials("u", SECRET))
        ) as registry,
        pytest.raises(RefusedError) as caught,
    ):
        registry.get_manifest(tag(server))
    assert SECRET not in str(caught.value)
    assert base64.b64encode(f"u:{SECRET}".encode()).decode() not in str(caught.value)
    assert "***" in str(caught.value)


@pytest.mark.parametrize(
    ("body", "shown"),
    {
        "no errors member": (b'{"message": "x"}', '{"message": "x"}'),
        "errors null": (b'{"errors": null}', '{"errors": null}'),
        "errors of texts": (b'{"errors": ["x", "y"]}', '{"errors": ["x", "y"]}'),
        "errors as one text": (b'{"errors": "boom"}', '{"errors": "boom"}'),
        "errors as one object": (b'{"errors": {"code": "X"}}', '{"errors": {"code": "X"}}'),
        "errors, and more": (b'{"errors": [null, {"code": "X"}, 1]}', "(400 Bad Request): X"),
        "deep": (b"[" * 10000, "[" * 50),
        "empty": (b"", "refused (400 Bad Request)"),
        "plain text": (b"404 page\r\nnot found\n", "404 page not found"),
        "not UTF-8": (b"\xff\xfe", "\ufffd"),
        "endless": (b"x" * 10**6, "x" * 299 + "…"),
    }.values(),
)
def test_any_error_body_makes_one_short_line(serve, reply, registry, body, shown):
    server = serve(lambda *_: reply(400, body, content_type="application/json"))
    with pytest.raises(RefusedError) as caught:
        registry.get_manifest(tag(server))
    assert shown in str(caught.value)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 400


def test_a_port_where_nobody_listens_is_named(registry):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(UnreachableError, match=f"{host}: connection refused"):
            registry.get_manifest(Reference.parse(f"{host}/t/app:v1"))


def test_headers_without_end_are_not_asked_for_again(serve, registry):
    server = serve(lambda *_: b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 60000)
    with pytest.raises(ManyfestError):
        registry.get_manifest(tag(server))
    assert len(server.requests) == 1
