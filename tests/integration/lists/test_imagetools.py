"""``imagetools`` as workflows call it: with the words of buildx, on two real registries."""

import json
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from attrs import frozen

from manyfest.contracts.images import oci_image
from tests.integration.conftest import Seed
from tests.support.content.attested import attested_index
from tests.support.programs.docker_client import CommandLine, Result
from tests.support.programs.docker_registry import RunningRegistry
from tests.support.programs.programs import require_program

AMD, ARM = oci_image("linux/amd64"), oci_image("linux/arm64", text="arm")
PLUGIN = Path(sys.executable).parent / "docker-manyfest"
BUILT = {"amd64": attested_index(AMD), "arm64": attested_index(ARM)}


@frozen
class Pipeline:
    """A repository that has what two jobs built, and one of another registry."""

    home: str
    mirror: str
    manyfest: CommandLine

    def digest(self, name: str) -> str:
        """The digest that a registry has for the name; empty if it has none."""
        found = self.manyfest("digest", name)
        return found.stdout.decode().strip() if found.code == 0 else ""

    def inspect(self, *words: str) -> Result:
        return self.manyfest("imagetools", "inspect", *words)


@pytest.fixture
def pipeline(
    docker_registry: RunningRegistry,
    start_docker_registry: Callable[..., RunningRegistry],
    repository: str,
    seed: Seed,
    manyfest: CommandLine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Pipeline:
    home = f"{docker_registry.host}/{repository}"
    digests = tmp_path / "digests"
    digests.mkdir()
    for tag, index in BUILT.items():
        seed(f"{home}:{tag}", index)
        (digests / index.digest.hex).touch()
    monkeypatch.chdir(digests)
    return Pipeline(home, f"{start_docker_registry().host}/mirror", manyfest)


# The line of Docker's documentation ("Distribute build across multiple runners") with another
# program in it, and with what jq prints in the place of jq.
LINE = "{program} imagetools create $(echo {tags}) $(printf '{home}@sha256:%s ' *)"


def run_line(line: str) -> subprocess.CompletedProcess[str]:
    command = ["bash", "-c", line]
    return subprocess.run(command, capture_output=True, check=False, text=True, timeout=300)


@pytest.mark.parametrize("program", ["manyfest", "docker manyfest"])
def test_the_line_of_the_workflows_publishes_all_tags(
    pipeline: Pipeline, started_manyfest: CommandLine, tmp_path: Path, program: str
) -> None:
    ours = shlex.quote(started_manyfest.command[0])
    if program != "manyfest":
        plugins = tmp_path / "docker" / "cli-plugins"
        plugins.mkdir(parents=True)
        (plugins / PLUGIN.name).symlink_to(PLUGIN)
        ours = f"{require_program('docker')} --config {plugins.parent} manyfest"
    names = [f"{pipeline.home}:1.2", f"{pipeline.home}:latest", f"{pipeline.mirror}:1.2"]
    tags = " ".join(f"-t {name}" for name in names)
    line = LINE.format(program=ours, tags=tags, home=pipeline.home)
    ended = run_line(line)
    assert ended.returncode == 0, ended.stderr
    digest = ended.stdout.splitlines()[-1]
    assert [pipeline.digest(name) for name in names] == [digest] * 3
    shown = json.loads(pipeline.inspect("--raw", f"{pipeline.mirror}:1.2").stdout)
    listed = {entry["digest"] for entry in shown["manifests"]}
    children = {str(child.digest) for index in BUILT.values() for child in index.children}
    assert listed == children
    assert pipeline.manyfest("verify", f"{pipeline.mirror}:1.2").code == 0


def test_without_digests_the_line_says_so(
    started_manyfest: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    program = started_manyfest.command[0]
    ended = run_line(LINE.format(program=program, tags="-t r.example/app:1", home="r.example/app"))
    assert (ended.returncode, "are there no digests?" in ended.stderr) == (2, True)


def test_the_metadata_has_the_keys_of_buildx(pipeline: Pipeline, tmp_path: Path) -> None:
    file = tmp_path / "metadata.json"
    created = pipeline.manyfest(
        *("imagetools", "create", "--metadata-file", file, "--progress=quiet", "--builder", "b"),
        *("-t", f"{pipeline.home}:1", "-t", f"{pipeline.mirror}:1", f"{pipeline.home}:amd64"),
    )
    assert created.code == 0, created.stderr
    index = BUILT["amd64"].manifest
    assert json.loads(file.read_text()) == {
        "containerimage.descriptor": {
            "mediaType": index.media_type,
            "digest": str(index.digest),
            "size": index.size,
        },
        "containerimage.digest": str(index.digest),
        "image.name": f"{pipeline.home},{pipeline.mirror}",
    }


def test_no_tag_moves_unless_the_platforms_are_as_expected(pipeline: Pipeline) -> None:
    name = f"{pipeline.mirror}:1"
    refused = pipeline.manyfest(
        *("imagetools", "create", "-t", name, "--expect-platforms", "linux/amd64,linux/arm64"),
        f"{pipeline.home}:amd64",
    )
    assert (refused.code, "missing: linux/arm64" in refused.stderr) == (8, True)
    assert pipeline.digest(name) == ""


def test_two_images_for_one_platform_are_refused_unless_allowed(
    pipeline: Pipeline, seed: Seed
) -> None:
    newer = oci_image("linux/amd64", text="newer")
    seed(f"{pipeline.home}:newer", newer)
    words = ["imagetools", "create", "--append", "-t", f"{pipeline.home}:amd64"]
    refused = pipeline.manyfest(*words, f"{pipeline.home}:newer")
    assert (refused.code, "two entries" in refused.stderr) == (6, True)
    assert "(--allow-duplicates lists both; manyfest create --push --replace" in refused.stderr
    assert pipeline.digest(f"{pipeline.home}:amd64") == str(BUILT["amd64"].digest)
    allowed = pipeline.manyfest(*words, "--allow-duplicates", f"{pipeline.home}:newer")
    assert allowed.code == 0, allowed.stderr
    names = [f"{pipeline.home}:{tag}" for tag in ("amd64", "amd64", "newer")]
    replaced = pipeline.manyfest("create", "--push", "--replace", *names)
    assert replaced.code == 0, replaced.stderr
