"""Whom a command speaks to: the registry, its token server, mirrors, redirects, and nobody else."""

from pathlib import Path

import pytest

from manyfest.adapters.memory import MemoryRegistry
from manyfest.contracts.images import docker_image, docker_list, oci_image, push_image
from manyfest.domain.references import Reference
from tests.support.http.fault_server import FaultServer
from tests.support.http.faults import redirect
from tests.support.http.forward_proxy import ForwardProxy
from tests.support.http.registry_auth import TokenGate
from tests.support.http.registry_server import REGISTRY, Quirks, RegistryApp, RegistryServer

WATCHED = Path(__file__).parents[2] / "support" / "programs" / "watched"

LIST = docker_list(docker_image(), docker_image("linux/arm64", text="other"))
NAME = "named.test/team/app"


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    """Layouts are made where the test is."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def contacts(tmp_path, monkeypatch):
    """Names and addresses that the programs resolved and connected to since the last call."""
    log = tmp_path / "contacts"
    monkeypatch.setenv("PYTHONPATH", str(WATCHED))
    monkeypatch.setenv("TESTS_CONTACTS_LOG", str(log))

    def since_last():
        lines = set(log.read_text().splitlines()) if log.exists() else set()
        log.unlink(missing_ok=True)
        return lines

    return since_last


@pytest.fixture
def images():
    registry = MemoryRegistry()
    push_image(registry, Reference.parse(f"{REGISTRY}/team/app:v1"), LIST)
    push_image(
        registry,
        Reference.parse(f"{REGISTRY}/team/app:hints"),
        oci_image(urls=["http://hint.test/manifest"], annotations={"url": "http://hint.test/"}),
    )
    return registry


def connections(*servers):
    return {f"connect {server.host}" for server in servers}


def login(tmp_path, *hosts):
    config = tmp_path / "home" / ".docker" / "config.json"
    config.parent.mkdir()
    entries = ", ".join(f'"{host}": {{"username": "user", "password": "p"}}' for host in hosts)
    config.write_text(f'{{"auths": {{{entries}}}}}')


def test_the_watch_sees_contacts(contacts, manyfest):
    manyfest("inspect", "--timeout", "5", "registry.invalid/a:v1")
    assert contacts() == {"look up registry.invalid"}


def test_a_registry_alone(contacts, images, manyfest):
    with RegistryServer(images) as server:
        for tag in ("v1", "hints"):
            assert manyfest("inspect", "-v", f"{server.host}/team/app:{tag}").code == 0
        assert manyfest("create", f"{server.host}/t/new:l", f"{server.host}/team/app:v1").code == 0
        assert manyfest("push", f"{server.host}/t/new:l").code == 0
        assert contacts() == connections(server)


def test_token_servers_and_redirects(tmp_path, contacts, images, manyfest):
    with FaultServer(RegistryApp(images)) as storage, FaultServer() as sink:
        tokens = TokenGate("user", "p")
        with FaultServer(tokens) as token_server:
            gate = TokenGate("user", "p", realm=f"{token_server.url}/token")
            gate._granted = tokens._granted
            quirks = Quirks(blobs_elsewhere=storage.url)
            with RegistryServer(images, gate=gate, quirks=quirks) as server:
                login(tmp_path, server.host, sink.host, storage.host)
                assert manyfest("create", "oci:l:v1", f"{server.host}/team/app:v1").code == 0
                assert manyfest("push", "oci:l:v1").code == 0
                assert contacts() == connections(server, storage, token_server)
        assert storage.requests
        assert {request.header("Authorization") for request in storage.requests} == {""}
        assert tokens.token_requests


def test_mirrors_and_where_the_registry_stands(tmp_path, monkeypatch, contacts, images, manyfest):
    file = tmp_path / "registries.conf"
    monkeypatch.setenv("CONTAINERS_REGISTRIES_CONF", str(file))
    with RegistryServer(MemoryRegistry()) as empty, RegistryServer(images) as origin:
        file.write_text(
            f'[[registry]]\nprefix = "named.test"\nlocation = "{origin.host}"\n'
            f'[[registry.mirror]]\nlocation = "{empty.host}"\n'
            '[[registry]]\nlocation = "unused.test"\n[[registry.mirror]]\nlocation = "m.test"\n'
        )
        assert manyfest("inspect", "-v", f"{NAME}:v1").code == 0
        assert contacts() == connections(empty, origin)


@pytest.mark.parametrize("command", [["ls"], ["inspect", "--offline", "a.test/x"], ["--help"]])
def test_nobody(contacts, manyfest, command):
    manyfest(*command)
    assert contacts() == set()


# How a person allows it, and whether the command may succeed.
ALLOWED = {
    "not at all": ("", "", 1),
    "by the variable": ("127.0.0.1:1", "", 0),
    "another host by the variable": ("127.0.0.2", "", 1),
    "as a mirror": (
        "",
        '[[registry]]\nlocation = "a.test"\n[[registry.mirror]]\nlocation = "{}"',
        0,
    ),
    "as an insecure registry": ("", '[[registry]]\nlocation = "{}"\ninsecure = true', 0),
}


@pytest.mark.parametrize(("hosts", "tables", "code"), ALLOWED.values(), ids=ALLOWED)
def test_a_registry_beyond_a_proxy_sends_us_to_this_machine_only_where_allowed(
    tmp_path, monkeypatch, images, manyfest, hosts, tables, code
):
    with FaultServer(RegistryApp(images)) as here, FaultServer(RegistryApp(images)) as there:
        there.always(
            "GET", "/v2/team/app/manifests/v1", redirect(f"{here.url}/v2/team/app/manifests/v1")
        )
        with ForwardProxy(
            {"named.test": there.host, "named.test:443": there.host, "named.test:80": there.host}
        ) as proxy:
            (tmp_path / "conf").write_text(tables.replace("{}", here.host))
            monkeypatch.setenv("CONTAINERS_REGISTRIES_CONF", str(tmp_path / "conf"))
            for variable in ("HTTP_PROXY", "HTTPS_PROXY"):
                monkeypatch.setenv(variable, f"http://{proxy.host}")
            monkeypatch.setenv("MANYFEST_PRIVATE_HOSTS", hosts)
            done = manyfest("inspect", "--insecure", f"{NAME}:v1")
    assert done.code == code, done
    assert bool(here.requests) is (code == 0)
    assert ("MANYFEST_PRIVATE_HOSTS=127.0.0.1 allows it" in done.stderr) is (code == 1)
