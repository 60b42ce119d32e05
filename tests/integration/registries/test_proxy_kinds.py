"""Proxies that are spoken to by TLS, and SOCKS proxies."""

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec

import pytest

from manyfest.adapters.memory import MemoryRegistry
from manyfest.contracts.images import docker_image, push_image
from manyfest.domain.references import Reference
from tests.support.http.certificates import LOOPBACK, self_signed
from tests.support.http.fault_server import FaultServer
from tests.support.http.faults import Silent
from tests.support.http.forward_proxy import ForwardProxy
from tests.support.http.registry_server import REGISTRY, RegistryServer
from tests.support.http.socks_proxy import SocksProxy
from tests.support.programs.our_program import run_here

IMAGE = docker_image()
HOST = "registry.test:5000"
NAME = f"{HOST}/team/app:v1"
LOGIN = ("user", "canary:p@ss")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return self_signed(tmp_path_factory.mktemp("certificate"), (*LOOPBACK, "DNS:registry.test"))


@pytest.fixture(scope="module")
def proxy_certificate(tmp_path_factory):
    return self_signed(tmp_path_factory.mktemp("proxy"), LOOPBACK)


@pytest.fixture
def images():
    registry = MemoryRegistry()
    push_image(registry, Reference.parse(f"{REGISTRY}/team/app:v1"), IMAGE)
    return registry


@pytest.fixture
def trusted(tmp_path, monkeypatch, certificate, proxy_certificate):
    """The registry by certs.d, the proxy by the system's roots."""
    monkeypatch.setenv("MANYFEST_CERTS_D", str(tmp_path / "certs.d"))
    (tmp_path / "certs.d" / HOST).mkdir(parents=True)
    (tmp_path / "certs.d" / HOST / "ca.crt").write_bytes(certificate.file.read_bytes())
    monkeypatch.setenv("SSL_CERT_FILE", str(proxy_certificate.file))


@pytest.fixture
def server(images, certificate):
    with RegistryServer(images, certificate=certificate) as running:
        yield running


def use(monkeypatch, scheme, proxy, login=""):
    for variable in ("HTTPS_PROXY", "HTTP_PROXY"):
        monkeypatch.setenv(variable, f"{scheme}://{login}{proxy.host}")


@pytest.mark.usefixtures("trusted")
def test_tls_goes_through_a_proxy_by_tls(monkeypatch, server, proxy_certificate, manyfest):
    with ForwardProxy({HOST: server.host}, login=LOGIN, certificate=proxy_certificate) as proxy:
        use(monkeypatch, "https", proxy, "user:canary%3Ap%40ss@")
        done = manyfest("inspect", "--raw", NAME)
        assert (done.code, done.stdout, done.stderr) == (0, IMAGE.manifest.data, "")
        assert manyfest("create", "--push", f"{HOST}/team/app:list", NAME).code == 0
    assert set(proxy.log()) == {f"CONNECT {HOST}"}
    assert server.count("PUT") == 1


@pytest.mark.usefixtures("trusted")
def test_layers_go_through_a_proxy_by_tls_both_ways(
    tmp_path, monkeypatch, images, server, proxy_certificate, manyfest
):
    big = docker_image(text=os.urandom(2**19).hex())  # of many TLS records
    push_image(images, Reference.parse(f"{REGISTRY}/team/app:big"), big)
    with ForwardProxy({HOST: server.host}, certificate=proxy_certificate) as proxy:
        use(monkeypatch, "https", proxy)
        layout = f"oci:{tmp_path}/layout:big"
        assert manyfest("copy", f"{HOST}/team/app:big", layout).code == 0
        assert manyfest("copy", layout, f"{HOST}/new:big").code == 0
    assert set(proxy.log()) == {f"CONNECT {HOST}"}


def test_plain_http_is_forwarded_by_a_proxy_by_tls(
    monkeypatch, images, proxy_certificate, trusted, manyfest
):
    with (
        RegistryServer(images) as server,
        ForwardProxy({HOST: server.host}, certificate=proxy_certificate) as proxy,
    ):
        use(monkeypatch, "https", proxy)
        done = manyfest("inspect", "--raw", "--insecure", NAME)
    assert (done.code, done.stdout) == (0, IMAGE.manifest.data)
    assert proxy.log()[-1] == f"GET http://{HOST}/v2/team/app/manifests/v1"


@pytest.mark.parametrize("options", [(), ("--insecure",)], ids=["https", "insecure"])
def test_a_proxy_whose_certificate_is_not_trusted_is_blamed_itself(
    monkeypatch, proxy_certificate, manyfest, options
):
    with ForwardProxy({}, certificate=proxy_certificate) as proxy:
        use(monkeypatch, "https", proxy)
        done = manyfest("inspect", *options, NAME)
    assert (done.code, len(done.stderr.splitlines())) == (5, 1)
    assert f"its proxy {proxy.host} has a certificate that is not trusted" in done.stderr
    assert proxy.requests == ()


