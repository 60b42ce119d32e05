"""Secrets stay with the host they belong to, and with the token servers that may have them."""

import base64
import json
import socket
import ssl
import threading
from urllib.parse import quote

import pytest

from manyfest.adapters.credentials.registry_auth import RegistryAuth
from manyfest.adapters.deadline import Deadline
from manyfest.adapters.endpoint import Certificates, Endpoint
from manyfest.adapters.http_registry.registry import HttpRegistry
from manyfest.domain.access import Credentials
from manyfest.domain.errors import CredentialsError, ManyfestError, RefusedError
from manyfest.domain.media_types import OCI_INDEX
from manyfest.domain.references import Reference
from tests.support.http.certificates import LOOPBACK, self_signed

PASSWORD, HEADER = "canary-password", "canary-header-value"
LOGIN = Credentials("user", PASSWORD)
CANARIES = (PASSWORD, HEADER, base64.b64encode(f"user:{PASSWORD}".encode()).decode())
NAMES = (*LOOPBACK, "DNS:registry.test", "DNS:auth.registry.test", "DNS:elsewhere.test")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return self_signed(tmp_path_factory.mktemp("certificate"), NAMES)


@pytest.fixture
def encrypted(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.file, certificate.key)
    return context


@pytest.fixture(autouse=True)
def _names_on_loopback(monkeypatch):
    def resolve(_host, port, **_):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)


@pytest.fixture
def client(certificate):
    def make(credentials=None, realms=(), headers=None):
        account = RegistryAuth(lambda _: credentials, lambda: headers or {}, frozenset(realms))
        trusted = Certificates(authorities=(str(certificate.file),))
        return HttpRegistry(
            Deadline(20, jitter=lambda: -1.4),
            account=account,
            endpoint_for=lambda repository: Endpoint(repository.registry, certificates=trusted),
        )

    return make


def named(server, name):
    return server.host.replace("127.0.0.1", name)


def blob(host):
    return Reference.parse(f"{host}/t/app@sha256:{'0' * 64}")


def look(registry, host):
    """A request that is let in finds nothing."""
    assert registry.probe_blob(blob(host)) is None


def wanting_tokens(reply, realm):
    def answer(request, _):
        if request.headers.get("authorization") == "Bearer token":
            return reply(404)
        return reply(401, www_authenticate=f'Bearer realm="{realm}",service="s"')

    return answer


def giving_tokens(reply):
    return lambda *_: reply(200, json.dumps({"token": "token"}).encode())


# The realm's host, who logs in, the realms that are listed; whether a token is got
REALMS = {
    "a stranger, elsewhere": ("elsewhere.test", None, (), True),
    "a login, in the registry's domain": ("auth.registry.test", LOGIN, (), True),
    "a login, elsewhere": ("elsewhere.test", LOGIN, (), False),
    "a login, elsewhere but listed": ("elsewhere.test", LOGIN, ("elsewhere.test",), True),
    "a login, another one listed": ("elsewhere.test", LOGIN, ("other.test",), False),
    "a login, its parent listed": ("elsewhere.test", LOGIN, ("test",), False),
}


@pytest.mark.parametrize(("name", "login", "listed", "is_asked"), REALMS.values(), ids=REALMS)
def test_credentials_go_to_realms_by_rule(
    serve, reply, client, encrypted, name, login, listed, is_asked
):  # A1
    realm = serve(giving_tokens(reply), encrypted)
    url = f"https://{named(realm, name)}/token"
    server = serve(wanting_tokens(reply, url), encrypted)
    host = named(server, "registry.test")
    with client(login, listed) as registry:
        if is_asked:
            look(registry, host)
        else:
            with pytest.raises(CredentialsError, match=f"MANYFEST_AUTH_REALMS={name}") as caught:
                registry.head_blob(blob(host))
            assert PASSWORD not in str(caught.value)
    assert len(realm.requests) == is_asked
    for request in realm.requests:
        assert ("authorization" in request.headers) == (login is not None)


@pytest.mark.parametrize("login", [None, LOGIN])
@pytest.mark.parametrize("listed", [(), ("registry.test",)])
def test_a_realm_over_plain_http_is_not_asked_for_an_https_registry(
    serve, reply, client, encrypted, login, listed
):  # A2
    realm = serve(giving_tokens(reply))
    url = f"http://{named(realm, 'registry.test')}/token"
    server = serve(wanting_tokens(reply, url), encrypted)
    with client(login, listed) as registry, pytest.raises(CredentialsError, match="plain HTTP"):
        registry.head_blob(blob(named(server, "registry.test")))
    assert realm.requests == []


