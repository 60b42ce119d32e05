"""One cache for a team: a mirror that pulls through, the real registry as its proxy mode makes it.

Each machine has a store of its own, and reads the origin's names through the mirror.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from attrs import frozen

from manyfest.contracts.images import Image, docker_image, docker_list, oci_image
from manyfest.domain.digests import Digest
from tests.fakes.docker_client import CommandLine
from tests.fakes.docker_registry import RunningRegistry, running_registry
from tests.integration.conftest import Seed

AMD, ARM = docker_image("linux/amd64"), docker_image("linux/arm64")
LIST, SINGLE, LATER = docker_list(AMD, ARM), oci_image(text="single"), oci_image(text="later")
_WRITTEN_WITHIN = 30.0  # seconds; it takes milliseconds
NAME = "registry.test/team/app"
TABLE = """
[[registry]]
prefix = "registry.test"
location = "{origin}"

[[registry.mirror]]
location = "{mirror}"
"""


@frozen
class Team:
    """An origin that can be stopped and a mirror of it."""

    origin: RunningRegistry
    mirror: RunningRegistry
    stop_origin: Callable[[], None]

    def wait_for(self, *images: Image) -> None:
        """Until the mirror has written all blobs of these down, which it does behind its answers."""
        links = self.mirror.folder / "data/docker/registry/v2/repositories/team/app/_layers/sha256"
        needed = {Digest.of(blob).hex for image in images for blob in image.blobs}
        deadline = time.monotonic() + _WRITTEN_WITHIN
        while missing := {each for each in needed if not (links / each / "link").exists()}:
            assert time.monotonic() < deadline, missing
            time.sleep(0.02)


@pytest.fixture
def team(tmp_path: Path, seed: Seed, monkeypatch: pytest.MonkeyPatch) -> Iterator[Team]:
    with ExitStack() as mirrors, ExitStack() as origins:
        origin = origins.enter_context(running_registry(tmp_path / "origin"))
        mirror = mirrors.enter_context(running_registry(tmp_path / "mirror", origin=origin.url))
        conf = tmp_path / "registries.conf"
        conf.write_text(TABLE.format(origin=origin.host, mirror=mirror.host))
        monkeypatch.setenv("CONTAINERS_REGISTRIES_CONF", str(conf))
        for tag, image in (("list", LIST), ("single", SINGLE)):
            seed(f"{origin.host}/team/app:{tag}", image)
        yield Team(origin, mirror, origins.close)


@pytest.fixture
def next_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """What follows runs on a machine of this name, which has seen nothing before."""

    def move(name: str) -> None:
        (tmp_path / name).mkdir()
        monkeypatch.setenv("MANYFEST_STORE", str(tmp_path / name / "store.db"))

    return move


def raw(manyfest: CommandLine, name: str) -> bytes:
    return manyfest("inspect", "--raw", name).stdout


def test_what_one_machine_read_answers_the_next_while_the_origin_is_away(
    team, next_machine, manyfest
) -> None:
    next_machine("first")
    fetched = manyfest("cache", "fetch", "--layers", f"{NAME}:list", f"{NAME}:single")
    assert fetched.stdout.decode().startswith("2 of 2 references, 4 manifests, 2 layers (")
    team.wait_for(AMD, ARM, SINGLE)
    team.stop_origin()
    next_machine("second")
    again = manyfest("cache", "fetch", "--layers", f"{NAME}:list", f"{NAME}:single")
    assert (again.code, again.stdout) == (0, fetched.stdout)
    assert raw(manyfest, f"{NAME}:list") == LIST.manifest.data
    assert raw(manyfest, f"{NAME}:single") == SINGLE.manifest.data
    assert manyfest("copy", f"{NAME}:list", "oci:copied:1").code == 0
    assert manyfest("inspect", f"{NAME}:never-read").code == 5


def test_a_tag_that_moves_at_the_origin_moves_for_all(team, next_machine, seed, manyfest) -> None:
    next_machine("first")
    assert raw(manyfest, f"{NAME}:single") == SINGLE.manifest.data
    seed(f"{team.origin.host}/team/app:single", LATER)
    assert raw(manyfest, f"{NAME}:single") == LATER.manifest.data
    next_machine("second")
    assert raw(manyfest, f"{NAME}:single") == LATER.manifest.data


def test_pushes_go_to_the_origin_and_come_back_through_the_mirror(
    team, next_machine, manyfest
) -> None:
    next_machine("first")
    made = manyfest("create", "--push", f"{NAME}:made", f"{NAME}:list", f"{NAME}:single")
    assert made.code == 0, made.stderr
    at_origin = raw(manyfest, f"{team.origin.host}/team/app:made")
    next_machine("second")
    assert raw(manyfest, f"{NAME}:made") == at_origin != b""
    team.stop_origin()
    refused = manyfest("create", "--push", f"{NAME}:other", f"{NAME}:list")
    assert (refused.code, refused.stdout) == (5, b"")


def test_the_origin_answers_while_the_mirror_is_away(
    team, next_machine, monkeypatch, tmp_path, manyfest
) -> None:
    next_machine("first")
    conf = tmp_path / "registries.conf"
    conf.write_text(TABLE.format(origin=team.origin.host, mirror="127.0.0.1:1"))
    assert raw(manyfest, f"{NAME}:list") == LIST.manifest.data
