"""Remembered facts about a host save requests, permit nothing, and cost one try when wrong."""

import socket
import ssl
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext

import httpx
import pytest

from manyfest.adapters.credentials.registry_auth import ANONYMOUS, RegistryAuth
from manyfest.adapters.deadline import Deadline
from manyfest.adapters.endpoint import Endpoint
from manyfest.adapters.http_registry.auth.authorizer import Authorizer
from manyfest.adapters.http_registry.auth.bearer import Token
from manyfest.adapters.http_registry.auth.challenge import Challenge
from manyfest.adapters.http_registry.auth.scope import AccessRequest, pull
from manyfest.adapters.http_registry.registry import HttpRegistry
from manyfest.adapters.http_registry.transport import sockets, tls
from manyfest.adapters.http_registry.transport.httpx_transport import TIMEOUT
from manyfest.adapters.http_registry.transport.network_backend import DeadlineBackend
from manyfest.domain.access import Credentials
from manyfest.domain.errors import UnauthorizedError, UnreachableError
from manyfest.domain.ports.host_book import HostFacts
from manyfest.domain.references import Reference
from tests.support.http.certificates import self_signed

USER = RegistryAuth(lambda _: Credentials("user", "canary-password"))


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return self_signed(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def context(certificate, monkeypatch):
    """A TLS server's, which this system trusts."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.file))
    tls.verifying.cache_clear()
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(certificate.file, certificate.key)
    yield made
    tls.verifying.cache_clear()


class Doorman:
    """Answers as a registry that wants tokens of its own, and hands them out."""

    def __init__(self, reply, *, refuses_with=401, realm="/token", gives="good"):
        self.reply, self.refuses_with, self.realm, self.gives = reply, refuses_with, realm, gives
        self.url = ""

    def __call__(self, request, _socket):
        if request.target.startswith("/token"):
            return self.reply(200, b'{"token": "%s"}' % self.gives.encode())
        if request.target.startswith("/old"):
            return self.reply(200, b'{"token": "of-the-old-realm"}')
        if request.headers.get("authorization") == "Bearer good":
            return self.reply(404)
        if "authorization" in request.headers and self.refuses_with != 401:
            return self.reply(self.refuses_with, b"bad token")
        challenge = f'Bearer realm="{self.url}{self.realm}",service="svc"'
        return self.reply(401, www_authenticate=challenge)


@pytest.fixture
def door(serve, reply):
    """Starts a server with a doorman."""

    def start(**rules):
        doorman = Doorman(reply, **rules)
        server = serve(doorman)
        doorman.url = f"http://{server.host}"
        return server

    return start


def facts(server, scheme="http", realm="", service="", *, insecure=False):
    realm = realm and f"http://{server.host}{realm}"
    return HostFacts(server.host, insecure, scheme, realm, service)


def client(known=None, *, insecure=False, account=ANONYMOUS, asked=None, timeout=TIMEOUT):
    def known_of(host, /, *, insecure):
        if asked is not None:
            asked.append((host, insecure))
        return known

    deadline = Deadline(20, jitter=lambda: -1.4)
    return HttpRegistry(
        deadline, insecure=insecure, account=account, known_of=known_of, timeout=timeout
    )


def ask(registry, server):
    name = Reference.parse(f"{server.host}/t/app@sha256:{'0' * 64}")
    assert registry.probe_blob(name) is None


def targets(server):
    return [request.target.split("?")[0].split("/")[1] for request in server.requests]


EMPTY_INDEX = b'{"schemaVersion": 2, "manifests": []}'

# The answers to listings of referrers, and whether the host counts as one without them.
LISTINGS = {
    "none": ([404, 404], True),
    "all": ([200, 200], False),
    "one, and none for another repository": ([404, 200], False),
    "the same the other way round": ([200, 404], False),
}


@pytest.mark.parametrize(("statuses", "is_missing"), LISTINGS.values(), ids=LISTINGS)
@pytest.mark.parametrize("was_missing", [True, False, None])
def test_a_host_lists_referrers_once_it_listed_any(serve, reply, statuses, is_missing, was_missing):
    answers = iter(statuses)
    server = serve(lambda *_: reply(next(answers), EMPTY_INDEX))
    known = None
    if was_missing is not None:
        known = HostFacts(server.host, insecure=False, scheme="http", lacks_referrers=was_missing)
    subject = Reference.parse(f"{server.host}/t/app@sha256:{'0' * 64}")
    with client(known) as registry:
        assert registry.lacks_referrers(subject.home) == bool(was_missing)
        for status in statuses:
            assert registry.listed_referrers(subject) == (() if status == 200 else None)
        assert registry.lacks_referrers(subject.home) == is_missing
        learnt = [each.lacks_referrers for each in registry.facts_learnt]
    assert learnt == ([is_missing] if is_missing != bool(was_missing) else [])


def test_a_host_is_looked_up_once_by_the_rules_that_hold(serve, reply):
    server, asked = serve(lambda *_: reply(404)), []
    with client(insecure=True, asked=asked) as registry:
        ask(registry, server)
        ask(registry, server)
    assert asked == [(server.host, True)]


# Schemes


def test_the_usual_scheme_is_not_worth_remembering(serve, reply):
    server = serve(lambda *_: reply(404))
    with client() as registry:
        assert registry.facts_learnt == ()
        ask(registry, server)
        assert registry.facts_learnt == ()


def test_tls_on_loopback_is_remembered_and_not_looked_for_again(serve, reply, context):
    server = serve(lambda *_: reply(404), context)
    with client() as registry:
        ask(registry, server)
        (learnt,) = registry.facts_learnt
    assert learnt == facts(server, "https")
    assert server.complaints == 1
    with client(learnt) as registry:
        ask(registry, server)
        assert registry.facts_learnt == ()
    assert server.complaints == 1


def test_a_server_that_speaks_plain_http_by_now_costs_one_try(serve, reply):
    server = serve(lambda *_: reply(404))
    with client(facts(server, "https")) as registry:
        ask(registry, server)
        ask(registry, server)
        assert registry.facts_learnt == (facts(server, "http"),)
    assert (server.complaints, len(server.requests)) == (1, 2)


def test_a_plain_server_that_is_silent_to_tls_is_found_nevertheless(serve, reply):
    server = serve(lambda *_: reply(404))
    speak = server._serve
    server._serve = lambda connection: silent_to_tls(connection) or speak(connection)
    with client(facts(server, "https"), timeout=httpx.Timeout(30, connect=0.3)) as registry:
        ask(registry, server)
    assert len(server.requests) == 1


def silent_to_tls(connection):
    """Reads a hello until its sender goes away, and says nothing."""
    if connection.recv(1, socket.MSG_PEEK) == b"\x16":
        while connection.recv(65536):
            pass
    return False


def test_a_server_that_speaks_tls_by_now_costs_one_try(serve, reply, context):
    server = serve(lambda *_: reply(404), context)
    with client(facts(server, "http", "/token"), insecure=True) as registry:
        ask(registry, server)
        (learnt,) = registry.facts_learnt
    assert learnt.scheme == "https"
    assert len(server.requests) == 1


@pytest.mark.parametrize("insecure", [False, True])
def test_a_remembered_scheme_is_used_only_where_it_is_allowed(serve, reply, monkeypatch, insecure):
    """registry.test is not loopback by its name, so plain HTTP wants --insecure."""
    server = serve(lambda *_: reply(404))
    resolve_to_loopback(monkeypatch)
    host = server.host.replace("127.0.0.1", "registry.test")
    name = Reference.parse(f"{host}/t/app@sha256:{'0' * 64}")
    known = HostFacts(host, insecure, "http")
    refused = nullcontext() if insecure else pytest.raises(UnreachableError)
    with client(known, insecure=insecure) as registry, refused:
        registry.probe_blob(name)
    assert server.complaints == (0 if insecure else 1)
    assert len(server.requests) == (1 if insecure else 0)


def resolve_to_loopback(monkeypatch):
    def resolve(_host, port, **_):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)


# Challenges


def test_a_challenge_is_answered_before_it_is_made_again(door):
    server = door()
    with client() as registry:
        ask(registry, server)
        (learnt,) = registry.facts_learnt
    assert learnt == facts(server, "http", "/token", "svc")
    assert targets(server) == ["v2", "token", "v2"]
    server.forget_requests()
    with client(learnt) as registry:
        ask(registry, server)
        assert registry.facts_learnt == ()
    assert targets(server) == ["token", "v2"]
    assert "service=svc" in server.requests[0].target


@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_realm_that_moved_costs_one_try(door, status):
    server = door(refuses_with=status)
    with client(facts(server, "http", "/old", "svc")) as registry:
        ask(registry, server)
        assert registry.facts_learnt == (facts(server, "http", "/token", "svc"),)
    discovery = ["v2", "token", "v2"]
    tried = ["old", "v2"]
    assert targets(server) == tried + (discovery if status != 401 else discovery[1:])


@pytest.mark.parametrize("status", [403, 404, 500])
def test_a_realm_that_is_gone_costs_one_try(door, status, monkeypatch, reply):
    server = door()
    answer = server.answer
    server.answer = lambda request, at: (
        reply(status) if request.target.startswith("/old") else answer(request, at)
    )
    with client(facts(server, "http", "/old", "svc")) as registry:
        ask(registry, server)
        assert registry.facts_learnt == (facts(server, "http", "/token", "svc"),)
    assert targets(server) == ["old", "v2", "token", "v2"]


def test_many_that_were_wrong_together_are_all_served(door):
    server = door(refuses_with=403)
    known = facts(server, "http", "/old", "svc")
    with client(known) as registry, ThreadPoolExecutor(16) as threads:
        list(threads.map(lambda _: ask(registry, server), range(16)))
        assert registry.facts_learnt == (facts(server, "http", "/token", "svc"),)
    assert targets(server).count("old") == 1


def test_a_host_that_wants_no_token_any_more_is_forgotten_when_it_takes_none(serve, reply):
    def answer(request, _):
        return reply(400 if "authorization" in request.headers else 404)

    server = serve(lambda request, at: token_or(answer, reply, request, at))
    with client(facts(server, "http", "/token", "svc")) as registry:
        ask(registry, server)
        assert registry.facts_learnt == (facts(server, "http"),)


def token_or(answer, reply, request, at):
    if request.target.startswith("/token"):
        return reply(200, b'{"token": "x"}')
    return answer(request, at)


BAD_REALMS = {
    "an address that is not public": "https://10.0.0.1/token",
    "plain HTTP elsewhere": "http://auth.example.com/token",
    "no URL": "token",
    "another port of a foreign host": "https://evil.example:8443/token",
}


@pytest.mark.parametrize("realm", BAD_REALMS.values(), ids=BAD_REALMS)
def test_a_remembered_realm_gets_nothing_that_an_announced_one_would_not(door, monkeypatch, realm):
    server, reached = door(), set()
    connect = DeadlineBackend.connect_tcp

    def noted(backend, host, *arguments, **options):
        reached.add(host)
        return connect(backend, host, *arguments, **options)

    monkeypatch.setattr(DeadlineBackend, "connect_tcp", noted)
    known = HostFacts(server.host, insecure=False, scheme="http", realm=realm)
    with client(known, account=USER) as registry:
        ask(registry, server)
    assert targets(server) == ["v2", "token", "v2"]
    assert reached == {"127.0.0.1"}


def test_a_password_is_sent_to_nobody_who_did_not_ask(serve, reply):
    def answer(request, _):
        if "authorization" in request.headers:
            return reply(404)
        return reply(401, www_authenticate="Basic")

    server = serve(answer)
    with client(account=USER) as registry:
        ask(registry, server)
        assert registry.facts_learnt == ()
    assert [("authorization" in r.headers) for r in server.requests] == [False, True]


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_nothing_secret_goes_in_the_clear_because_of_what_is_remembered(
    serve, reply, monkeypatch, scheme
):
    """Off this machine, with ``--insecure``: it spoke plain HTTP earlier, and may speak TLS now."""

    def answer(request, _):
        if "authorization" in request.headers:
            return reply(404)
        return reply(401, www_authenticate='Bearer realm="https://auth.example.com"')

    server = serve(answer)
    number = int(server.host.rpartition(":")[2])
    there = [(socket.AF_INET, ("127.0.0.1", number))]
    monkeypatch.setattr(sockets, "addresses_of", lambda *_: there)
    name = f"registry.example.com:{number}"
    known = HostFacts(name, insecure=True, scheme=scheme, realm="https://auth.example.com")
    account = RegistryAuth(lambda _: Credentials(registry_token="canary"))
    digest = f"sha256:{'0' * 64}"
    with client(known, insecure=True, account=account) as registry:
        registry.probe_blob(Reference.parse(f"{name}/t/app@{digest}"))
    expected = [False, True] if scheme == "http" else [True]
    assert [("authorization" in r.headers) for r in server.requests] == expected


def test_who_was_asked_by_now_does_not_share_the_fate_of_a_presumption():
    """A thread that asks the old realm late, and one that was told the new one meanwhile."""
    is_asked, may_fail = threading.Event(), threading.Event()

    def ask(request, _):
        if "new" in request.url:
            return Token("good", 60)
        is_asked.set()
        may_fail.wait(60)
        raise UnauthorizedError("127.0.0.1", "no such realm")

    def challenge(realm):
        return Challenge("bearer", {"realm": f"http://127.0.0.1:1/{realm}"})

    access = AccessRequest("it", "t/app", pull("t/app"))
    authorizer = Authorizer(Endpoint("127.0.0.1:1"), ANONYMOUS, ask, challenge("old"))
    with ThreadPoolExecutor(1) as pool:
        late = pool.submit(authorizer.preemptive_header, access, is_plain=True)
        assert is_asked.wait(60)
        timer = threading.Timer(0.5, may_fail.set)
        timer.start()
        header = authorizer.header_for_challenge(
            challenge("new"), access, refused=None, is_plain=True
        )
        assert (header, late.result()) == ("Bearer good", None)
    assert authorizer.challenge == challenge("new")


def test_nothing_secret_is_learnt(door):
    server = door()
    with client(account=USER) as registry:
        ask(registry, server)
        assert "canary" not in repr(registry.facts_learnt)
        assert "good" not in repr(registry.facts_learnt)


def test_who_is_rejected_with_facts_is_rejected_as_without(door):
    server = door(gives="bad")
    with client(facts(server, "http", "/token", "svc")) as registry:
        name = Reference.parse(f"{server.host}/t/app@sha256:{'0' * 64}")
        with pytest.raises(UnauthorizedError):
            registry.head_blob(name)
