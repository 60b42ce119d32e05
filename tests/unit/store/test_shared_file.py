"""Commands of several processes share one store file: all of them succeed."""

import json
import os
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from manyfest.adapters.deadline import Deadline
from manyfest.adapters.http_registry.registry import HttpRegistry
from manyfest.domain.references import Reference
from tests.kill.soundness import faults_of
from tests.support.content.images import docker_image, docker_list, oci_image
from tests.support.programs.at_once import COMMANDS, at_once
from tests.support.programs.forked import ForkedCommandLine
from tests.support.programs.our_program import run_here
from tests.support.programs.registry_files import seed_image

LIST = docker_list(docker_image("linux/amd64"), docker_image("linux/arm64"))
SINGLE = oci_image("linux/s390x", text="single")
TURNS = 4


@pytest.fixture
def place(docker_registry, repository: str) -> str:
    """Return a repository with a list and an image."""
    place = f"{docker_registry.host}/{repository}"
    with closing(HttpRegistry(Deadline(60))) as registry:
        for tag, image in (("list", LIST), ("single", SINGLE)):
            seed_image(registry, Reference.parse(f"{place}:{tag}"), image)
    return place


@pytest.fixture
def store() -> Path:
    """Return the path of a store that does not exist; the first command creates it."""
    return Path(os.environ["MANYFEST_STORE"])


def all_succeed(forks: ForkedCommandLine, *scripts: Sequence[str]) -> None:
    """Run each script in a process of its own, all at once; require exit code 0 of every line."""
    said = [errors for _, errors in at_once(forks, COMMANDS, *scripts)]
    for script, errors in zip(scripts, said, strict=True):
        assert json.loads(errors.splitlines()[-1]) == [0] * len(script), errors


def publishing(place: str, name: str) -> list[str]:
    made = f"{place}:{name}"
    return [
        f"create {made} {place}:list {place}:single",
        f"annotate --os-version 1 {made} {place}:single",
        f"push {made}",
        f"rm {made}",
    ]


def test_fetch_create_push_inspect_remove_and_collect_at_once(
    forks: ForkedCommandLine, place: str, store: Path
) -> None:
    fetching = [f"cache fetch --layers {place}:list {place}:single"]
    looking = [f"inspect -v {place}:list", "ls", "cache ls", "cache stats"]
    collecting = ["cache gc --keep 0d", "cache fsck"]
    all_succeed(
        forks,
        *(publishing(place, name) * TURNS for name in ("one", "two")),
        *(script * TURNS for script in (fetching, looking, collecting)),
    )
    assert faults_of(store) == ()
    assert run_here("cache", "fsck").code == 0
    assert run_here("ls", "--json").stdout == b"[]\n"
    pushed = [run_here("inspect", "--raw", f"{place}:{name}").stdout for name in ("one", "two")]
    assert pushed[0] == pushed[1]
    assert len(json.loads(pushed[0])["manifests"]) == 3


def test_what_all_fetched_at_once_is_there_once_for_all(
    forks: ForkedCommandLine, place: str, store: Path
) -> None:
    all_succeed(forks, *[[f"cache fetch --layers {place}:list {place}:single"]] * 5)
    held = json.loads(run_here("cache", "stats", "--json").stdout)
    counted = {kind: held[kind]["number"] for kind in ("images", "lists", "layers")}
    assert counted == {"images": 3, "lists": 1, "layers": 2}
    assert (held["tags"], held["states"]) == (2, 2)
    made = run_here("create", "--offline", "--push", "oci:out:1", f"{place}:list")
    assert made.code == 0, made.stderr
    assert faults_of(store) == ()


def test_bundles_go_in_and_out_while_others_work(
    forks: ForkedCommandLine, place: str, store: Path
) -> None:
    assert run_here("cache", "fetch", "--layers", f"{place}:list").code == 0
    assert run_here("cache", "export", "--layers", "before.tar").code == 0
    importing = ["cache import before.tar"]
    exporting = [f"cache export {place}:list after.tar"]
    all_succeed(
        forks,
        *(script * TURNS for script in (importing, exporting, publishing(place, "made"))),
        [f"cache fetch {place}:single"] * TURNS,
    )
    assert faults_of(store) == ()
    assert run_here("cache", "fsck").code == 0
    assert run_here("cache", "import", "after.tar").code == 0