def test_a_proxy_that_speaks_no_tls_is_blamed_itself(monkeypatch, manyfest):
    with ForwardProxy({}) as proxy:
        use(monkeypatch, "https", proxy)
        done = manyfest("inspect", NAME)
    assert done.code == 5
    assert f"its proxy {proxy.host} does not speak TLS on this port" in done.stderr


@pytest.mark.usefixtures("trusted")
def test_the_registry_s_certificate_is_checked_inside(
    monkeypatch, proxy_certificate, tmp_path, manyfest
):
    other = self_signed(tmp_path / "other", ("DNS:registry.test",))
    with (
        FaultServer(certificate=other) as server,
        ForwardProxy({HOST: server.host}, certificate=proxy_certificate) as proxy,
    ):
        use(monkeypatch, "https", proxy)
        done = manyfest("inspect", NAME)
    assert done.code == 5
    assert f"the certificate of {HOST} is not trusted" in done.stderr
    assert server.requests == ()


@pytest.mark.usefixtures("trusted")
def test_a_server_that_never_shakes_hands_inside_is_ended_by_the_deadline(
    monkeypatch, proxy_certificate, manyfest
):
    with (
        FaultServer() as proxy_target,
        ForwardProxy({HOST: proxy_target.host}, certificate=proxy_certificate) as proxy,
    ):
        proxy_target.always("*", "*", Silent())
        use(monkeypatch, "https", proxy)
        began = time.monotonic()
        done = manyfest("inspect", "--timeout", "2", NAME)
    assert done.code == 5
    assert time.monotonic() - began < 60  # half of the usual limit


socks = pytest.mark.skipif(find_spec("socksio") is None, reason="socksio is missing")


@socks
@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("scheme", ["socks5", "socks5h"])
@pytest.mark.parametrize("login", [None, LOGIN], ids=["open", "login"])
def test_a_socks_proxy_looks_up_the_name(monkeypatch, server, manyfest, scheme, login):
    with SocksProxy({HOST: server.host}, login=login) as proxy:
        use(monkeypatch, scheme, proxy, "user:canary%3Ap%40ss@" if login else "")
        done = manyfest("inspect", "--raw", NAME)
    assert (done.code, done.stdout, done.stderr) == (0, IMAGE.manifest.data, "")
    assert set(proxy.asked) == {HOST}


@socks
@pytest.mark.parametrize("login", ["", "user:canary-wrong@"], ids=["none", "wrong"])
def test_a_socks_proxy_that_wants_another_login_is_one_clear_line(monkeypatch, manyfest, login):
    with SocksProxy({}, login=LOGIN) as proxy:
        use(monkeypatch, "socks5", proxy, login)
        done = manyfest("inspect", NAME)
    assert (done.code, len(done.stderr.splitlines())) == (5, 1)
    assert (
        f"its proxy {proxy.host} requires a username and a password, or refuses these\n"
        in done.stderr
    )
    assert "canary" not in done.stderr


@socks
def test_a_socks_proxy_that_does_not_get_there_is_named(monkeypatch, manyfest):
    with SocksProxy({}) as proxy:
        use(monkeypatch, "socks5", proxy)
        done = manyfest("inspect", "--timeout", "8", NAME)
    assert done.code == 5
    assert f"its proxy {proxy.host} cannot connect to it: host unreachable" in done.stderr


@contextmanager
def saying(words: bytes) -> Iterator[str]:
    """A server that says these words to everyone and hangs up."""

    def serve() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with connection:
                    connection.recv(100)
                    connection.sendall(words)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        yield "{}:{}".format(*listener.getsockname())
        listener.shutdown(socket.SHUT_RDWR)


WORDS = [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"", b"\x05", b"\x05\x00\x00"]


@socks
@pytest.mark.parametrize("words", WORDS)
def test_what_is_no_socks_proxy_is_named(monkeypatch, manyfest, words):
    with saying(words) as host:
        monkeypatch.setenv("HTTPS_PROXY", f"socks5://{host}")
        done = manyfest("inspect", "--timeout", "8", NAME)
    assert (done.code, len(done.stderr.splitlines())) == (5, 1)
    assert f"its proxy {host} does not speak SOCKS 5" in done.stderr


@socks
def test_a_socks_proxy_that_is_away_is_named(monkeypatch, manyfest):
    with SocksProxy({}) as proxy:
        host = proxy.host
    monkeypatch.setenv("HTTPS_PROXY", f"socks5://{host}")
    done = manyfest("inspect", "--timeout", "8", NAME)
    assert done.code == 5
    assert f"its proxy {host} cannot be reached: connection refused" in done.stderr


def test_without_the_package_a_socks_proxy_is_one_clear_line(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "socks5://user:canary@127.0.0.1:1")
    module = "manyfest.adapters.http_registry.transport.proxies"
    monkeypatch.setattr(f"{module}.find_spec", lambda _name: None)
    done = run_here("inspect", NAME)
    assert (done.code, len(done.stderr.splitlines())) == (1, 1)
    assert "HTTPS_PROXY: a SOCKS proxy needs the package socksio: pip install" in done.stderr
    assert "canary" not in done.stderr
