"""Requests to token servers, and the answers that are accepted."""

import base64
import json
from urllib.parse import parse_qs, urlsplit

import pytest

from manyfest.adapters.http_registry.auth import scope as scopes
from manyfest.adapters.http_registry.auth.bearer import parse_token, token_request
from manyfest.adapters.http_registry.auth.realm_policy import Realm
from manyfest.domain.access import Credentials
from manyfest.domain.errors import ProtocolError

REALM = Realm("https://auth.example.com/token", "auth.example.com")

GOOD = {
    "token": ({"token": "abc", "expires_in": 300}, "abc", 300),
    "access_token": ({"access_token": "abc", "expires_in": 300}, "abc", 300),
    "both": ({"token": "abc", "access_token": "x"}, "abc", 60),
    "token null beside access_token": ({"token": None, "access_token": "abc"}, "abc", 60),
    "unknown members": ({"token": "abc", "issued_at": "9999-12-31T00:00:00Z"}, "abc", 60),
    "expires_in 0": ({"token": "abc", "expires_in": 0}, "abc", 60),
    "expires_in negative": ({"token": "abc", "expires_in": -5}, "abc", 60),
    "expires_in a text": ({"token": "abc", "expires_in": "300"}, "abc", 60),
    "expires_in true": ({"token": "abc", "expires_in": True}, "abc", 60),
    "expires_in null": ({"token": "abc", "expires_in": None}, "abc", 60),
    "expires_in huge": ({"token": "abc", "expires_in": 1e308}, "abc", 86400),
    "expires_in a fraction": ({"token": "abc", "expires_in": 90.5}, "abc", 90.5),
}
BAD = {
    "empty object": b"{}",
    "token null": b'{"token": null}',
    "token a number": b'{"token": 5}',
    "token empty": b'{"token": ""}',
    "token an object": b'{"token": {}}',
    "line break": b'{"token": "a\\r\\nX: y"}',
    "not ASCII": '{"token": "ä"}'.encode(),
    "blank": b'{"token": "a b"}',
    "NUL": b'{"token": "a\\u0000"}',
    "a list": b"[]",
    "HTML": b"<html>",
    "nothing": b"",
    "token twice": b'{"token": "a", "token": "b"}',
    "not UTF-8": b'{"token": "\xff"}',
    "infinite life": b'{"token": "a", "expires_in": Infinity}',
}


@pytest.mark.parametrize(("answer", "value", "seconds"), GOOD.values(), ids=GOOD)
def test_tokens_are_taken_with_a_sane_life(answer, value, seconds):
    token = parse_token(json.dumps(answer).encode(), "auth.example.com")
    assert (token.value, token.seconds) == (value, seconds)


@pytest.mark.parametrize("data", BAD.values(), ids=BAD)
def test_answers_without_a_usable_token_are_refused_by_host(data):
    with pytest.raises(ProtocolError, match=r"auth\.example\.com"):
        parse_token(data, "auth.example.com")


def test_an_anonymous_request_names_service_and_scopes_only():
    wanted = scopes.push("a/b") | scopes.pull("c")
    request = token_request(REALM, "svc", wanted, None)
    assert (request.method, request.headers, request.body) == ("GET", {}, None)
    assert parse_qs(urlsplit(request.url).query) == {
        "service": ["svc"],
        "scope": ["repository:a/b:pull,push", "repository:c:pull"],
    }


def test_a_password_goes_in_the_header_alone():
    request = token_request(REALM, "svc", scopes.pull("a"), Credentials("u", "pw"))
    assert base64.b64decode(request.headers["Authorization"].split()[1]) == b"u:pw"
    assert "pw" not in request.url + repr(request)


def test_an_identity_token_is_posted_and_never_sent_as_password():
    request = token_request(
        REALM, "svc", scopes.pull("a"), Credentials("u", "", identity_token="refresh-me")
    )
    assert request.method == "POST"
    assert request.body is not None
    form = parse_qs(request.body.decode())
    assert form["grant_type"] == ["refresh_token"]
    assert form["refresh_token"] == ["refresh-me"]
    assert form["scope"] == ["repository:a:pull"]
    assert "Authorization" not in request.headers


def test_a_realm_with_a_query_keeps_it():
    request = token_request(Realm("https://h/t?x=1", "h"), "s", frozenset(), None)
    assert request.url == "https://h/t?x=1&service=s"


@pytest.mark.parametrize(
    ("text", "expected"),
    {
        "two actions": ("repository:a/b:pull,push", scopes.push("a/b")),
        "two scopes": (
            "repository:a:pull registry:catalog:*",
            scopes.pull("a") | {("registry:catalog", "*")},
        ),
        "a class": ("repository(plugin):a:pull", {("repository(plugin):a", "pull")}),
        "nonsense": ("x : :pull repository:a:", set()),
        "endless": ("repository:a:pull " * 1000, set()),
    }.values(),
)
def test_challenged_scopes_are_read(text, expected):
    assert scopes.parse(text) == expected


def jwt(claims):
    middle = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"e30.{middle}.c2ln"


READ = [{"type": "repository", "name": "a/b", "actions": ["pull", "push"]}]
TOLD = {
    "by the answer": ({"token": "abc", "scope": "repository:a:pull"}, scopes.pull("a")),
    "by claims": ({"token": jwt({"access": READ})}, scopes.push("a/b")),
    "by claims that grant nothing": ({"token": jwt({"access": []})}, frozenset()),
    "the answer before the claims": (
        {"token": jwt({"access": READ}), "scope": "repository:a:pull"},
        scopes.pull("a"),
    ),
    "not at all": ({"token": "abc"}, None),
    "not by a number": ({"token": "abc", "scope": 5}, None),
    "not by claims of another shape": ({"token": jwt({"access": [{"type": "x"}]})}, None),
    "not by claims that are no list": ({"token": jwt({"access": "x"})}, None),
    "not by claims that are no JSON": ({"token": "a.!!!.c"}, None),
}


@pytest.mark.parametrize(("answer", "expected"), TOLD.values(), ids=TOLD)
def test_what_was_granted_is_told_by_answer_or_token(answer, expected):
    assert parse_token(json.dumps(answer).encode(), "auth.example.com").granted == expected
