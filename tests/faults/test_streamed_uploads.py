"""Faults while a blob is streamed from one registry to another: the host at fault is named."""

import socket

import pytest

from manyfest.adapters.memory import MemoryRegistry
from tests.support.faults.judged import error_line, succeeded
from tests.support.faults.served import IMAGE
from tests.support.http.fault_server import FaultServer
from tests.support.http.faults import Fault, Raw, Reset, Silent, reset_in_body, truncated
from tests.support.http.http_messages import Answer
from tests.support.http.registry_server import RegistryApp
from tests.support.programs.our_program import run_here

UPLOADS, LAYER = "*/blobs/uploads/*", f"*/blobs/{IMAGE.manifest.layers[0].digest}"
DENIED = Answer(403, b'{"errors":[{"code":"DENIED","message":"not yours"}]}')

FAULTS: dict[str, tuple[Fault, int]] = {  # with the exit code
    "reset": (Reset(), 5),
    "closed": (Raw(b""), 5),
    "stalled": (Silent(), 5),
    "denied": (DENIED, 4),
    "no HTTP": (Raw(b"hello\r\n\r\n"), 1),
}
SOURCE_FAULTS = FAULTS | {
    "cut off": (truncated(0), 5),
    "reset in the body": (reset_in_body(0), 5),
    "gone": (Answer(404), 3),
}
COMMANDS = [["copy"], ["create", "--push"]]


@pytest.fixture
def target():
    with FaultServer(RegistryApp(MemoryRegistry())) as target:
        yield target


def moved(command: list[str], server: FaultServer, target: FaultServer) -> list[str]:
    """A command that streams the layer of ``app:1``; its config is in the store by then."""
    names = [f"{server.host}/app:1", f"{target.host}/app:1"]
    return [*command, "--timeout", "6", *(names if command == ["copy"] else reversed(names))]


def assert_blamed(line: str, guilty: FaultServer, other: FaultServer) -> None:
    assert guilty.host in line
    assert other.host not in line


@pytest.mark.parametrize("command", COMMANDS, ids=["copy", "create"])
@pytest.mark.parametrize(("fault", "code"), FAULTS.values(), ids=FAULTS)
def test_a_target_that_fails_is_named(server, target, command, fault, code) -> None:
    succeeded("create", "local/kept:1", f"{server.host}/app:1")
    target.always("PUT", UPLOADS, fault)
    line = error_line(run_here(*moved(command, server, target)), code)
    assert_blamed(line, target, server)


@pytest.mark.parametrize("command", COMMANDS, ids=["copy", "create"])
def test_an_upload_that_is_sent_to_a_closed_port_names_it(server, target, command) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{closed.getsockname()[1]}"
    location = (("Location", f"http://{address}/v2/app/blobs/uploads/1"),)
    target.always("POST", UPLOADS, Answer(202, headers=location))
    line = error_line(run_here(*moved(command, server, target)), 5)
    assert address in line
    assert target.host in line
    assert server.host not in line


@pytest.mark.parametrize("command", COMMANDS, ids=["copy", "create"])
@pytest.mark.parametrize(("fault", "code"), SOURCE_FAULTS.values(), ids=SOURCE_FAULTS)
def test_a_source_that_fails_is_named(server, target, command, fault, code) -> None:
    server.always("GET", LAYER, fault)
    line = error_line(run_here(*moved(command, server, target)), code)
    assert_blamed(line, server, target)
