"""Plain HTTP or HTTPS: what is tried, what is learnt, and what never happens."""

import re
import socket
import ssl
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from manyfest.adapters.deadline import Deadline
from manyfest.adapters.endpoint import PLAIN, SECURE, UNVERIFIED, Endpoint
from manyfest.adapters.http_registry.registry import HttpRegistry
from manyfest.adapters.http_registry.transport import tls
from manyfest.cli.advice.remedies import told
from manyfest.domain.errors import RefusedError, UnreachableError
from manyfest.domain.references import Reference
from tests.support.http.certificates import LOOPBACK, WRONG_NAME, expired, self_signed

CONTACTS = {
    "a public name": ("reg.example.com", False, (SECURE,)),
    "a public name, insecure": ("reg.example.com:5000", True, (UNVERIFIED, PLAIN)),
    "the hub": ("docker.io", False, (SECURE,)),
    "localhost": ("localhost", False, (PLAIN, SECURE)),
    "localhost with port": ("localhost:5000", False, (PLAIN, SECURE)),
    "under localhost": ("reg.localhost:5000", False, (PLAIN, SECURE)),
    "127/8": ("127.9.9.9:5000", False, (PLAIN, SECURE)),
    "::1": ("[::1]:5000", False, (PLAIN, SECURE)),
    "localhost, insecure": ("localhost:5000", True, (PLAIN, UNVERIFIED)),
    "look-alike": ("127.0.0.1.evil.com", False, (SECURE,)),
    "another look-alike": ("localhost.evil.com", False, (SECURE,)),
    "private": ("10.0.0.1:5000", False, (SECURE,)),
    "local domain": ("reg.local:5000", False, (SECURE,)),
}

COMPLAINTS = {
    "Go's": b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n",
    "nginx's": b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\n\r\n<html>",
    "a TLS alert": b"\x15\x03\x01\x00\x02\x02\x46",
    "none": b"",
}


@pytest.mark.parametrize(("host", "insecure", "contacts"), CONTACTS.values(), ids=CONTACTS)
def test_hosts_are_spoken_to_in_these_ways(host, insecure, contacts):
    assert Endpoint(host, insecure=insecure).modes == contacts


def test_the_hub_is_asked_at_its_registry_host():
    assert Endpoint("docker.io").address == "registry-1.docker.io"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    folder = tmp_path_factory.mktemp("certificates")
    return {
        "good": self_signed(folder / "good"),
        "expired": expired(folder / "expired", (*LOOPBACK, "DNS:registry.test")),
        "wrong name": self_signed(folder / "wrong", WRONG_NAME),
    }


def context(certificate):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(certificate.file, certificate.key)
    return made


@pytest.fixture
def trust(certificates, monkeypatch):
    """Makes one of the certificates the only root of this system."""

    def as_root(kind):
        monkeypatch.setenv("SSL_CERT_FILE", str(certificates[kind].file))
        tls.verifying.cache_clear()

    yield as_root
    tls.verifying.cache_clear()


@pytest.fixture
def names_on_loopback(monkeypatch):
    """Every name is looked up to loopback, though it is not a loopback name."""

    def resolve(_host, port, **_):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)


def registry(*, insecure=False):
    return HttpRegistry(Deadline(20, jitter=lambda: -1.4), insecure=insecure)


def blob(host):
    return Reference.parse(f"{host}/t/app@sha256:{'0' * 64}")


def absent(reply):
    return lambda *_: reply(404)


def ask(client, host):
    assert client.probe_blob(blob(host)) is None


@pytest.mark.parametrize("complaint", COMPLAINTS.values(), ids=COMPLAINTS)
def test_a_tls_server_on_loopback_is_found_once(serve, reply, certificates, trust, complaint):
    trust("good")
    server = serve(absent(reply), context(certificates["good"]), complaint)
    with registry() as client:
        ask(client, server.host)
        ask(client, server.host)
    assert len(server.requests) == 2


@pytest.mark.parametrize("complaint", COMPLAINTS.values(), ids=COMPLAINTS)
def test_a_plain_server_that_stumbles_is_not_taken_for_tls(serve, reply, complaint):
    server = serve(
        lambda *_: None if len(server.requests) == 1 else reply(404), complaint=complaint
    )
    with registry() as client:
        ask(client, server.host)
    assert len(server.requests) == 2


