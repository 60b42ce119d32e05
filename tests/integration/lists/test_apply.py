"""Lists declared in YAML, published and locked by the installed program on a real registry."""

import json
from contextlib import closing
from pathlib import Path

import pytest
from attrs import frozen

from manyfest.adapters.deadline import Deadline
from manyfest.adapters.http_registry.registry import HttpRegistry
from manyfest.adapters.manifest_tool.spec_yaml import read_specs
from manyfest.adapters.memory import MemoryRegistry
from manyfest.contracts.images import Image, docker_image, docker_list, oci_image, push_image
from manyfest.domain import media_types
from manyfest.domain.errors import UnavailableError
from manyfest.domain.operations.publication.apply import ApplyPlan, plan_apply
from manyfest.domain.operations.publication.push import execute
from manyfest.domain.references import Reference
from tests.integration.conftest import Seed
from tests.integration.lists.test_interrupted_push import CutOff
from tests.support.http.http_server import HttpServer
from tests.support.http.registry_server import REGISTRY, RegistryApp
from tests.support.ports import PlainPorts
from tests.support.programs.docker_client import CommandLine, Result
from tests.support.programs.docker_registry import RunningRegistry

AMD, ARM = docker_image("linux/amd64"), docker_image("linux/arm/v7", text="arm")


@frozen
class Shelf:
    """A repository of the real registry, with two images in it, and a folder with a spec."""

    home: str
    files: Path
    spec: Path
    manyfest: CommandLine
    seed: Seed

    def declare(self, text: str) -> None:
        self.spec.write_text(text.replace("HOME", self.home))

    def run(self, *arguments: str | Path, code: int = 0) -> Result:
        result = self.manyfest(*arguments)
        assert result.code == code, (arguments, result.stderr)
        return result

    def listed(self, name: str) -> list[str]:
        raw = self.run("inspect", "--raw", "--remote", f"{self.home}{name}").stdout
        return [entry["digest"] for entry in json.loads(raw)["manifests"]]

    def state(self) -> dict[str, bytes]:
        found = (path for path in self.files.rglob("*") if path.is_file())
        return {str(path): path.read_bytes() for path in found}


@pytest.fixture
def shelf(
    docker_registry: RunningRegistry,
    repository: str,
    seed: Seed,
    manyfest: CommandLine,
    tmp_path: Path,
) -> Shelf:
    home = f"{docker_registry.host}/{repository}"
    seed(f"{home}:app-amd64", AMD)
    seed(f"{home}:app-armv7", ARM)
    files = docker_registry.folder / "data/docker/registry/v2/repositories" / repository
    return Shelf(home, files, tmp_path / "spec.yaml", manyfest, seed)


TWO = """\
image: HOME:1
tags: ['1.0', latest]
manifests:
- image: HOME:app-armv7
  platform: {os: linux, architecture: arm, variant: v7}
- image: HOME:app-amd64
---
image: HOME/oci:1
type: oci
annotations: {org.opencontainers.image.title: app}
manifests:
- image: HOME:app-amd64
"""


def test_two_lists_of_one_file_are_published_and_named(shelf: Shelf) -> None:
    shelf.declare(TWO)
    first = shelf.run("apply", shelf.spec)
    one, child, two = first.stdout.decode().splitlines()
    assert child == f"Pushed ref {shelf.home}/oci@{AMD.digest} with digest: {AMD.digest}"
    for line, name in ((one, ":1"), (two, "/oci:1")):
        assert line.startswith(f"{shelf.home}{name} sha256:")
    for name in (":1", ":1.0", ":latest"):
        assert shelf.listed(name) == [str(ARM.digest), str(AMD.digest)]
    index = json.loads(shelf.run("inspect", "--remote", f"{shelf.home}/oci:1").stdout)
    assert index["mediaType"] == media_types.OCI_INDEX
    assert index["annotations"] == {"org.opencontainers.image.title": "app"}
    again = shelf.run("apply", shelf.spec)
    assert again.stdout == first.stdout
    assert again.stderr.count("unchanged") == 2
    assert json.loads(shelf.run("ls", "--json").stdout) == []
    assert shelf.run("inspect", "--offline", f"{shelf.home}:1.0").stdout


