"""Faults of registries and token servers during authentication."""

import gzip
import io
import json
from collections.abc import Iterator

import pytest

from manyfest.adapters.deadline import Deadline
from manyfest.adapters.http_registry.registry import HttpRegistry
from manyfest.domain.references import Reference
from tests.support.faults.judged import refused, succeeded
from tests.support.faults.registries import IMAGES, MANIFESTS, registry_of
from tests.support.http.fault_server import FaultServer
from tests.support.http.faults import Endless, Fault, Reset, html, redirect, unavailable, with_body
from tests.support.http.http_messages import Answer
from tests.support.http.registry_auth import BasicGate, TokenGate

USER, PASSWORD = "user", "canary-password"
IMAGE = IMAGES[0]


@pytest.fixture
def login(tmp_path):
    """Makes docker's configuration hold one login for these hosts."""

    def make(*hosts: str) -> None:
        file = tmp_path / "home" / ".docker" / "config.json"
        file.parent.mkdir()
        entry = {"username": USER, "password": PASSWORD}
        file.write_text(json.dumps({"auths": dict.fromkeys(hosts, entry)}))

    return make


def challenge(*lines: str) -> Answer:
    """401 with these ``WWW-Authenticate`` lines."""
    headers = [("WWW-Authenticate", line) for line in lines]
    return Answer(401, b'{"errors": [{"code": "UNAUTHORIZED"}]}', tuple(headers))


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with registry_of(IMAGE) as running:
        yield running


