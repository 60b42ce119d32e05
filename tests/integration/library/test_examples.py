"""The examples of docs/library.md: each runs as it stands."""

import re
from pathlib import Path

import pytest

from manyfest.contracts.images import docker_image, docker_list
from tests.integration.conftest import Seed, seed  # noqa: F401 - a fixture
from tests.support.programs.docker_registry import RunningRegistry

ROOT = Path(__file__).parents[3]
BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)
EXAMPLES = BLOCK.findall((ROOT / "docs" / "library.md").read_text())


@pytest.fixture
def content(docker_registry: RunningRegistry, repository: str, seed: Seed) -> str:  # noqa: F811
    place = f"{docker_registry.host}/{repository}"
    for platform in ("amd64", "arm64"):
        seed(f"{place}/app:{platform}", docker_image(f"linux/{platform}"))
    images = docker_image(), docker_image("linux/arm64")
    for tag in ("1", "2"):
        seed(f"{place}/app:{tag}", docker_list(*images))
    return place


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_an_example_runs_as_it_stands(content: str, number: int, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    exec(EXAMPLES[number].replace("registry.example", content), {})
