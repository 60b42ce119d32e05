"""Listings over HTTP: pages, registries that have no such endpoint, and hostile ones."""

import json

import pytest

from manyfest.adapters.deadline import Deadline
from manyfest.adapters.http_registry.api.pagination import PAGES, SIZE_LIMIT
from manyfest.adapters.http_registry.registry import HttpRegistry
from manyfest.domain import media_types
from manyfest.domain.digests import Digest
from manyfest.domain.errors import DocumentError, ProtocolError
from manyfest.domain.references import Reference, Repository
from tests.unit.adapters.http_registry.conftest import reply

DIGEST = Digest.of(b"subject")
TAG = f"sha256-{DIGEST.hex}"


def index(*names: str) -> bytes:
    entries = [
        {"mediaType": media_types.OCI_MANIFEST, "digest": str(Digest.of(n.encode())), "size": 1}
        for n in names
    ]
    document = {"schemaVersion": 2, "mediaType": media_types.OCI_INDEX, "manifests": entries}
    return json.dumps(document).encode()


def page(*names: str, link: str = "") -> bytes:
    headers = {"link": link} if link else {}
    return reply(200, index(*names), content_type=media_types.OCI_INDEX, **headers)


def listed(registry: HttpRegistry, host: str) -> list[Digest]:
    found = registry.referrers(Reference(Repository(host, "app"), None, DIGEST))
    return [entry.digest for entry in found]


@pytest.mark.parametrize("relative", [True, False])
def test_pages_are_followed_and_each_referrer_is_listed_once(serve, registry, relative) -> None:
    def answer(request, _):
        if "more" in request.target:
            return page("b", "c")
        base = "" if relative else f"http://{request.headers['host']}"
        return page("a", "b", link=f'<{base}/v2/app/more>; title="x"; rel="next"')

    server = serve(answer)
    assert listed(registry, server.host) == [Digest.of(name) for name in (b"a", b"b", b"c")]
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    "refusal",
    [
        *(pytest.param(reply(status), id=str(status)) for status in (400, 404, 405, 406, 501)),
        pytest.param(reply(200, b"<html>", content_type="text/html"), id="a web page"),
    ],
)
def test_a_registry_without_the_endpoint_is_asked_for_the_tag(serve, registry, refusal) -> None:
    def answer(request, _):
        return page("tagged") if request.target.endswith(f"/manifests/{TAG}") else refusal

    assert listed(registry, serve(answer).host) == [Digest.of(b"tagged")]


def test_neither_endpoint_nor_tag_means_none(serve, registry) -> None:
    assert listed(registry, serve(lambda *_: reply(404)).host) == []


@pytest.mark.parametrize(
    "link",
    [
        "<http://127.0.0.1:1/v2/app/more>; rel=next",
        "<https://elsewhere.example/>; rel=next",
        "<//user@127.0.0.1/>; rel=next",
    ],
)
def test_a_listing_that_goes_on_elsewhere_is_refused(serve, registry, link) -> None:
    server = serve(lambda *_: page("a", link=link))
    with pytest.raises(ProtocolError, match="continues its list on another host"):
        listed(registry, server.host)


def test_a_listing_without_end_is_refused(serve, registry) -> None:
    server = serve(lambda *_: page("a", link='</v2/app/more>; rel="next"'))
    with pytest.raises(ProtocolError, match="without end"):
        listed(registry, server.host)
    assert len(server.requests) == PAGES + 1


