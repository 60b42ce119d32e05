"""One cache for a team: a mirror that pulls through, configured on both sides as the docs say.

The mirror is the real registry in its proxy mode. Each machine has a store of its own, and reads
the origin's names through the mirror.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from attrs import frozen

from manyfest.domain.digests import Digest
from manyfest.domain.references import Reference
from tests.integration.conftest import Seed
from tests.support.content.images import Image, docker_image, docker_list, oci_image
from tests.support.programs.docker_client import CommandLine
from tests.support.programs.docker_registry import RunningRegistry, running_registry
from tests.support.programs.waiting import wait_until

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "registries.md").read_text()
SECTION = PAGE.partition("## Many machines, one cache")[2]
((PROXY, TABLES),) = re.findall(r"```yaml\n(.*?)```.*?```toml\n(.*?)```", SECTION, re.DOTALL)
ORIGIN, MIRROR = "registry.example.com", "cache.example.com:5000"

AMD, ARM = docker_image("linux/amd64"), docker_image("linux/arm64")
LIST, SINGLE, LATER = docker_list(AMD, ARM), oci_image(text="single"), oci_image(text="later")


@frozen
class Team:
    """An origin that can be stopped, a mirror of it, and the file that sends readers there."""

    origin: RunningRegistry
    mirror: RunningRegistry
    stop_origin: Callable[[], None]
    conf: Path

    def name(self, tag: str) -> str:
        return f"{self.origin.host}/team/app:{tag}"

    def mirrored_by(self, host: str) -> None:
        self.conf.write_text(TABLES.replace(ORIGIN, self.origin.host).replace(MIRROR, host))

    def wait_for(self, *images: Image) -> None:
        """Until the mirror has written down all their blobs, which it does after it answered."""
        links = self.mirror.folder / "data/docker/registry/v2/repositories/team/app/_layers/sha256"
        needed = {Digest.of(blob).hex for image in images for blob in image.blobs}
        wait_until(lambda: all((links / digest / "link").exists() for digest in needed))


@pytest.fixture
def team(tmp_path: Path, seed: Seed, monkeypatch: pytest.MonkeyPatch) -> Iterator[Team]:
    conf = tmp_path / "registries.conf"
    monkeypatch.setenv("CONTAINERS_REGISTRIES_CONF", str(conf))
    with ExitStack() as mirrors, ExitStack() as origins:
        origin = origins.enter_context(running_registry(tmp_path / "origin"))
        proxy = PROXY.replace(f"https://{ORIGIN}", origin.url)
        mirror = mirrors.enter_context(running_registry(tmp_path / "mirror", more=proxy))
        team = Team(origin, mirror, origins.close, conf)
        team.mirrored_by(mirror.host)
        for tag, image in (("list", LIST), ("single", SINGLE)):
            seed(team.name(tag), image)
        yield team


@pytest.fixture
def next_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Run the following commands on a machine of this name, with a fresh store."""

    def move(name: str) -> None:
        (tmp_path / name).mkdir()
        monkeypatch.setenv("MANYFEST_STORE", str(tmp_path / name / "store.db"))
        monkeypatch.chdir(tmp_path / name)

    return move


def raw(manyfest: CommandLine, name: str) -> bytes:
    return manyfest("inspect", "--remote", "--raw", name).stdout


def test_what_one_machine_read_the_next_gets_while_the_origin_is_away(
    team: Team, next_machine, manyfest
) -> None:
    names = [team.name("list"), team.name("single")]
    next_machine("first")
    fetched = manyfest("cache", "fetch", "--layers", *names)
    assert fetched.stdout.decode().startswith("2 of 2 references, 4 manifests, 2 layers (")
    team.wait_for(AMD, ARM, SINGLE)
    team.stop_origin()
    next_machine("second")
    assert [raw(manyfest, name) for name in names] == [LIST.manifest.data, SINGLE.manifest.data]
    again = manyfest("cache", "fetch", "--layers", *names)
    assert (again.code, again.stdout) == (0, fetched.stdout)
    assert manyfest("create", "--push", "oci:made:1", *names).code == 0
    assert manyfest("inspect", team.name("never-read")).code == 5


def test_a_tag_that_moves_at_the_origin_moves_for_all(
    team: Team, next_machine, seed, manyfest
) -> None:
    name = team.name("single")
    next_machine("first")
    assert raw(manyfest, name) == SINGLE.manifest.data
    seed(name, LATER)
    assert raw(manyfest, name) == LATER.manifest.data
    next_machine("second")
    assert raw(manyfest, name) == LATER.manifest.data


def test_pushes_go_to_the_origin_and_come_back_through_the_mirror(
    team: Team, next_machine, seed, manyfest
) -> None:
    name = team.name("made")
    next_machine("first")
    made = manyfest("create", "--push", name, team.name("list"), team.name("single"))
    assert made.code == 0, made.stderr
    at_origin = seed.registry.get_manifest(Reference.parse(name))
    assert len(at_origin.entries) == 3
    next_machine("second")
    assert raw(manyfest, name) == at_origin.data
    team.stop_origin()
    refused = manyfest("create", "--push", team.name("other"), team.name("list"))
    assert (refused.code, refused.stdout) == (5, b"")


def test_the_origin_answers_while_the_mirror_is_away(team: Team, next_machine, manyfest) -> None:
    team.mirrored_by("127.0.0.1:1")
    next_machine("first")
    assert raw(manyfest, team.name("list")) == LIST.manifest.data
