"""Connections that are opened early, to servers that make them useless: nothing else changes."""

import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from manyfest.adapters.http_registry.transport import tls
from manyfest.adapters.http_registry.transport.early_connections import (
    Destination,
    EarlyConnections,
)
from manyfest.adapters.http_registry.transport.sockets import Connected
from manyfest.adapters.memory import MemoryRegistry
from manyfest.contracts.images import docker_image, push_image
from manyfest.domain.references import Reference
from tests.support.http.certificates import WRONG_NAME, Certificate, self_signed
from tests.support.http.connection_server import ConnectionServer, Treatment, wait_until_gone
from tests.support.http.registry_server import REGISTRY, RegistryServer
from tests.support.programs.docker_client import Result
from tests.support.programs.our_program import run_here

NAME = "registry.test"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return self_signed(tmp_path_factory.mktemp("named"), (f"DNS:{NAME}", "IP:127.0.0.1"))


@pytest.fixture(autouse=True)
def _names(monkeypatch: pytest.MonkeyPatch, named: Certificate) -> Iterator[None]:
    """Names in ``.test`` are of this machine, which only a resolver knows."""
    real = socket.getaddrinfo

    def look_up(host: str, *rest: object, **options: object) -> object:
        return real("127.0.0.1" if host.endswith(".test") else host, *rest, **options)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setenv("SSL_CERT_FILE", str(named.file))
    tls.verifying.cache_clear()
    yield
    tls.verifying.cache_clear()


def speaks_first(connection: socket.socket) -> None:
    connection.sendall(ANSWER)
    wait_until_gone(connection)


def closes(_connection: socket.socket) -> None:
    """The end of the treatment is the end of the connection."""


def speaks_first_in_tls(named: Certificate) -> Treatment:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(named.file, named.key)

    def treat(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as inside:
            inside.sendall(b"noise")
            wait_until_gone(inside)

    return treat


HOSTILE: dict[str, Callable[[Certificate], Treatment]] = {
    "speaks first": lambda _: speaks_first,
    "speaks first in TLS": speaks_first_in_tls,
    "closes at once": lambda _: closes,
    "never shakes hands": lambda _: wait_until_gone,
}


def outcomes(monkeypatch: pytest.MonkeyPatch, host: str, *options: str) -> tuple[Result, Result]:
    """The results of the same command with early connections, and without any."""
    early = run_here("inspect", *options, f"{host}/app:v1")
    monkeypatch.setattr(EarlyConnections, "open", lambda *_: None)
    return early, run_here("inspect", *options, f"{host}/app:v1")


def told(result: Result) -> tuple[int, bytes, str]:
    """The result without what differs between runs: how a connection ends, how many tries."""
    return result.code, result.stdout, _RACING.sub("…", result.stderr)


_RACING = re.compile(r"(?<=cannot reach ).*|\d+")


@pytest.mark.parametrize("at", ["127.0.0.1", NAME])
@pytest.mark.parametrize("treatment", HOSTILE.values(), ids=HOSTILE)  # T36
def test_a_server_that_makes_them_useless_is_reported_as_ever(monkeypatch, named, treatment, at):
    with ConnectionServer(treatment(named)) as server:
        host = server.host.replace("127.0.0.1", at)
        seconds = "2" if treatment is HOSTILE["never shakes hands"] else "8"
        early, late = outcomes(monkeypatch, host, "--timeout", seconds)
    assert told(early) == told(late)
    assert early.code in (1, 5)


def test_a_certificate_for_another_name_is_reported_as_ever(monkeypatch, tmp_path):  # T37
    wrong = self_signed(tmp_path / "wrong", WRONG_NAME)
    monkeypatch.setenv("SSL_CERT_FILE", str(wrong.file))
    with RegistryServer(MemoryRegistry(), certificate=wrong) as server:
        early, late = outcomes(monkeypatch, server.host.replace("127.0.0.1", NAME))
        assert server.requests == ()
    assert early == late
    assert "another host name" in early.stderr
    assert early.code == 5


class FirstIsHostile(RegistryServer):
    """A registry that speaks on the first connection, or closes it; then ``has_acted`` is set."""

    speaks = False
    has_acted = threading.Event()

    def _serve(self, connection: socket.socket) -> None:
        if self.has_acted.is_set():
            super()._serve(connection)
            return
        with suppress(OSError), connection:
            if self.speaks:
                connection.sendall(ANSWER)
                self.has_acted.set()
                wait_until_gone(connection)
        self.has_acted.set()


@pytest.mark.parametrize("at", ["127.0.0.1", NAME])
@pytest.mark.parametrize("speaks", [True, False])  # T38
def test_one_that_is_useless_costs_a_connection_and_no_try(monkeypatch, named, speaks, at):
    registry = MemoryRegistry()
    push_image(registry, Reference.parse(f"{REGISTRY}/app:v1"), docker_image())
    certificate = named if at == NAME else None
    with FirstIsHostile(registry, certificate=certificate) as server:
        server.speaks, server.has_acted = speaks, threading.Event()
        take = EarlyConnections.take

        def taken_later(early: EarlyConnections, destination: Destination) -> Connected | None:
            assert server.has_acted.wait(timeout=300)
            return take(early, destination)

        monkeypatch.setattr(EarlyConnections, "take", taken_later)
        shown = run_here("inspect", f"{server.host.replace('127.0.0.1', at)}/app:v1")
        assert shown.code == 0, shown.stderr
        assert (server.connections, len(server.requests)) == (2, 1)


def test_no_thread_outlives_a_command_by_more_than_its_connection(named):
    before = threading.active_count()
    with ConnectionServer(wait_until_gone) as server:
        run_here("inspect", "--timeout", "1", f"{server.host.replace('127.0.0.1', NAME)}/app:v1")
        assert all(thread.daemon for thread in threading.enumerate()[before:])


@pytest.mark.parametrize("is_early", [True, False])
def test_an_unknown_name_is_looked_up_once(monkeypatch, is_early):
    looked_up = []

    def unknown(host: str, *_: object, **__: object) -> object:
        looked_up.append(host)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    if not is_early:
        monkeypatch.setattr(EarlyConnections, "open", lambda *_: None)
    assert run_here("inspect", "elsewhere.test/app:v1").code == 5
    assert looked_up == ["elsewhere.test"]
