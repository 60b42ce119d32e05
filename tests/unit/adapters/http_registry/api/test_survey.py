"""What a registry's answers say it can do; no request writes or pulls."""

from collections.abc import Callable

import httpx
import pytest

from manyfest.adapters.deadline import Deadline
from manyfest.adapters.http_registry.registry import HttpRegistry
from manyfest.domain.access import RegistrySurvey
from manyfest.domain.errors import ProtocolError, UnreachableError
from manyfest.domain.media_types import OCI_INDEX
from manyfest.domain.references import Reference

TAG = Reference.parse("r.example/app:1")
BASE = "/v2/"


class Able:
    """A registry of many abilities; ``answers`` replace those of single requests."""

    def __init__(self, **answers: httpx.Response) -> None:
        self.asked: list[str] = []
        self._answers = answers

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(f"{request.method} {request.url.path}")
        is_of_referrers = "/referrers/" in request.url.path
        kind = "base" if request.url.path == BASE else request.method.lower()
        return (
            self._answers.get("referrers" if is_of_referrers else kind)
            or {
                "base": httpx.Response(
                    200,
                    headers={"Docker-Distribution-Api-Version": "registry/2.0", "Server": "x/1"},
                ),
                "head": httpx.Response(
                    200,
                    headers={
                        "Docker-Content-Digest": "sha256:" + "0" * 64,
                        "RateLimit-Remaining": "97;w=21600",
                        "RateLimit-Limit": "100;w=21600",
                    },
                ),
                "get": httpx.Response(200, headers={"Content-Type": OCI_INDEX}, json={}),
                "options": httpx.Response(200, headers={"Allow": "GET, HEAD, delete, nonsense"}),
            }[kind]
        )


def survey(
    able: Callable[[httpx.Request], httpx.Response], reference: Reference | None = TAG
) -> RegistrySurvey:
    registry = HttpRegistry(Deadline(60), transport=httpx.MockTransport(able), tries=1)
    return registry.examiner.survey("r.example", reference)


def test_abilities_are_found_by_four_requests_that_change_nothing():
    able = Able()
    found = survey(able)
    assert (found.api_version, found.server, found.base_status) == ("registry/2.0", "x/1", 200)
    assert (found.head_status, found.head_has_digest, found.has_referrers_api) == (200, True, True)
    assert found.allowed_methods == ("DELETE", "GET", "HEAD")
    assert found.pulls == ("97;w=21600", "100;w=21600")
    assert [line.split()[0] for line in able.asked] == ["GET", "HEAD", "GET", "OPTIONS"]
    assert not any(line.startswith("GET /v2/app/manifests") for line in able.asked)


@pytest.mark.parametrize(
    ("tags", "asked"),
    [
        (["v1", "v2"], "HEAD /v2/app/manifests/v1"),
        ([], None),
        (["../../x"], None),
        ("nonsense", None),
    ],
)
def test_the_first_listed_tag_is_asked_for_if_the_named_one_is_not_there(tags, asked):
    def answers(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v2/app/manifests/1" and request.method == "HEAD":
            able.asked.append("HEAD of what is not there")
            return httpx.Response(404)
        if request.url.path == "/v2/app/tags/list":
            able.asked.append(f"tags {request.url.params['n']}")
            return httpx.Response(200, json={"name": "app", "tags": tags})
        return able(request)

    able = Able()
    found = survey(answers)
    expected = ["GET /v2/", "HEAD of what is not there", "tags 1", *([asked] if asked else [])]
    assert able.asked[: len(expected)] == expected
    assert len(able.asked) == len(expected) + 2
    assert found.head_status == (200 if asked else 404)
    assert found.head_of == ("r.example/app:v1" if asked else "r.example/app:1")


def test_without_a_repository_one_request_is_sent():
    able = Able()
    found = survey(able, None)
    assert able.asked == ["GET /v2/"]
    assert (found.head_status, found.has_referrers_api, found.allowed_methods) == (None, None, None)


@pytest.mark.parametrize(
    ("answer", "has_api"),
    [
        (httpx.Response(404), False),
        (httpx.Response(405), False),
        (httpx.Response(200, html="<p>"), False),
        (httpx.Response(418), None),
    ],
)
def test_a_registry_without_referrers_is_recognised(answer, has_api):
    assert survey(Able(referrers=answer)).has_referrers_api is has_api


def test_an_error_of_options_says_nothing():
    assert survey(Able(options=httpx.Response(500))).allowed_methods is None


def test_a_refusal_is_reported_with_what_is_known():
    found = survey(Able(head=httpx.Response(403)))
    assert found.access.refusal is not None
    assert (found.api_version, found.head_status) == ("registry/2.0", None)


def test_what_is_no_registry_is_an_error():
    with pytest.raises(ProtocolError):
        survey(Able(base=httpx.Response(200, html="<html>")))

    def unreachable(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    registry = HttpRegistry(Deadline(60), transport=httpx.MockTransport(unreachable), tries=1)
    with pytest.raises(UnreachableError):
        registry.examiner.survey("r.example")
