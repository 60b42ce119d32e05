"""Any ``Retry-After``, ``Link``, token and error answer: a value or our own error."""

import base64
import json
import time
from contextlib import closing, suppress
from datetime import UTC, datetime

import pytest
from attrs import frozen
from hypothesis import given
from hypothesis import strategies as st

from manyfest.adapters.http_registry.api import pagination as paging
from manyfest.adapters.http_registry.auth import bearer as tokens
from manyfest.adapters.http_registry.reliability import retry as retries
from manyfest.adapters.http_registry.session import error_responses as refusals
from manyfest.adapters.http_registry.session import redirects
from manyfest.adapters.http_registry.transport.slim_httpx import httpx
from manyfest.domain.errors import ManyfestError, ProtocolError
from tests.property.mutations import json_texts

NOW = datetime(2026, 1, 1, tzinfo=UTC)
DATE = "Wed, 21 Oct 2026 07:28:00 GMT"


@st.composite
def damaged_dates(draw: st.DrawFn) -> str:
    place = draw(st.integers(0, len(DATE)))
    middle = draw(st.text("0123456789+-:, ", max_size=6) | st.text(max_size=3))
    return DATE[:place] + middle + DATE[draw(st.integers(place, len(DATE))) :]


@given(damaged_dates() | st.text(max_size=30) | st.from_regex(r"-?[0-9]{1,400}(\.[0-9]*)?(ms|s)?"))
def test_any_retry_after_is_a_time_to_wait_or_none(text: str) -> None:
    seconds = retries.retry_after(text, NOW)
    assert seconds is None or seconds >= 0


@frozen
class Host:
    """The parts of a response that ``next_url`` reads."""

    name: str = "r.example"


def answer(status: int, body: bytes = b"", **headers: str) -> httpx.Response:
    request = httpx.Request("GET", "https://r.example/v2/a/referrers/x")
    named = {name.replace("_", "-").encode(): text.encode() for name, text in headers.items()}
    return httpx.Response(
        status, headers=list(named.items()), stream=httpx.ByteStream(body), request=request
    )


PIECES = st.sampled_from(
    [
        *("<", ">", ";", ",", "rel=", "next", '"', "/v2/a/more", "https://r.example", "http://["),
        *(
            "//evil",
            "?n=1",
            "@",
            ":99999999",
            ":x",
            "%zz",
            "\\",
            " ",
            "..",
            "\u00e4",
            "javascript:",
        ),
    ]
)
LINKS = st.lists(PIECES, max_size=12).map("".join)
NEXT = LINKS.map(lambda text: f'<{text.replace(">", "")}>; rel="next"')


@given(LINKS | NEXT | st.text(st.characters(exclude_categories=["Cs", "Cc"])))
def test_any_link_leads_within_the_registry_or_is_refused(text: str) -> None:
    with suppress(ProtocolError):
        url = paging.next_url(answer(200, link=text), Host(), "x")
        assert url is None or httpx.URL(url).copy_with(raw_path=b"/") == "https://r.example/"


NO_URLS = ["http://[", "//:x", ":A://["]


@pytest.mark.parametrize("url", NO_URLS)
def test_a_link_that_is_no_url_is_refused(url: str) -> None:
    with pytest.raises(ProtocolError, match="another host"):
        paging.next_url(answer(200, link=f'<{url}>; rel="next"'), Host(), "x")


@given(LINKS | st.text(st.characters(exclude_categories=["Cs", "Cc"])))
def test_any_location_is_an_address_or_refused(text: str) -> None:
    with suppress(ProtocolError):
        url = redirects.redirect_target(answer(307, location=text), "r.example", "x")
        assert url.scheme == "https"
        assert url.host


@pytest.mark.parametrize("url", NO_URLS)
def test_a_location_that_is_no_url_is_refused(url: str) -> None:
    with pytest.raises(ProtocolError, match="an unusable address"):
        redirects.redirect_target(answer(307, location=url), "r.example", "x")


TOKEN = {"token": "a.b.c", "expires_in": 300, "scope": "repository:a/b:pull"}
CLAIMS = {"access": [{"type": "repository", "name": "a/b", "actions": ["pull", "push"]}]}


@given(json_texts(TOKEN, {"access_token": "x", "issued_at": "2026-01-01T00:00:00Z"}))
def test_any_answer_of_a_token_server_is_a_token_or_refused(data: bytes) -> None:
    with suppress(ProtocolError):
        token = tokens.parse_token(data, "auth.example")
        assert token.value.isascii()
        assert 60 <= token.seconds <= 86_400


@given(json_texts(CLAIMS) | st.binary())
def test_any_claims_are_scopes_or_none(claims: bytes) -> None:
    text = base64.urlsafe_b64encode(claims).decode().rstrip("=")
    granted = tokens.Token(f"a.{text}.c", 60.0).granted
    assert granted is None or isinstance(granted, frozenset)


ERRORS = {"errors": [{"code": "DENIED", "message": "no", "detail": {"digest": "sha256:x"}}]}


@given(json_texts(ERRORS), st.sampled_from([400, 401, 403, 404, 409, 429, 500, 503, 599]))
def test_any_refusal_is_one_short_line(body: bytes, status: int) -> None:
    with closing(answer(status, body)) as response:
        error = refusals.error_for_response(response, "r.example", "r.example/a:1")
    assert isinstance(error, ManyfestError) or "Transient" in type(error).__name__
    assert str(error).isprintable()
    assert len(str(error)) < 400


def test_reading_long_headers_takes_no_longer_than_their_length() -> None:
    before = time.process_time()
    for piece in ("<a>;", "<a", "; ", ">", "<a>; rel=x,"):
        paging.next_url(answer(200, link=piece * 25_000), Host(), "x")
        retries.retry_after(piece * 25_000, NOW)
    assert time.process_time() - before < 3


def test_what_is_damaged_was_whole() -> None:
    assert tokens.parse_token(json.dumps(TOKEN).encode(), "x").value == "a.b.c"
    assert retries.retry_after(DATE, NOW) > 0
