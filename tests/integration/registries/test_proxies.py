"""Proxies: the only way to a registry whose name nobody but the proxy knows."""

import time

import pytest

from manyfest.adapters.deadline import Deadline
from manyfest.adapters.endpoint import Certificates, Endpoint
from manyfest.adapters.http_registry.registry import HttpRegistry
from manyfest.adapters.memory import MemoryRegistry
from manyfest.contracts.images import docker_image, push_image
from manyfest.domain.references import Reference
from tests.support.http.certificates import LOOPBACK, self_signed
from tests.support.http.fault_server import FaultServer
from tests.support.http.faults import Silent
from tests.support.http.forward_proxy import ForwardProxy
from tests.support.http.registry_auth import BasicGate
from tests.support.http.registry_server import REGISTRY, Quirks, RegistryServer

IMAGE = docker_image()
HOST = "registry.test:5000"
NAME = f"{HOST}/team/app:v1"
LOGIN = ("user", "canary:p@ss")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return self_signed(tmp_path_factory.mktemp("certificate"), (*LOOPBACK, "DNS:registry.test"))


@pytest.fixture
def images():
    registry = MemoryRegistry()
    push_image(registry, Reference.parse(f"{REGISTRY}/team/app:v1"), IMAGE)
    return registry


@pytest.fixture
def trusted(tmp_path, monkeypatch, certificate):
    monkeypatch.setenv("MANYFEST_CERTS_D", str(tmp_path / "certs.d"))
    (tmp_path / "certs.d" / HOST).mkdir(parents=True)
    (tmp_path / "certs.d" / HOST / "ca.crt").write_bytes(certificate.file.read_bytes())


def use(monkeypatch, proxy, login=""):
    for variable in ("HTTPS_PROXY", "http_proxy"):
        monkeypatch.setenv(variable, f"http://{login}{proxy.host}")


def authorizations(server, header):
    return {request.header(header) for request in server.requests}


@pytest.mark.usefixtures("trusted")
def test_https_goes_through_a_tunnel(monkeypatch, certificate, images, manyfest):
    with (
        RegistryServer(images, certificate=certificate) as server,
        ForwardProxy({HOST: server.host}) as proxy,
    ):
        use(monkeypatch, proxy)
        done = manyfest("inspect", "--raw", NAME)
    assert (done.code, done.stdout, done.stderr) == (0, IMAGE.manifest.data, "")
    assert proxy.log() == [f"CONNECT {HOST}"]
    assert server.count("GET") == 1


def test_the_real_registry_is_reached_through_a_tunnel(
    monkeypatch, trusted, certificate, start_docker_registry, manyfest
):
    registry = start_docker_registry(certificate=certificate)
    trusting = Endpoint(registry.host, certificates=Certificates((str(certificate.file),)))
    with HttpRegistry(Deadline(30), endpoint_for=lambda _: trusting) as seeding:
        push_image(seeding, Reference.parse(f"{registry.host}/team/app:v1"), IMAGE)
    with ForwardProxy({HOST: registry.host}) as proxy:
        use(monkeypatch, proxy)
        done = manyfest("inspect", "--raw", NAME)
    assert (done.code, done.stdout) == (0, IMAGE.manifest.data)


@pytest.mark.usefixtures("trusted")
def test_one_tunnel_serves_a_whole_push(monkeypatch, certificate, images, manyfest):
    with (
        RegistryServer(images, certificate=certificate) as server,
        ForwardProxy({HOST: server.host}) as proxy,
    ):
        use(monkeypatch, proxy)
        assert manyfest("create", f"{HOST}/team/app:list", NAME).code == 0
        assert manyfest("push", f"{HOST}/team/app:list").code == 0
    assert proxy.count("CONNECT") <= 4
    assert server.count("PUT") == 1


def test_the_certificate_is_checked_behind_a_proxy_too(monkeypatch, certificate, manyfest):
    with (
        FaultServer(certificate=certificate) as server,
        ForwardProxy({HOST: server.host}) as proxy,
    ):
        use(monkeypatch, proxy)
        done = manyfest("inspect", NAME)
    assert done.code == 5
    assert f"the certificate of {HOST} is not trusted: it is self-signed" in done.stderr
    assert server.requests == ()
    assert proxy.log() == [f"CONNECT {HOST}"]


def test_insecure_goes_through_the_proxy_too(monkeypatch, certificate, images, manyfest):
    with (
        RegistryServer(images, certificate=certificate) as server,
        ForwardProxy({HOST: server.host}) as proxy,
    ):
        use(monkeypatch, proxy)
        done = manyfest("inspect", "--raw", "--insecure", NAME)
    assert (done.code, done.stdout) == (0, IMAGE.manifest.data)
    assert proxy.log() == [f"CONNECT {HOST}"]


def test_plain_http_with_insecure_is_forwarded(monkeypatch, images, manyfest):
    with (
        RegistryServer(images) as server,
        ForwardProxy({HOST: server.host}) as proxy,
    ):
        use(monkeypatch, proxy)
        done = manyfest("inspect", "--raw", "--insecure", NAME)
    assert (done.code, done.stdout) == (0, IMAGE.manifest.data)
    assert proxy.log()[-1] == f"GET http://{HOST}/v2/team/app/manifests/v1"
    assert server.count("GET") == 1