def test_a_later_challenge_is_checked_like_the_first(serve, reply, client, encrypted):  # A7
    good, evil = serve(giving_tokens(reply), encrypted), serve(giving_tokens(reply), encrypted)
    urls = iter(
        [
            f"https://{named(good, 'auth.registry.test')}/",
            f"https://{named(evil, 'elsewhere.test')}/",
        ]
    )

    def answer(*_):
        return reply(401, www_authenticate=f'Bearer realm="{next(urls)}",service="s"')

    server = serve(answer, encrypted)
    with client(LOGIN) as registry, pytest.raises(CredentialsError, match=r"elsewhere\.test"):
        registry.head_blob(blob(named(server, "registry.test")))
    assert (len(good.requests), evil.requests) == (1, [])


def test_a_token_server_that_redirects_is_not_followed(serve, reply, client, encrypted):  # A6
    sink = serve(giving_tokens(reply), encrypted)
    there = f"https://{named(sink, 'elsewhere.test')}/token"
    realm = serve(lambda *_: reply(307, location=there), encrypted)
    url = f"https://{named(realm, 'auth.registry.test')}/token"
    server = serve(wanting_tokens(reply, url), encrypted)
    with client(LOGIN) as registry, pytest.raises(Exception, match="307"):
        registry.head_blob(blob(named(server, "registry.test")))
    assert sink.requests == []


def test_headers_of_ones_own_go_to_the_registry_alone(serve, reply, client, encrypted):  # A21
    realm = serve(giving_tokens(reply), encrypted)
    sink = serve(lambda *_: reply(404), encrypted)
    wanting = wanting_tokens(reply, f"https://{named(realm, 'auth.registry.test')}/token")
    there = f"https://{named(sink, 'elsewhere.test')}/blob"

    def answer(request, connection):
        answered = wanting(request, connection)
        is_let_in = answered.startswith(b"HTTP/1.1 404")
        return reply(307, location=there) if is_let_in else answered

    server = serve(answer, encrypted)
    with client(LOGIN, headers={"X-Own": HEADER, "accept": "evil"}) as registry:
        look(registry, named(server, "registry.test"))
    assert [request.headers["x-own"] for request in server.requests] == [HEADER] * 2
    others = str([request.headers for request in (*realm.requests, *sink.requests)])
    assert HEADER not in others
    assert [secret for secret in CANARIES if secret in str(sink.requests[0].headers)] == []


def test_what_the_registry_echoes_is_blotted_out(serve, reply, client):
    def answer(request, _):
        if "authorization" not in request.headers:
            return reply(401, www_authenticate='Basic realm="r"')
        own = [request.headers[name] for name in ("authorization", "x-own")]
        return reply(400, f"{own} {PASSWORD}".encode())

    server = serve(answer)
    with client(LOGIN, headers={"X-Own": HEADER}) as registry, pytest.raises(RefusedError) as error:
        registry.get_manifest(blob(server.host))
    assert "***" in str(error.value)
    assert [secret for secret in CANARIES if secret in str(error.value)] == []


@pytest.mark.parametrize("secret", ["registry_token", "identity_token"])
def test_tokens_are_blotted_out_too(serve, reply, client, secret):
    realm = serve(lambda request, _: reply(500, request.body))
    url = f"http://{realm.host}/token"

    def answer(request, _):
        if "authorization" not in request.headers:
            return reply(401, www_authenticate=f'Bearer realm="{url}",service="s"')
        return reply(400, request.headers["authorization"].encode())

    server = serve(answer)
    login = Credentials(**{secret: "canary-token"})
    with client(login) as registry, pytest.raises(Exception, match=r"refused|500") as error:
        registry.get_manifest(blob(server.host))
    assert "***" in str(error.value)
    assert "canary" not in str(error.value)


def raw(head, body=b""):
    return f"HTTP/1.1 {head}\r\n\r\n".encode() + body


# By place, the answer to a request whose secret is ``echo``.
ECHOES = {
    "the digest's header": lambda reply, echo: reply(
        200, b"{}", docker_content_digest=echo, content_type=OCI_INDEX
    ),
    "the media type": lambda reply, echo: reply(200, b"{}", content_type=f"application/{echo}"),
    "mediaType": lambda reply, echo: reply(
        200, json.dumps({"schemaVersion": 2, "mediaType": echo}).encode()
    ),
    "a member twice": lambda reply, echo: reply(
        200, f'{{"{echo}": 1, "{echo}": 2}}'.encode(), content_type=OCI_INDEX
    ),
    "a realm": lambda reply, echo: reply(
        401, www_authenticate=f'Bearer realm="ftp://{echo}/{echo}",service="s"'
    ),
    "a realm, cut": lambda reply, echo: reply(
        401, www_authenticate=f'Bearer realm="ftp://{"a" * 100}/{echo}",service="s"'
    ),
    "the status line": lambda _, echo: raw(f"2000 {echo}"),
    "a header's line": lambda _, echo: raw(f"200 OK\r\n{echo} {echo}"),
    "a length": lambda _, echo: raw(f"200 OK\r\nContent-Length: {echo}"),
    "a chunk": lambda _, echo: raw("200 OK\r\nTransfer-Encoding: chunked", f"{echo}\r\n".encode()),
    "an encoding": lambda reply, echo: reply(200, b"{}", content_encoding=echo),
    "where it sends us": lambda reply, echo: reply(307, location=f"http://{echo}.test:1/"),
    "an error in base64": lambda reply, echo: reply(400, base64.b64encode(echo.encode())),
    "an error, quoted": lambda reply, echo: reply(400, json.dumps({"sent": echo}).encode()),
    "an error, as a part of a URL": lambda reply, echo: reply(400, f"/?a={quote(echo)}".encode()),
}


