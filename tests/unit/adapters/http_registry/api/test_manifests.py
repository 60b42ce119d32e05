"""Manifests over HTTP: answers to GET, HEAD and PUT that are not as they should be."""

import gc
import re

import httpx
import pytest

from manyfest.domain.digests import Digest
from manyfest.domain.errors import (
    DigestMismatchError,
    DocumentError,
    ManifestUnknownError,
    ProtocolError,
)
from tests.unit.adapters.http_registry.answers import LIST, fine, tag


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


def test_nothing_that_was_sent_or_received_waits_for_the_collection_of_cycles(
    serve, reply, registry
):
    server = serve(lambda request, _: reply(201) if request.method == "PUT" else fine(reply))
    place = tag(server)
    before = {id(each) for each in gc.get_objects() if isinstance(each, httpx.Response)}
    gc.disable()
    try:
        registry.put_manifest(place, LIST)
        registry.get_manifest(place)
        responses = [each for each in gc.get_objects() if isinstance(each, httpx.Response)]
        left = [each.request for each in responses if id(each) not in before]
    finally:
        gc.enable()
    assert left == []


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
    assert [request.method for request in server.requests] == ["HEAD", "GET"]


def test_a_hint_that_a_manifest_is_not_there_is_one_head(serve, reply, registry):
    server = serve(lambda *_: reply(404, b"404 page not found"))
    assert registry.probe_manifest(tag(server)) is None
    assert [request.method for request in server.requests] == ["HEAD"]
