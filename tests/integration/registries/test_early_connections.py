"""Connections are open before the HTTP client is there, and are as many as pay; rounds are few."""

import signal
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from manyfest.adapters.memory import MemoryRegistry
from manyfest.contracts.images import docker_image, docker_list, push_image
from manyfest.domain.references import Reference
from tests.support.faults.confined import PROGRAM
from tests.support.http.certificates import Certificate, self_signed
from tests.support.http.connection_server import ConnectionServer, wait_until_gone
from tests.support.http.registry_auth import TokenGate
from tests.support.http.registry_server import REGISTRY, RegistryServer
from tests.support.http.rounds import Rounds
from tests.support.programs.docker_client import CommandLine
from tests.support.programs.waiting import wait_until

LATE_HTTPX = Path(__file__).parents[2] / "support" / "programs" / "late_httpx"
NAME = "registry.test"
IMAGES = docker_image("linux/amd64"), docker_image("linux/arm64", text="other")

CREATE = ("create", "--push", "HOST/app:new", "HOST/app:a", "HOST/app:b")
INSPECT = ("inspect", "HOST/app:list")


class NotingServer(RegistryServer):
    """Writes a line to ``file`` for each connection that is ready for a request."""

    file: Path

    def _secured(self, connection: socket.socket) -> socket.socket:
        secured = super()._secured(connection)
        if isinstance(secured, ssl.SSLSocket):
            secured.do_handshake()
        with self._lock, self.file.open("a") as file:
            file.write("ready\n")
        return secured


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return self_signed(tmp_path_factory.mktemp("named"), (f"DNS:{NAME}", f"DNS:tokens.{NAME}"))


@contextmanager
def serving(
    file: Path, certificate: Certificate | None, **options: object
) -> Iterator[NotingServer]:
    registry = MemoryRegistry()
    planted = {"a": IMAGES[0], "b": IMAGES[1], "list": docker_list(*IMAGES)}
    for tag, image in planted.items():
        push_image(registry, Reference.parse(f"{REGISTRY}/app:{tag}"), image)
    server = NotingServer(registry, certificate=certificate, **options)
    server.file = file
    with server:
        yield server


def run(manyfest: CommandLine, server: RegistryServer, *arguments: str, at: str = NAME) -> None:
    host = server.host if server._tls is None else server.host.replace("127.0.0.1", at)
    result = manyfest(*(argument.replace("HOST", host) for argument in arguments))
    assert result.code == 0, result.stderr


PUBLISH = ("publish", *("-t", "HOST/app:1"), "HOST/app:a", "HOST/app:b")

# A command, the connections that its first round takes, and its rounds of so many requests each.
COMMANDS = {
    "inspect": (INSPECT, 1, (1,)),
    "create --push": (CREATE, 3, (3, 2, 1)),
    "publish": (PUBLISH, 3, (3, 2, 1)),
    "create": (("create", "HOST/app:new", "HOST/app:a", "HOST/app:b"), 2, (2, 2)),
    "diff": (("diff", "HOST/app:list", "HOST/app:list"), 2, None),
}


@pytest.mark.parametrize("is_tls", [False, True], ids=["plain", "TLS"])
@pytest.mark.parametrize(
    ("arguments", "connections", "rounds"), COMMANDS.values(), ids=COMMANDS.keys()
)
def test_connections_are_ready_before_the_http_client_is_imported(
    tmp_path, monkeypatch, manyfest, named, unmeasured, arguments, connections, rounds, is_tls
):
    """The import waits for them; the requests of a round wait for each other."""
    file = tmp_path / "connections"
    for name, value in {
        "PYTHONPATH": LATE_HTTPX,
        "SSL_CERT_FILE": named.file,
        "TESTS_CONNECTIONS_FILE": file,
        "TESTS_CONNECTIONS_COUNT": connections,
    }.items():
        monkeypatch.setenv(name, str(value))
    gate = Rounds(rounds) if rounds else None
    with serving(file, named if is_tls else None, **({"gate": gate} if gate else {})) as server:
        run(manyfest, server, *arguments)
        assert server.connections == connections
        assert rounds is None or len(server.requests) == sum(rounds)


def test_the_remembered_token_server_is_connected_to_early(
    tmp_path, monkeypatch, manyfest, named, unmeasured
):
    """The registry's connection and the token server's are open before anything is sent."""
    for name, value in {
        "PYTHONPATH": LATE_HTTPX,
        "SSL_CERT_FILE": named.file,
        "TESTS_CONNECTIONS_FILE": tmp_path / "connections",
        "TESTS_CONNECTIONS_COUNT": 0,
    }.items():
        monkeypatch.setenv(name, str(value))
    file = tmp_path / "connections"
    tokens = TokenGate("user", "p")
    with serving(file, named, gate=tokens) as token_server:
        realm = f"https://tokens.{NAME}:{token_server.host.rpartition(':')[2]}/token"
        gate = TokenGate("user", "p", realm=realm)
        gate._granted = tokens._granted
        with serving(file, named, gate=gate) as server:
            run(manyfest, server, *INSPECT)
            assert (server.connections, token_server.connections) == (1, 1)
            file.unlink()
            monkeypatch.setenv("TESTS_CONNECTIONS_COUNT", "2")
            run(manyfest, server, "inspect", "HOST/app:a")
            assert (server.connections, token_server.connections) == (2, 2)


# What is answered here, after the list was inspected.
ANSWERED_HERE = {
    "offline": ("inspect", "--offline", "HOST/app:list"),
    "a fresh tag": ("inspect", "--max-age", "1h", "HOST/app:list"),
    "a digest": ("inspect", f"HOST/app@{docker_list(*IMAGES).digest}"),
}


@pytest.mark.parametrize("arguments", ANSWERED_HERE.values(), ids=ANSWERED_HERE)
def test_what_is_answered_here_connects_to_nobody(tmp_path, manyfest, arguments, certificate):
    with serving(tmp_path / "connections", None) as server:
        run(manyfest, server, *INSPECT)
        run(manyfest, server, *arguments)
        assert server.connections == 1


def test_a_draft_that_is_there_connects_to_nobody(tmp_path, manyfest):
    with serving(tmp_path / "connections", None) as server:
        run(manyfest, server, "create", "HOST/app:new", "HOST/app:a")
        made = server.connections
        run(manyfest, server, "inspect", "HOST/app:new")
        refused = manyfest("create", f"{server.host}/app:new", f"{server.host}/app:b")
        assert (refused.code, server.connections) == (6, made)


def test_ctrl_c_while_hands_are_shaken_is_quiet(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(LATE_HTTPX))
    monkeypatch.setenv("TESTS_CONNECTIONS_FILE", str(tmp_path / "connections"))
    monkeypatch.setenv("TESTS_CONNECTIONS_COUNT", "0")
    with ConnectionServer(wait_until_gone) as server:
        command = [PROGRAM, "inspect", f"{server.host.replace('127.0.0.1', NAME)}/app:a"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            wait_until(lambda: server.connections, process)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=300)
    assert (process.returncode, out, err) == (130, b"", b"note: interrupted\n")