@pytest.mark.parametrize("answered", ECHOES.values(), ids=ECHOES)
@pytest.mark.parametrize("of", ["authorization", "password", "x-own"])
def test_an_echo_is_masked_wherever_it_is(serve, reply, client, answered, of):
    secret = 'canary/p+ss "w\\rd' if answered is ECHOES["an error, quoted"] else PASSWORD

    def answer(request, _):
        if "authorization" not in request.headers:
            return reply(401, www_authenticate='Basic realm="r"')
        pair = request.headers["authorization"].partition(" ")[2]
        return answered(reply, {"authorization": pair, "password": secret, "x-own": HEADER}[of])

    server = serve(answer)
    login = Credentials("user", secret)
    tag = Reference.parse(f"{server.host}/t/app:v1")
    with (
        client(login, headers={"X-Own": HEADER}) as registry,
        pytest.raises(ManyfestError) as error,
    ):
        registry.get_manifest(tag)
    shown = f"{error.value} {error.value!r}"
    pair = base64.b64encode(f"user:{secret}".encode()).decode()
    assert [part for part in ("canary", pair, pair[:12]) if part in shown] == []


@pytest.mark.parametrize("value", [f"{HEADER} ", f"{HEADER}\n", f"{HEADER}\0"])
def test_a_header_that_cannot_be_sent_is_neither_shown_nor_the_registrys_fault(
    serve, reply, client, value
):
    server = serve(lambda *_: reply(404))
    with client(headers={"X-Own": value}) as registry, pytest.raises(ManyfestError) as error:
        registry.head_blob(blob(server.host))
    assert "cannot be sent as HTTP" in str(error.value)
    assert "canary" not in str(error.value)
    assert server.requests == []


def test_a_realm_with_an_echo_is_explained_without_it(serve, reply, client):
    def answer(request, _):
        is_known = "authorization" in request.headers
        challenge = f'Basic realm="{PASSWORD if is_known else "r"}"'
        return reply(401, www_authenticate=challenge)

    server = serve(answer)
    with client(LOGIN) as registry:
        why = registry.access.explain(Reference.parse(f"{server.host}/t/app:v1"))
    assert why.realm == "***"


def test_hosts_that_are_spoken_to_in_one_way_make_nobody_wait(serve, reply, client, encrypted):
    """All first requests are under way at once: each is answered only when the last has come."""
    together = threading.Barrier(16, timeout=60)

    def answer(*_):
        together.wait()
        return reply(404)

    server = serve(answer, encrypted)
    host, failed = named(server, "registry.test"), []
    with client() as registry:

        def ask():
            try:
                look(registry, host)
            except BaseException as error:  # noqa: BLE001 - told below
                failed.append(error)

        threads = [threading.Thread(target=ask) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert failed == []
    assert len(server.requests) == 16


DETAILS = {
    "a text, as distribution 2": ("sha256:abc", True),
    "a digest by name": ({"digest": "sha256:abc"}, True),
    "as Go spells it": ({"Digest": "sha256:abc"}, True),
    "something else": ([{"Type": "repository"}], False),
    "none": (None, False),
}


@pytest.mark.parametrize(("detail", "is_told"), DETAILS.values(), ids=DETAILS)
def test_a_refusal_tells_what_is_missing(serve, reply, client, detail, is_told):
    error = {"code": "MANIFEST_BLOB_UNKNOWN", "message": "blob unknown", "detail": detail}
    server = serve(
        lambda *_: reply(
            400, json.dumps({"errors": [error]}).encode(), content_type="application/json"
        )
    )
    with client() as registry, pytest.raises(RefusedError, match="MANIFEST_BLOB_UNKNOWN") as caught:
        registry.get_manifest(blob(server.host))
    assert ("sha256:abc" in str(caught.value)) == is_told
