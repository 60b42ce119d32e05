"""Deleting tags and manifests, as registries answer that."""

from collections.abc import Callable

import httpx
import pytest

from manyfest.adapters.deadline import Deadline
from manyfest.adapters.http_registry.registry import HttpRegistry
from manyfest.contracts.images import docker_image
from manyfest.domain.errors import (
    DeniedError,
    ManifestUnknownError,
    ProtocolError,
    RefusedError,
    TagMovedError,
    UnauthorizedError,
)
from manyfest.domain.expectations import Expectation
from manyfest.domain.references import Reference

A, B = docker_image(), docker_image(text="another")
TAG = Reference.parse("r.example/app:1")
EXPECTED = Expectation(A.digest)


class Asked(list[httpx.Request]):
    """Answers DELETE with a status, HEAD with the digest of another image; keeps the requests."""

    def __init__(self, status: int) -> None:
        super().__init__()
        self.status = status

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.append(request)
        if request.method == "DELETE":
            return httpx.Response(self.status)
        headers = {
            "Docker-Content-Digest": str(B.digest),
            "Content-Type": B.manifest.media_type,
            "Content-Length": str(B.manifest.size),
        }
        return httpx.Response(200, headers=headers)


def registry(answer: Callable[[httpx.Request], httpx.Response]) -> HttpRegistry:
    return HttpRegistry(Deadline(60), transport=httpx.MockTransport(answer))


@pytest.mark.parametrize("status", [200, 202, 204])
def test_a_tag_is_deleted_on_condition_that_it_did_not_move(status):
    asked = Asked(status)
    assert registry(asked).delete_tag(TAG, EXPECTED)
    (request,) = asked
    assert (request.method, request.url.path) == ("DELETE", "/v2/app/manifests/1")
    assert request.headers["if-match"] == f'"{A.digest}"'


@pytest.mark.parametrize("status", [400, 404, 405, 406, 415, 501])
def test_a_registry_that_deletes_no_tags_is_believed(status):
    assert not registry(Asked(status)).delete_tag(TAG, EXPECTED)


def test_a_tag_that_moved_is_told():
    with pytest.raises(TagMovedError, match=f"points to {B.digest}"):
        registry(Asked(412)).delete_tag(TAG, EXPECTED)


@pytest.mark.parametrize(
    ("status", "error"),
    [(401, UnauthorizedError), (403, DeniedError), (409, RefusedError), (301, ProtocolError)],
)
def test_other_answers_are_errors(status, error):
    with pytest.raises(error):
        registry(Asked(status)).delete_tag(TAG, EXPECTED)


@pytest.mark.parametrize(
    ("status", "answer"), [(404, True), (202, True), (405, False), (400, False), (406, False)]
)
def test_whether_manifests_are_deleted_is_asked_about_one_that_nobody_has(status, answer):
    asked = Asked(status)
    assert registry(asked).deletes_manifests(TAG.home) is answer
    path = asked[0].url.path
    assert path.startswith("/v2/app/manifests/sha256:")
    registry(asked).deletes_manifests(TAG.home)
    assert asked[1].url.path != path


def test_a_manifest_is_deleted_by_its_digest():
    asked = Asked(202)
    registry(asked).delete_manifest(TAG.at(A.digest))
    assert asked[0].url.path == f"/v2/app/manifests/{A.digest}"
    with pytest.raises(ManifestUnknownError):
        registry(Asked(404)).delete_manifest(TAG.at(A.digest))
    with pytest.raises(RefusedError):
        registry(Asked(405)).delete_manifest(TAG.at(A.digest))