@pytest.mark.parametrize("secured", [True, False], ids=["tunnel", "plain"])
def test_logins_reach_those_they_are_for(
    tmp_path, monkeypatch, trusted, certificate, images, manyfest, secured
):
    """The proxy's stay with the proxy; the registry's are in the tunnel, where there is one."""
    gate = BasicGate("someone", "canary-registry")
    config = tmp_path / "home" / ".docker" / "config.json"
    config.parent.mkdir()
    auth = '{"username": "someone", "password": "canary-registry"}'
    config.write_text(f'{{"auths": {{"{HOST}": {auth}}}}}')
    with (
        RegistryServer(images, gate=gate, certificate=certificate if secured else None) as server,
        ForwardProxy({HOST: server.host}, login=LOGIN) as proxy,
    ):
        use(monkeypatch, proxy, "user:canary%3Ap%40ss@")
        done = manyfest("inspect", "--raw", *([] if secured else ["--insecure"]), NAME)
    assert (done.code, done.stdout, done.stderr) == (0, IMAGE.manifest.data, "")
    assert authorizations(server, "Proxy-Authorization") == {""}
    assert len(authorizations(proxy, "Proxy-Authorization")) == 1
    if secured:
        assert authorizations(proxy, "Authorization") == {""}


@pytest.mark.parametrize("options", [(), ("--insecure",)], ids=["https", "insecure"])
@pytest.mark.parametrize("login", ["", "user:canary-wrong@"], ids=["none", "wrong"])
def test_a_proxy_that_wants_another_login_is_one_clear_line(  # T32
    monkeypatch, manyfest, login, options
):
    with ForwardProxy({}, login=LOGIN) as proxy:
        use(monkeypatch, proxy, login)
        done = manyfest("inspect", *options, NAME)
    assert (done.code, len(done.stderr.splitlines())) == (5, 1)
    expected = f"its proxy {proxy.host} requires a username and a password, or refuses these (407)"
    assert expected in done.stderr
    assert "canary" not in done.stderr
    assert len(proxy.requests) == 1


def test_a_proxy_that_does_not_get_there_is_named(monkeypatch, manyfest):
    with ForwardProxy({}) as proxy:
        use(monkeypatch, proxy)
        done = manyfest("inspect", "--timeout", "2", NAME)
    assert done.code == 5
    assert f"cannot reach {HOST}: its proxy {proxy.host} answers 502" in done.stderr


def test_a_proxy_that_is_away_is_named(monkeypatch, manyfest):
    with ForwardProxy({}) as proxy:
        pass
    use(monkeypatch, proxy)
    done = manyfest("inspect", "--timeout", "2", NAME)
    assert done.code == 5
    expected = f"cannot reach {HOST}: its proxy {proxy.host} cannot be reached: connection refused"
    assert expected in done.stderr


def test_a_proxy_that_never_answers_is_ended_by_the_deadline(monkeypatch, manyfest):
    with FaultServer() as proxy:
        proxy.always("CONNECT", "*", Silent())
        use(monkeypatch, proxy)
        began = time.monotonic()
        done = manyfest("inspect", "--timeout", "1", NAME)
    assert done.code == 5
    assert "1 s" in done.stderr
    assert time.monotonic() - began < 60  # half of the usual limit


# What is in NO_PROXY, and whether the proxy is passed by.
PASSED_BY = {"name": (HOST, True), "other port": ("registry.test:1", False), "all": ("*", True)}


@pytest.mark.parametrize(("exempt", "passed_by"), PASSED_BY.values(), ids=PASSED_BY)
@pytest.mark.parametrize("options", [(), ("--insecure",)], ids=["verified", "insecure"])
def test_no_proxy_is_obeyed(monkeypatch, manyfest, exempt, passed_by, options):
    monkeypatch.setenv("NO_PROXY", exempt)
    with FaultServer() as proxy:
        use(monkeypatch, proxy)
        done = manyfest("inspect", "--timeout", "2", *options, NAME)
    assert done.code == 5
    assert bool(proxy.requests) is not passed_by


def test_loopback_is_never_asked_of_a_proxy(monkeypatch, seed, docker_registry, manyfest):
    name = seed(f"{docker_registry.host}/team/loopback:v1", IMAGE)  # T32
    with ForwardProxy({}) as proxy:
        use(monkeypatch, proxy)
        assert manyfest("inspect", name).code == 0
    assert proxy.connections == 0


def test_where_a_registry_sends_us_is_reached_through_the_proxy_too(
    monkeypatch, certificate, images, trusted, manyfest
):
    with (
        RegistryServer(images, certificate=certificate) as elsewhere,
        RegistryServer(
            images,
            certificate=certificate,
            quirks=Quirks(blobs_elsewhere="https://registry.test:6000"),
        ) as server,
        ForwardProxy({HOST: server.host, "registry.test:6000": elsewhere.host}) as proxy,
    ):
        use(monkeypatch, proxy)
        assert manyfest("inspect", "-v", NAME).code == 0
        assert manyfest("create", f"{HOST}/team/app:list", NAME).code == 0
    assert set(proxy.log()) == {f"CONNECT {HOST}", "CONNECT registry.test:6000"}
    assert elsewhere.count("GET") == 1
