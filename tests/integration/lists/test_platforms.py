"""Platforms as a person names them: features, builds of Windows, a system alone."""

import json

import pytest

from manyfest.contracts.images import oci_image, oci_index
from tests.integration.conftest import Seed
from tests.support.programs.docker_client import CommandLine
from tests.support.programs.docker_registry import RunningRegistry

PLATFORMS = [
    *("linux/amd64", "linux(+gpu)/amd64", "linux/arm64/v8", "linux/arm64/v9.0"),
    *("windows(10.0.17763.9)/amd64", "windows(10.0.17763.10)/amd64", "windows(10.0.20348.1)/amd64"),
]
CHOSEN = {
    "linux(+gpu)/amd64": [1],
    "linux/amd64": [0, 1],
    "linux/arm64/9": [3],
    "linux/arm64/v8.0": [2],
    "linux": [0, 1, 2, 3],
    "windows(10.0.17763)/amd64": [5],
    "windows(10.0.17763.9)/amd64": [4],
}


@pytest.fixture
def home(docker_registry: RunningRegistry, repository: str) -> str:
    return f"{docker_registry.host}/{repository}"


@pytest.fixture
def source(home: str, seed: Seed) -> str:
    return seed(f"{home}:all", oci_index(*(oci_image(text, text=text) for text in PLATFORMS)))


def digests(manyfest: CommandLine, name: str) -> list[str]:
    document = json.loads(manyfest("inspect", "--raw", name).stdout)
    return [entry["digest"] for entry in document["manifests"]]


@pytest.mark.parametrize(("wanted", "kept"), CHOSEN.items(), ids=CHOSEN)
def test_a_platform_selects_for_create_copy_and_fetch_alike(
    home: str, source: str, manyfest: CommandLine, wanted: str, kept: list[int]
) -> None:
    everything = digests(manyfest, source)
    assert manyfest("create", "--platform", wanted, f"{home}:some", source).code == 0
    assert digests(manyfest, f"{home}:some") == [everything[position] for position in kept]
    assert manyfest("copy", "--platform", wanted, source, f"{home}:copied").code == 0
    assert digests(manyfest, f"{home}:copied") == [everything[position] for position in kept]
    fetched = manyfest("cache", "fetch", "--json", "--platform", wanted, source)
    assert json.loads(fetched.stdout)["manifests"] == 1 + len(kept)


@pytest.mark.parametrize("text", ["amd64", "linus", "linux/"])
def test_a_word_that_is_no_system_is_refused(source: str, manyfest: CommandLine, text: str) -> None:
    result = manyfest("create", "--platform", text, "l.example/l:1", source)
    assert result.code == 2
    assert f"invalid platform {text!r}" in result.stderr


@pytest.mark.parametrize("position", [0, 1, 2, 4, 5])
def test_an_entry_is_dropped_and_annotated_by_the_text_that_inspect_shows(
    home: str, source: str, manyfest: CommandLine, position: int
) -> None:
    before = digests(manyfest, source)
    assert manyfest("create", f"{home}:l", source).code == 0
    words = ("annotate", "--annotation", "k=v", f"{home}:l", PLATFORMS[position])
    assert manyfest(*words).code == 0
    document = json.loads(manyfest("inspect", f"{home}:l").stdout)
    marked = [e["digest"] for e in document["manifests"] if "annotations" in e]
    assert marked == [before[position]]
    assert manyfest("drop", f"{home}:l", PLATFORMS[position]).code == 0
    assert set(before) - set(digests(manyfest, f"{home}:l")) == {before[position]}