@pytest.fixture
def log_in(server, monkeypatch) -> tuple[str, ...]:
    """The arguments of a login whose password is on standard input."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(PASSWORD.encode())))
    return "login", "-u", USER, "--password-stdin", server.host


def test_a_login_page_is_not_what_lets_us_in(server, log_in, tmp_path):  # C7
    server.always("GET", "/v2/", html())
    refused(*log_in, code=1, words=(f"{server.host} sends a web page",))
    assert not (tmp_path / "home" / ".docker").exists()


def test_a_word_that_is_called_a_page_lets_us_in(server, log_in):
    server.always("GET", "/v2/", with_body(b"true")(html()))
    succeeded(*log_in)


# What a registry asks with, our exit code and words of our line.
CHALLENGES = {
    "nothing": ((), 4, "does not name a known authentication scheme"),
    "an empty line": (("",), 4, "does not name a known authentication scheme"),
    "no scheme": (('="x", ,,',), 4, "does not name a known authentication scheme"),
    "unknown schemes": (
        ("Negotiate", 'Digest realm="r", nonce="n"'),
        4,
        "does not name a known authentication scheme, but 'Negotiate, Digest realm=",
    ),
    "Bearer without realm": (
        ('Bearer service="s"',),
        4,
        "does not name a known authentication scheme, but 'Bearer service=\"s\"'",
    ),
    "an open quote": (
        ('Bearer realm="http://127.0.0.1/t',),
        4,
        "does not name a known authentication scheme",
    ),
    "Basic": (('Basic realm="r"',), 4, "no basic auth credentials"),
    "a realm that is a file": (('Bearer realm="file:///etc/passwd"',), 1, "token server"),
    "a realm without host": (('Bearer realm="http:///token"',), 1, "token server"),
    "a realm that is a word": (('Bearer realm="token"',), 1, "token server"),
    "a realm of another scheme": (('Bearer realm="gopher://127.0.0.1/"',), 1, "token server"),
    "a realm with a login": (('Bearer realm="http://a:b@127.0.0.1/"',), 1, "token server"),
    "a realm with a control character": (
        ('Bearer realm="http://127.0.0.1/\x1b[31m"',),
        1,
        "127.0.0.1",
    ),
    "a realm of 50 KiB": (
        (f'Bearer realm="http://127.0.0.1/{"x" * 50_000}"',),
        1,
        "token server",
    ),
    "a realm of 1 MiB": ((f'Bearer realm="http://127.0.0.1/{"x" * 2**20}"',), 1, "HTTP"),
}


@pytest.mark.parametrize(("lines", "code", "words"), CHALLENGES.values(), ids=CHALLENGES)
def test_a_challenge_that_makes_no_sense_is_one_line(server, lines, code, words):  # A4, A9
    server.always("GET", MANIFESTS, challenge(*lines))
    refused("inspect", f"{server.host}/app:0", code=code, words=(server.host, words))
    assert server.count() == 1


@pytest.mark.parametrize("anonymous", [True, False])
def test_a_realm_that_is_a_path_is_asked_at_the_registry(login, anonymous):  # H13
    gate = TokenGate(USER, PASSWORD, anonymous_pull=anonymous, realm="/token")
    with registry_of(IMAGE, gate=gate) as server:
        login(server.host)
        succeeded("inspect", f"{server.host}/app:0")
        told = succeeded("auth", "why", f"{server.host}/app:0")
    assert b"challenge:      a token from /token" in told.stdout
    assert gate.token_requests[0].header("Authorization").startswith("Basic ")


@pytest.mark.parametrize("in_one_line", [False, True])
def test_of_two_challenges_the_one_that_tells_less_is_answered(login, in_one_line):  # A9
    gate = TokenGate(USER, PASSWORD, anonymous_pull=False)
    with registry_of(IMAGE, gate=gate) as server:
        bearer = f'Bearer realm="{server.url}/token",service="registry.test"'
        lines = ('Basic realm="r"', bearer)
        asked = challenge(", ".join(lines)) if in_one_line else challenge(*lines)
        server.on("GET", MANIFESTS, asked)
        login(server.host)
        succeeded("inspect", f"{server.host}/app:0")
    shown = [r.header("Authorization").partition(" ")[0] for r in server.requests]
    assert shown[:2] == ["", "Basic"]
    assert server.log()[1].startswith("GET /token?")
    assert set(shown[2:]) == {"Bearer"}


@pytest.mark.parametrize("scheme", ["Basic", "Bearer"])
@pytest.mark.parametrize("known", [True, False])
def test_401_for_ever_ends_after_three(login, scheme, known):  # A10
    with FaultServer() as server:
        realm = f"{server.url}/token" if scheme == "Bearer" else "r"
        server.always("GET", "/token", Answer(200, b'{"token": "canary-token"}'))
        server.always("GET", MANIFESTS, challenge(f'{scheme} realm="{realm}"'))
        if known:
            login(server.host)
        line = refused("inspect", f"{server.host}/app:0", code=4, words=(server.host,))
    assert "canary" not in line
    assert server.count("GET", MANIFESTS) <= 3
    assert server.count("GET", "/token") <= 2


# What the token server answers, our exit code, words of our line, and how often it is asked.
TOKENS: dict[str, tuple[Fault, int, str, int]] = {
    "nothing": (Answer(200), 1, "token server", 1),
    "an empty object": (Answer(200, b"{}"), 1, "without a token", 1),
    "a token that is null": (Answer(200, b'{"token": null}'), 1, "without a token", 1),
    "a token that is a number": (Answer(200, b'{"token": 5}'), 1, "without a token", 1),
    "a token with a line's end": (Answer(200, b'{"token": "a\\r\\nb"}'), 1, "odd characters", 1),
    "a page": (html(), 1, "sends a web page, not a token", 1),
    "deep": (Answer(200, b"[" * 100_000), 1, "token server", 1),
    "200 KiB": (Answer(200, b" " * 200_000 + b"{}"), 1, "more than 131072 bytes", 1),
    "a bomb": (
        Answer(200, gzip.compress(bytes(2**20)) * 50, (("Content-Encoding", "gzip"),)),
        1,
        "token server",
        1,
    ),
    "a redirect": (redirect("http://127.0.0.1:1/token"), 1, "redirects (307)", 1),
    "no content": (Answer(204), 1, "answers 204 and no token", 1),
    "400": (Answer(400), 1, "400", 1),
    "401": (challenge("Bearer"), 4, "token server", 1),
    "403": (Answer(403), 4, "none that may be used without credentials", 1),
    "404": (Answer(404), 1, "404", 1),
    "500 for ever": (Answer(500), 5, "tried 5 times", 5),
    "resets for ever": (Reset(), 5, "tried 5 times", 5),
    "too many requests": (unavailable(429, "3600"), 5, "asked to wait 3600 s", 1),
}


@pytest.fixture
def tokens() -> Iterator[FaultServer]:
    with FaultServer() as running:
        yield running


@pytest.fixture
def asking(server, tokens) -> FaultServer:
    """A registry that wants tokens of ``tokens``, and takes none."""
    server.always("GET", MANIFESTS, challenge(f'Bearer realm="{tokens.url}/token",service="s"'))
    return server


@pytest.mark.parametrize(("fault", "code", "words", "asked"), TOKENS.values(), ids=TOKENS)
def test_a_token_server_that_goes_wrong_is_named(asking, tokens, fault, code, words, asked):  # A11
    tokens.always("GET", "/token", fault)
    name = f"{asking.host}/app:0"
    refused("inspect", name, code=code, words=(name, "token server", tokens.host, words))
    assert tokens.count() == asked
    assert asking.count() == 1


@pytest.mark.parametrize("status", [401, 403])
def test_login_is_advised_for_the_registry_and_not_its_token_server(asking, tokens, status):  # A25
    said = b'{"errors": [{"code": "DENIED", "message": "not for strangers"}]}'
    tokens.always("GET", "/token", Answer(status, said, (("Content-Type", "application/json"),)))
    words = (f"so its token server {tokens.host}: DENIED: not for strangers",)
    line = refused("inspect", f"{asking.host}/app:0", code=4, words=words)
    assert line.endswith(f"(manyfest login {asking.host})")


@pytest.mark.parametrize("status", [201, 202, 203])
def test_a_token_that_comes_in_an_odd_answer_is_not_shown(asking, tokens, status):
    tokens.always("GET", "/token", Answer(status, b'{"token": "confidential"}'))
    line = refused("inspect", f"{asking.host}/app:0", code=1, words=(str(status),))
    assert "confidential" not in line


def test_a_token_without_end_is_read_to_its_limit(asking, tokens):  # A11
    endless = Endless(("Content-Type", "application/json"), piece=b" " * 65536)
    tokens.always("GET", "/token", endless)
    refused("inspect", f"{asking.host}/app:0", code=1, words=("more than 131072 bytes",))
    assert endless.sent < 32 * 2**20  # what is under way on loopback


def test_a_token_server_s_pause_is_kept_and_the_registry_not_asked_again(asking, tokens):
    tokens.on("GET", "/token", unavailable(503, "1"))
    tokens.always("GET", "/token", Answer(200, b'{"token": "good"}'))
    refused("inspect", f"{asking.host}/app:0", code=4)  # the registry takes no token at all
    first, second = tokens.arrivals[:2]
    assert second - first >= 1
    assert asking.count() <= 3


def test_more_scope_is_asked_for_once(server, tokens):  # A15
    """A registry that wants more for reading than is usual, and says so only then."""
    given = iter([b'{"token": "first"}', b'{"token": "second"}'])
    tokens.always("GET", "/token", lambda _: Answer(200, next(given)))
    usual = f'Bearer realm="{tokens.url}/token",service="s"'
    more = f'{usual},scope="repository:app:pull,push",error="insufficient_scope"'
    server.on("GET", MANIFESTS, challenge(usual), challenge(more))
    succeeded("inspect", f"{server.host}/app:0")
    scopes = [request.query.get("scope") for request in tokens.requests]
    assert scopes == [["repository:app:pull"], ["repository:app:pull,push"]]
    assert server.count("GET", MANIFESTS) == 3


def test_403_is_not_tried_again_and_says_what_the_registry_says(login):  # A17
    said = b'{"errors": [{"code": "DENIED", "message": "not for\\u001b[31m you"}]}'
    with registry_of(IMAGE, gate=BasicGate(USER, PASSWORD)) as server:
        denied = Answer(403, said, (("Content-Type", "application/json"),))
        server.always("GET", MANIFESTS, lambda good: good if good.status == 401 else denied)
        login(server.host)
        refused("inspect", f"{server.host}/app:0", code=4, words=("denied: DENIED: not for",))
    assert server.count() == 2


def test_wrong_credentials_are_rejected_by_name_and_not_shown(login):  # A18
    with registry_of(IMAGE, gate=BasicGate(USER, "another")) as server:
        login(server.host)
        words = ("config.json were rejected", server.host)
        line = refused("inspect", f"{server.host}/app:0", code=4, words=words)
    assert "canary" not in line


def test_cookies_are_not_kept(server, tokens):  # A20
    """Not even for the same host; and hosts that differ by their port are one to a cookie."""
    cookie = ("Set-Cookie", "session=canary; Path=/")
    server.always("GET", "*", lambda good: good.with_header(*cookie))
    tokens.always("GET", "*", redirect(f"{server.url}/v2/app/manifests/0").with_header(*cookie))
    with HttpRegistry(Deadline(20)) as registry:
        for host in (server.host, tokens.host, server.host):
            registry.get_manifest(Reference.parse(f"{host}/app:0"))
    asked = (*server.requests, *tokens.requests)
    assert len(asked) == 4
    assert {request.header("Cookie") for request in asked} == {""}


def test_a_repository_that_is_not_there_or_not_for_strangers_is_said_so():  # A23
    gate = TokenGate(USER, PASSWORD, anonymous_pull=False)
    with registry_of(IMAGE, gate=gate) as server:
        words = "no such repository, or none that may be used without credentials"
        refused("inspect", f"{server.host}/nowhere:1", code=4, words=(words,))


def test_a_manifest_that_is_not_there_is_told_from_no_access(server):  # A23
    refused("inspect", f"{server.host}/app:9", code=3, words=("no such manifest",))