def test_no_more_of_a_listing_without_end_is_kept_than_memory_can_take(serve, registry) -> None:
    padding = b'{"annotations": {"padding": "' + b"x" * (3 * 1024 * 1024) + b'"}, "tags": ["a"], '
    body, link = padding + index("a")[1:], '</v2/app/more>; rel="next"'
    server = serve(lambda *_: reply(200, body, content_type=media_types.OCI_INDEX, link=link))
    for listing in (listed, tags):
        with pytest.raises(ProtocolError, match="without end"):
            listing(registry, server.host)
    assert len(server.requests) == 2 * (SIZE_LIMIT // len(body) + 1)


def test_a_page_that_is_missing_is_no_end(serve, registry) -> None:
    def answer(request, _):
        return reply(404) if "more" in request.target else page("a", link="</more>; rel=next")

    with pytest.raises(ProtocolError, match="without end"):
        listed(registry, serve(answer).host)


@pytest.mark.parametrize("body", [b"{", b'{"schemaVersion": 2, "manifests": [{}]}'])
def test_a_broken_listing_is_an_error(serve, registry, body) -> None:
    server = serve(lambda *_: reply(200, body, content_type=media_types.OCI_INDEX))
    with pytest.raises(DocumentError):
        listed(registry, server.host)


def test_a_failing_registry_is_asked_again(serve, registry) -> None:
    answers = [reply(503), page("a")]
    assert listed(registry, serve(lambda *_: answers.pop(0)).host) == [Digest.of(b"a")]


HOME = "app"


def tags(registry: HttpRegistry, host: str) -> tuple[str, ...]:
    return registry.tags(Repository(host, HOME))


def test_pages_of_tags_are_followed(serve, registry) -> None:
    def answer(request, _):
        if "last=b" in request.target:
            return reply(200, b'{"tags": ["c"]}')
        return reply(200, b'{"tags": ["a", "b"]}', link='</v2/app/tags/list?last=b>; rel="next"')

    server = serve(answer)
    assert tags(registry, server.host) == ("a", "b", "c")
    assert server.requests[0].target == "/v2/app/tags/list?n=1000"


@pytest.mark.parametrize(
    "link",
    [
        '</v2/app/more>; rel=next; title="x"',
        '</v2/app/more;page=2>; rel="next"',
        '</v2/app/more>; title="a=b"; rel="next"',
        '</v2/app/more>;; rel="next"',
        '</v2/app/more>; REL="NEXT"',
        '</v2/app/more>; rel="next last"',
        '</v2/app/first>; rel="first", </v2/app/more>; rel="next"',
    ],
)
def test_no_way_to_write_the_next_page_ends_a_list_early(serve, registry, link) -> None:
    def answer(request, _):
        if "more" in request.target:
            return reply(200, b'{"tags": ["b"]}')
        return reply(200, b'{"tags": ["a"]}', link=link)

    assert tags(registry, serve(answer).host) == ("a", "b")


@pytest.mark.parametrize(
    "answer", [reply(404), reply(200, b'{"tags": null}'), reply(200, b'{"name": "app"}')]
)
def test_there_may_be_no_tags(serve, registry, answer) -> None:
    assert tags(registry, serve(lambda *_: answer).host) == ()


@pytest.mark.parametrize("body", [b"[]", b"{", b'{"tags": {}}', b'{"tags": [1]}'])
def test_what_is_no_list_of_tags_is_an_error(serve, registry, body) -> None:
    with pytest.raises(DocumentError, match="tags of"):
        tags(registry, serve(lambda *_: reply(200, body)).host)


BAD_TAGS = [
    "../../../prod/app/manifests/latest",
    "a/b",
    "a?b",
    "a#b",
    "..",
    "a%2fb",
    "",
    "a\nb",
    "a" * 129,
]


def test_what_can_be_no_tag_is_left_out_with_a_warning(serve) -> None:
    warnings: list[str] = []
    body = json.dumps({"tags": ["1.0", *BAD_TAGS, "latest"]}).encode()
    server = serve(lambda *_: reply(200, body))
    with HttpRegistry(Deadline(60), on_warning=warnings.append) as registry:
        assert tags(registry, server.host) == ("1.0", "latest")
    told = f"left out 9 listed tags that can be none, the first of them {BAD_TAGS[0]}"
    assert warnings == [f"{server.host}/app: {told}"]
