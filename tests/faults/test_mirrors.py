"""Mirrors that speak no HTTP, or only seem to serve: the next host answers, and a note says why."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from manyfest.adapters.memory import MemoryRegistry
from manyfest.contracts.images import docker_image, push_image
from manyfest.domain.references import Reference
from tests.support.faults.judged import succeeded
from tests.support.http.fault_server import FaultServer
from tests.support.http.faults import (
    Endless,
    Fault,
    Raw,
    Reset,
    html,
    redirect,
    reset_in_body,
    truncated,
    with_body,
    with_header,
)
from tests.support.http.registry_server import REGISTRY, RegistryApp

IMAGE = docker_image()
NAME = "named.test/team/app:v1"

Start = Callable[[], FaultServer]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts registries that have the image."""
    registry = MemoryRegistry()
    push_image(registry, Reference.parse(f"{REGISTRY}/team/app:v1"), IMAGE)
    with ExitStack() as running:
        yield lambda: running.enter_context(FaultServer(RegistryApp(registry)))


@pytest.fixture
def mirrored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Makes ``named.test`` stand at the first host, and the others its mirrors, in their order."""
    file = tmp_path / "registries.conf"
    monkeypatch.setenv("CONTAINERS_REGISTRIES_CONF", str(file))

    def write(origin: str, *mirrors: str) -> None:
        text = f'[[registry]]\nprefix = "named.test"\nlocation = "{origin}"\n'
        tables = (f'[[registry.mirror]]\nlocation = "{mirror}"\n' for mirror in mirrors)
        file.write_text(text + "".join(tables))

    return write


FAULTS: dict[str, Fault] = {
    "reset": Reset(),
    "reset in the body": reset_in_body(20),
    "truncated": truncated(20),
    "another protocol": Raw(b"SSH-2.0-OpenSSH_9.2\r\n"),
    "a body without end": Endless(),
    "compressed": with_header("Content-Encoding", "gzip"),
    "redirects in a circle": redirect("/v2/team/app/manifests/v1"),
    "a page for people": html(),
    "other bytes than announced": with_body(b"{}"),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_mirror_that_answers_badly_is_passed_over_with_a_note(start, mirrored, fault) -> None:
    mirror, origin = start(), start()  # M1, M6
    mirror.always("*", "*", fault)
    mirrored(origin.host, mirror.host)
    result = succeeded("inspect", "--raw", NAME)
    assert result.stdout == IMAGE.manifest.data
    (note,) = result.stderr.splitlines()
    assert note.startswith(f"note: the mirror {mirror.host} is passed over: ")
    assert origin.count() == 1


def test_seven_mirrors_are_tried_once_each_in_their_order(start, mirrored) -> None:  # M1
    mirrors, origin = [start() for _ in range(7)], start()
    for mirror in mirrors[:6]:
        mirror.always("*", "*", Reset())
    mirrored(origin.host, *[mirror.host for mirror in mirrors])
    result = succeeded("inspect", "--raw", NAME)
    assert result.stdout == IMAGE.manifest.data
    assert [mirror.count() for mirror in mirrors] == [1] * 7
    assert origin.count() == 0
    passed_over = [line for line in result.stderr.splitlines() if "passed over" in line]
    assert [mirror.host in line for mirror, line in zip(mirrors, passed_over, strict=False)] == (
        [True] * 6
    )