def test_a_dry_run_shows_the_plans_and_writes_nothing(shelf: Shelf) -> None:
    shelf.declare(TWO)
    before = shelf.state()
    shown = shelf.run("apply", "--dry-run", shelf.spec).stdout.decode().splitlines()
    assert [line.split(": ")[1].split(" at ")[0] for line in shown] == [
        "would create 3 tags",
        "would mount 2 blobs, 343 B; put 1 manifest; create 1 tag",
    ]
    steps = shelf.run("apply", "--dry-run", "-v", shelf.spec).stdout.decode().splitlines()
    assert [line.split()[0] for line in steps if line.startswith("  ")] == [
        *(["tag"] * 3 + ["mount"] * 2 + ["put", "tag"]),
    ]
    assert [line for line in steps if not line.startswith("  ")] == shown
    plans = json.loads(shelf.run("apply", "--dry-run", "--json", shelf.spec).stdout)
    assert [plan["name"] for plan in plans] == [f"{shelf.home}:1", f"{shelf.home}/oci:1"]
    assert shelf.state() == before
    assert json.loads(shelf.run("apply", "--json", shelf.spec).stdout) == plans


def test_one_missing_image_stops_all_lists_or_is_left_out(shelf: Shelf) -> None:
    shelf.declare(TWO + "- image: HOME:gone\n")
    before = shelf.state()
    failed = shelf.run("apply", shelf.spec, code=3)
    advice = f"manyfest tags {shelf.home} lists the tags"
    assert failed.stderr == f"error: no such manifest: {shelf.home}:gone ({advice})\n"
    assert shelf.state() == before
    noted = shelf.run("apply", "--ignore-missing", shelf.spec)
    assert f"left out, because it does not exist: {shelf.home}:gone\n" in noted.stderr
    assert shelf.listed("/oci:1") == [str(AMD.digest)]


def test_a_template_stands_for_an_image_each_platform(shelf: Shelf) -> None:
    target = ["--template", f"{shelf.home}:app-ARCHVARIANT", "--target", f"{shelf.home}:1"]
    options = ["--platforms", "linux/amd64,linux/arm/v7", "--tags", "2,3", "--type", "oci"]
    printed = shelf.run("apply", *target, *options).stdout.decode()
    assert printed.startswith("sha256:")
    for name in (":1", ":2", ":3"):
        assert shelf.listed(name) == [str(AMD.digest), str(ARM.digest)]
    gone = ["--platforms", "linux/s390x", "--ignore-missing"]
    assert "none of its images exists" in shelf.run("apply", *target, *gone, code=1).stderr


def test_what_is_locked_is_published_and_nothing_else(shelf: Shelf) -> None:
    shelf.declare(TWO)
    shelf.run("lock", shelf.spec)
    locked = Path(f"{shelf.spec}.lock")
    text = locked.read_text()
    shelf.run("lock", shelf.spec, "-o", f"{shelf.spec}.again")
    assert Path(f"{shelf.spec}.again").read_text() == text
    shelf.seed(f"{shelf.home}:app-amd64", docker_image("linux/amd64", text="newer"))
    shelf.run("apply", "--locked", shelf.spec)
    assert shelf.listed(":1") == [str(ARM.digest), str(AMD.digest)]
    before = shelf.state()
    shelf.declare(TWO.replace("title: app", "title: other"))
    other = shelf.run("apply", "--locked", shelf.spec, code=6)
    assert f"not as locked: {shelf.home}/oci:1 would be sha256:" in other.stderr
    shelf.declare(TWO + "- image: HOME:new\n")
    added = shelf.run("apply", "--lock", locked, shelf.spec, code=6)
    assert f"not as locked: {shelf.home}:new has no digest" in added.stderr
    assert shelf.state() == before


