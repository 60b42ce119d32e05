"""Blobs over HTTP: mounts that become uploads, uploads elsewhere, transfers that break off."""

import re
from contextlib import contextmanager

import pytest

from manyfest.adapters.credentials.registry_auth import RegistryAuth
from manyfest.adapters.deadline import Deadline
from manyfest.adapters.http_registry.registry import HttpRegistry
from manyfest.domain.access import Credentials
from manyfest.domain.digests import Digest
from manyfest.domain.errors import ProtocolError, UnreachableError
from tests.unit.adapters.http_registry.answers import SECRET, tag, with_basic

BLOB = bytes(range(256)) * 10000


def blob(server, data=BLOB, path="t/app"):
    return tag(server, path).at(Digest.of(data))


@contextmanager
def opened(data=BLOB):
    yield iter([data[start : start + 100000] for start in range(0, len(data), 100000)])


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
    assert server.requests[1].headers["range"] == f"bytes={len(BLOB) - 1000}-"


@pytest.mark.parametrize("status", [200, 202, 204])
def test_an_upload_that_is_answered_vaguely_and_is_not_there_is_the_targets_fault(
    serve, reply, registry, status
):
    def answer(request, _):
        if request.method == "POST":
            return reply(202, location="/v2/t/app/blobs/uploads/session")
        return reply(status if request.method == "PUT" else 404)

    server = serve(answer)
    with pytest.raises(ProtocolError, match=f"{server.host} answers success but has no such blob"):
        registry.write_blob(blob(server), len(BLOB), opened)


NOWHERE = {
    "no address": ({}, "opens an upload at no address"),
    "another scheme": ({"location": "file:///x"}, "opens an upload at an unusable address"),
}


@pytest.mark.parametrize(("headers", "words"), NOWHERE.values(), ids=NOWHERE)
def test_an_upload_that_is_opened_nowhere_is_told_as_one(serve, reply, registry, headers, words):
    server = serve(lambda *_: reply(202, **headers))
    with pytest.raises(ProtocolError, match=f"{server.host} {words}"):
        registry.write_blob(blob(server), len(BLOB), opened)


def test_an_upload_elsewhere_that_nobody_takes_is_told_with_who_sent_us_there(
    serve, reply, registry
):
    server = serve(lambda *_: reply(202, location="http://127.0.0.1:1/upload"))
    words = f"{server.host} moves uploads: cannot reach 127.0.0.1:1: connection refused"
    with pytest.raises(UnreachableError, match=words):
        registry.write_blob(blob(server), len(BLOB), opened)