def test_a_plain_400_on_first_contact_stays_an_answer(serve, reply):
    server = serve(lambda *_: reply(400, b"no", content_type="text/plain"))
    with registry() as client, pytest.raises(RefusedError, match=r"400 Bad Request\): no"):
        client.get_manifest(blob(server.host))
    assert (len(server.requests), server.complaints) == (1, 1)


FAULTS = {
    "unknown authority": ("good", False, "it is self-signed"),
    "expired": ("expired", True, "it has expired"),
    "wrong name": ("wrong name", True, "it is for another"),
}


@pytest.mark.usefixtures("names_on_loopback")
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("name", ["127.0.0.1", "registry.test"])
def test_a_certificate_that_is_not_right_is_named_and_ends_it(
    serve, reply, certificates, trust, fault, name
):
    kind, is_root, words = FAULTS[fault]
    if is_root:
        trust(kind)
    server = serve(absent(reply), context(certificates[kind]))
    host = server.host.replace("127.0.0.1", name)
    with registry() as client, pytest.raises(UnreachableError, match=words) as refused:
        client.head_blob(blob(host))
    assert re.search(rf"{words}.*--insecure", told(refused.value))
    assert server.requests == []


@pytest.mark.parametrize("name", ["127.0.0.1", "registry.test"])
def test_insecure_takes_any_certificate(serve, reply, certificates, names_on_loopback, name):
    server = serve(absent(reply), context(certificates["expired"]))
    with registry(insecure=True) as client:
        ask(client, server.host.replace("127.0.0.1", name))
    assert len(server.requests) == 1


def test_a_public_host_that_speaks_plain_http_is_refused_with_a_hint(
    serve, reply, names_on_loopback
):
    server = serve(absent(reply))
    host = server.host.replace("127.0.0.1", "registry.test")
    with registry() as client, pytest.raises(UnreachableError) as refused:
        client.head_blob(blob(host))
    assert told(refused.value).endswith("TLS on this port (--insecure also tries plain HTTP)")
    assert server.requests == []


@pytest.mark.parametrize("complaint", COMPLAINTS.values(), ids=COMPLAINTS)
def test_insecure_goes_on_to_plain_http(serve, reply, names_on_loopback, complaint):
    server = serve(absent(reply), complaint=complaint)
    host = server.host.replace("127.0.0.1", "registry.test")
    with registry(insecure=True) as client:
        ask(client, host)
        ask(client, host)
    assert len(server.requests) == 2


@pytest.mark.parametrize("complaint", ["Go's", "nginx's", "none"])
def test_insecure_tries_tls_again_where_only_a_handshake_was_cut_off(
    serve, reply, certificates, names_on_loopback, complaint
):
    server = serve(absent(reply), Stumbling(certificates["good"]), COMPLAINTS[complaint])
    with registry(insecure=True) as client:
        ask(client, server.host.replace("127.0.0.1", "registry.test"))
    assert (len(server.requests), server.complaints) == (1, 1)


class Stumbling:
    """A TLS context that ends the first connection instead of shaking hands."""

    def __init__(self, certificate):
        self._context, self._stumbles = context(certificate), iter([True])

    def wrap_socket(self, connection, **options):
        if next(self._stumbles, False):
            raise ConnectionAbortedError
        return self._context.wrap_socket(connection, **options)


def test_what_reads_does_not_wait_for_first_contact(serve, reply):
    together = threading.Barrier(8, timeout=60)

    def answer(*_):
        together.wait()  # all requests are here before the first is answered
        return reply(404)

    with registry() as client:
        in_threads(8, client, serve(answer).host)


def test_what_was_learnt_is_not_tried_again(serve, reply, certificates, trust):
    trust("good")
    server = serve(absent(reply), context(certificates["good"]), COMPLAINTS["Go's"])
    with registry() as client:
        in_threads(8, client, server.host)
        tried = server.complaints
        in_threads(8, client, server.host)
    assert len(server.requests) == 16
    assert 1 <= tried <= 8
    assert server.complaints == tried


def in_threads(number, client, host):
    with ThreadPoolExecutor(number) as threads:
        list(threads.map(lambda _: ask(client, host), range(number)))