def test_every_fault_of_a_file_is_told_at_once(shelf: Shelf) -> None:
    shelf.spec.write_text("image: a\nmanifest: x\nmanifests:\n- image: b\n  platfrom: x\n")
    assert shelf.run("apply", shelf.spec, code=2).stderr.splitlines() == [
        f"error: {shelf.spec}:2: manifest: unknown key",
        f"error: {shelf.spec}:5: manifests[0].platfrom: unknown key",
    ]


def test_a_spec_may_come_from_standard_input(shelf: Shelf) -> None:
    shelf.declare(TWO.partition("---")[0])
    result = shelf.manyfest("apply", "-", input=shelf.spec.read_bytes())
    assert (result.code, result.stdout[:7]) == (0, b"sha256:")


USAGE = {
    "nothing": [],
    "a part of a template": ["--template", "a", "--target", "b"],
    "a spec and a template": ["spec.yaml", "--template", "a"],
    "two specs": ["a", "b"],
    "a locked template": [
        *("--template", "a-ARCH", "--target", "b", "--platforms", "linux/arm", "--locked"),
    ],
    "a locked standard input": ["-", "--locked"],
}


@pytest.mark.parametrize("arguments", USAGE.values(), ids=USAGE.keys())
def test_what_goes_together_with_nothing_is_refused(
    manyfest: CommandLine, arguments: list[str]
) -> None:
    result = manyfest("apply", *arguments, input=b"image: a\nmanifests: [{image: b}]")
    assert (result.code, result.stderr.count("\n")) == (2, 1)


@pytest.mark.parametrize("flag", ["--platforms", "--tags"])
def test_a_value_that_is_no_csv_is_blamed_on_its_flag(manyfest: CommandLine, flag: str) -> None:
    template = ["--template", "a-ARCH", "--target", "b", "--platforms", "linux/arm"]
    result = manyfest("apply", *template, flag, 'x,a"b')
    assert (result.code, f'"{flag}" flag' in result.stderr) == (2, True)


OLD = docker_list(docker_image(text="old"))
REQUESTS = 6  # for each of two images two mounts and the put; then the tags


def _planned(registry: HttpRegistry, host: str) -> ApplyPlan:
    text = "".join(
        f"---\nimage: {host}/{name}:1\nmanifests: [{{image: {host}/from:{name}}}]\n"
        for name in ("l", "m")
    )
    specs = read_specs(text.encode(), "spec", Reference.parse)
    return plan_apply(specs, ports=PlainPorts(registry=registry))


@pytest.mark.parametrize("answered", [0, 2, REQUESTS - 1, REQUESTS, REQUESTS + 1, REQUESTS + 2])
def test_cut_off_anywhere_tags_stand_until_all_images_are_there(answered: int) -> None:
    memory = MemoryRegistry()
    images: dict[str, Image] = {"l:1": OLD, "m:1": OLD, "from:l": AMD, "from:m": oci_image()}
    for name, image in images.items():
        push_image(memory, Reference.parse(f"{REGISTRY}/{name}"), image)
    app = CutOff(RegistryApp(memory))
    with HttpServer(app) as server:
        with closing(HttpRegistry(Deadline(20))) as registry:
            plan = _planned(registry, server.host)
        app.left = answered
        with closing(HttpRegistry(Deadline(0.5, hard=True))) as registry:
            if answered < REQUESTS + 2:
                with pytest.raises(UnavailableError):
                    execute(plan.pushes, ports=PlainPorts(registry=registry))
            else:
                execute(plan.pushes, ports=PlainPorts(registry=registry))
    tags = (Reference.parse(f"{REGISTRY}/{name}:1") for name in ("l", "m"))
    moved = [memory.get_manifest(tag) != OLD.manifest for tag in tags]
    assert sum(moved) == max(0, answered - REQUESTS)
