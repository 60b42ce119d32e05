"""Many jobs, one tag: `push --merge` by many processes at once against the real registry."""

import json
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from manyfest.contracts.images import docker_image, docker_list
from manyfest.domain.digests import Digest
from manyfest.domain.merging.intent import PREFIX
from tests.integration.conftest import Seed
from tests.support.programs.docker_client import CommandLine, Result
from tests.support.programs.docker_registry import RunningRegistry

PLATFORMS = (
    *("linux/386", "linux/amd64", "linux/arm/v5", "linux/arm/v6", "linux/arm/v7", "linux/arm64"),
    *("linux/ppc64le", "linux/riscv64", "linux/s390x", "linux/mips64le", "windows/amd64"),
    "freebsd/amd64",
)


@pytest.fixture
def at_once(manyfest: CommandLine, tmp_path: Path) -> Callable[[list[list[str]]], None]:
    """Runs every job's arguments, each with a store of its own, all at the same time."""

    def run(number: int, arguments: list[str]) -> Result:
        return manyfest(*arguments, MANYFEST_STORE=str(tmp_path / f"store{number}.db"))

    def run_all(jobs: list[list[str]]) -> None:
        with ThreadPoolExecutor(len(jobs)) as pool:
            ended = list(pool.map(run, range(len(jobs)), jobs))
        assert [job.code for job in ended] == [0] * len(jobs), [job.stderr for job in ended]

    return run_all


def platforms_of(manyfest: CommandLine, name: str) -> list[str]:
    document = json.loads(manyfest("inspect", "--remote", "--raw", name).stdout)
    parts = [entry["platform"] for entry in document["manifests"]]
    texts = ("/".join(p.get(k, "") for k in ("os", "architecture", "variant")) for p in parts)
    return sorted(text.strip("/") for text in texts)


@pytest.fixture
def home(docker_registry: RunningRegistry, repository: str) -> str:
    return f"{docker_registry.host}/{repository}"


@pytest.fixture
def jobs(home: str, seed: Seed, at_once):
    """A draft of one platform's image in each job's own store."""
    name = f"{home}:release"
    sources = [f"{home}:{number}" for number in range(len(PLATFORMS))]
    for source, platform in zip(sources, PLATFORMS, strict=True):
        seed(source, docker_image(platform))
    at_once([["create", name, source] for source in sources])
    return name


def test_twelve_jobs_push_twelve_platforms_to_one_tag(jobs, manyfest, at_once) -> None:
    digests = set()
    for turn in range(2):
        tag = jobs if turn == 0 else f"{jobs}{turn}"
        more = [] if turn == 0 else ["--tag", tag]
        at_once([["push", "--merge", *more, jobs]] * len(PLATFORMS))
        assert platforms_of(manyfest, tag) == sorted(PLATFORMS)
        digests.add(manyfest("inspect", "--remote", "--raw", tag).stdout)
    assert len(digests) == 1  # whoever came first


def test_what_the_tag_held_before_stays(home, seed, manyfest) -> None:
    name = f"{home}:1"
    old = docker_list(docker_image("linux/amd64", text="old"), docker_image("linux/s390x"))
    seed(name, old)
    new = docker_image("linux/amd64", text="new")
    manyfest("create", name, seed(f"{home}:new", new))
    pushed = manyfest("push", "--merge", name)
    assert pushed.code == 0, pushed.stderr
    assert platforms_of(manyfest, name) == ["linux/amd64", "linux/s390x"]
    entries = json.loads(manyfest("inspect", "--raw", name).stdout)["manifests"]
    assert entries[0]["digest"] == str(new.digest)
    again = manyfest("push", "--merge", name)
    assert (again.code, again.stdout) == (0, pushed.stdout)
    assert "unchanged" in again.stderr


def test_an_image_under_the_tag_becomes_an_entry(home, seed, manyfest) -> None:
    name = seed(f"{home}:1", docker_image("linux/arm64"))
    manyfest("create", name, seed(f"{home}:new", docker_image("linux/amd64")))
    assert manyfest("push", "--merge", name).code == 0
    assert platforms_of(manyfest, name) == ["linux/amd64", "linux/arm64"]


def test_a_dry_run_writes_nothing_and_shows_what_would_be(home, seed, manyfest) -> None:
    name = seed(f"{home}:1", docker_list(docker_image("linux/arm64")))
    manyfest("create", name, seed(f"{home}:new", docker_image("linux/amd64")))
    planned = json.loads(manyfest("push", "--merge", "--dry-run", "--json", name).stdout)
    assert platforms_of(manyfest, name) == ["linux/arm64"]
    assert manyfest("push", "--merge", name).stdout.decode().split() == [planned["digest"]]


def test_each_tag_is_told_with_what_it_holds(home, seed, manyfest) -> None:
    name, other = f"{home}:1", seed(f"{home}:2", docker_list(docker_image("linux/s390x")))
    manyfest("create", name, seed(f"{home}:new", docker_image("linux/amd64")))
    arguments = ("push", "--merge", "--json", "--tag", "2", "--tag", "1", name)
    planned = json.loads(manyfest(*arguments, "--dry-run").stdout)
    done = json.loads(manyfest(*arguments).stdout)
    assert done == planned
    assert [step["target"] for step in done["steps"]] == [name, other]
    for step in done["steps"]:
        raw = manyfest("inspect", "--remote", "--raw", step["target"]).stdout
        assert step["digest"] == str(Digest.of(raw))


def test_a_tag_that_only_others_changed_is_not_told_as_unchanged(home, seed, manyfest) -> None:
    name, mine, theirs = f"{home}:1", docker_image("linux/amd64"), docker_image("linux/arm64")
    manyfest("create", name, seed(f"{home}:theirs", theirs))
    assert manyfest("push", "--merge", "--purge", name).code == 0
    manyfest("create", name, seed(f"{home}:mine", mine))
    assert manyfest("push", name).code == 0
    pushed = manyfest("push", "--merge", name)
    assert platforms_of(manyfest, name) == ["linux/amd64", "linux/arm64"]
    assert "unchanged" not in pushed.stderr


def test_what_is_left_behind_has_the_documented_prefix(home, seed, manyfest) -> None:
    name = f"{home}:1"
    manyfest("create", name, seed(f"{home}:new", docker_image("linux/amd64")))
    for _ in range(3):
        assert manyfest("push", "--merge", name).code == 0
    tags = subprocess.run(
        ["skopeo", "list-tags", "--tls-verify=false", f"docker://{home}"],
        capture_output=True,
        check=True,
    )
    left = [t for t in json.loads(tags.stdout)["Tags"] if t not in ("1", "new")]
    assert len(left) == 1
    assert left[0].startswith(PREFIX)


def test_many_jobs_merge_into_one_layout(tmp_path, manyfest, at_once) -> None:
    layout = f"oci:{tmp_path}/images"
    for number, platform in enumerate(PLATFORMS[:4]):
        seed_layout(f"{layout}:{number}", platform)
    name = f"{layout}:all"
    at_once([["create", name, f"{layout}:{number}"] for number in range(4)])
    at_once([["push", "--merge", name]] * 4)
    assert platforms_of(manyfest, name) == sorted(PLATFORMS[:4])
    index = json.loads((tmp_path / "images" / "index.json").read_text())
    assert len(index["manifests"]) == 5


def seed_layout(name: str, platform: str) -> None:
    from manyfest.adapters.oci_layout.registry import LayoutRegistry
    from manyfest.contracts.images import oci_image, push_image
    from manyfest.domain.references import Reference

    push_image(LayoutRegistry(), Reference.parse(name), oci_image(platform))
