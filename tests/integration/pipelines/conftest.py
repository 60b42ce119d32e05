"""A release before its last step: images of each platform in the repository, nothing published."""

import json
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest
from attrs import frozen

from manyfest.contracts.images import Image, oci_image
from tests.integration.conftest import Seed
from tests.support.pipelines.github_job import GithubJob, StandIn
from tests.support.pipelines.recipes import blocks_of, renamed, steps_of, type_steps
from tests.support.pipelines.registries import environment_with, located
from tests.support.programs.docker_client import Result
from tests.support.programs.docker_registry import RunningRegistry
from tests.support.programs.forked import ForkedCommandLine
from tests.support.programs.forked_script import write_forked_script

AMD, ARM = oci_image("linux/amd64"), oci_image("linux/arm64/v8", text="arm")

NO_NAMES: Mapping[str, str] = {}


@frozen
class Site:
    """Two registries under the names of recipes, a folder to work in, and who works there."""

    registries: tuple[RunningRegistry, RunningRegistry]
    folder: Path
    environment: dict[str, str]
    put: Seed

    def seed(self, name: str, image: Image) -> None:
        """Push the image under the name that a recipe has."""
        self.put(located(name, self.registries), image)

    def run(self, *command: str) -> Result:
        """Run a program in the folder."""
        ended = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            check=False,
            timeout=600,
        )
        return Result(ended.stdout, ended.stderr.decode(), ended.returncode)

    def type_page(self, page: Path, names: Mapping[str, str] = NO_NAMES) -> None:
        """Write the files and type the commands of a page; all must end and print as it says.

        ``names`` are words of the page, and those to type in their place.
        """
        blocks = [block for block in blocks_of(page) if not block.reason]
        for block in blocks:
            if block.file_name:
                (self.folder / block.file_name).write_text(block.text)
        consoles = (block for block in blocks if block.language == "console")
        steps = [renamed(step, names) for block in consoles for step in steps_of(block)]
        assert steps
        told = type_steps(steps, self.folder, self.environment)
        assert not told, "\n".join(told)

    def digest(self, name: str) -> str:
        """The digest of a published name; empty if there is none."""
        return self.run("manyfest", "digest", name).stdout.decode().strip()

    def document(self, name: str) -> dict[str, object]:
        """The published list."""
        shown: dict[str, object] = json.loads(self.run("manyfest", "inspect", "--raw", name).stdout)
        return shown

    def platforms(self, name: str) -> list[str]:
        """The platforms of a published list, sorted; none if there is no list."""
        if not self.digest(name):
            return []
        entries = self.document(name)["manifests"]
        assert isinstance(entries, Sequence)
        shown = (entry["platform"] for entry in entries)
        return sorted(
            "/".join((p["os"], p["architecture"], *p.get("variant", "").split())) for p in shown
        )

    def job(self, name: str = "job", **stand_ins: StandIn) -> GithubJob:
        """A job of GitHub's, on a runner with this folder as its workspace."""
        temp = self.folder.parent / f"runner-{name}"
        temp.mkdir()
        return GithubJob(self.folder, temp, dict(self.environment), stand_ins=stand_ins)


@pytest.fixture
def site(
    start_docker_registry: Callable[..., RunningRegistry],
    seed: Seed,
    tmp_path: Path,
    forks: ForkedCommandLine,
) -> Site:
    registries = (start_docker_registry(), start_docker_registry())
    folder = tmp_path / "work"
    folder.mkdir()
    environment = environment_with(registries, tmp_path / "home")
    write_forked_script(tmp_path / "programs" / "manyfest", forks)
    environment["PATH"] = f"{tmp_path / 'programs'}:{environment['PATH']}"
    return Site(registries, folder, environment, seed)
