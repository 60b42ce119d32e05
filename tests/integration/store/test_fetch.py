"""`cache fetch`: filled from the real registry, then everything works without it."""

import json
from pathlib import Path

import pytest

from manyfest.contracts.images import docker_image, docker_list, oci_image, oci_index, with_config
from tests.integration.conftest import Seed
from tests.support.programs.docker_client import CommandLine
from tests.support.programs.docker_registry import RunningRegistry

DOCKER = docker_list(docker_image("linux/amd64"), docker_image("linux/arm64"))
OCI = oci_index(oci_image("linux/amd64", text="oci"))


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Layouts are made where the test is."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def names(docker_registry: RunningRegistry, repository: str, seed: Seed) -> list[str]:
    home = f"{docker_registry.host}/{repository}"
    return [seed(f"{home}:docker", DOCKER), seed(f"{home}:oci", OCI)]


@pytest.fixture
def file(tmp_path: Path, names: list[str]) -> Path:
    made = tmp_path / "images.txt"
    made.write_text("\n".join(["# what we run", "", *names, names[0]]))
    return made


def test_a_file_of_references_is_brought_and_works_offline(names, file, seed, manyfest) -> None:
    fetched = manyfest("cache", "fetch", "-f", file, "--layers")
    assert (fetched.code, fetched.stderr) == (0, "")
    assert fetched.stdout.decode().startswith("2 of 2 references, 5 manifests, 2 layers (")
    online = [manyfest("inspect", "-v", name).stdout for name in names]
    seed.forbid_network()
    assert [manyfest("inspect", "-v", "--offline", name).stdout for name in names] == online
    copied = manyfest("copy", "--offline", names[0], "oci:out:1")
    assert copied.code == 0, copied.stderr
    assert manyfest("verify", "oci:out:1").code == 0
    made = manyfest("create", "--offline", "--push", "oci:out:2", *names)
    assert made.code == 0, made.stderr


def test_a_second_fetch_brings_nothing(names, file, manyfest) -> None:
    manyfest("cache", "fetch", "--layers", *names)
    again = manyfest("cache", "fetch", "--json", "--layers", "-f", file)
    summary = json.loads(again.stdout)
    assert summary == {
        "references": 2,
        "failed": 0,
        "manifests": 5,
        "attached": 0,
        "layers": 0,
        "layerBytes": 0,
    }


def test_failures_are_a_line_each_and_the_rest_is_kept(names, seed, manyfest) -> None:
    missing = f"{names[0]}-missing"
    fetched = manyfest("cache", "fetch", missing, "NOT A NAME", *names)
    assert fetched.code == 1
    assert fetched.stdout.decode() == "2 of 4 references, 5 manifests\n"
    lines = fetched.stderr.splitlines()
    assert len(lines) == 2
    assert any(missing in line for line in lines)
    assert any("NOT A NAME" in line for line in lines)
    seed.forbid_network()
    assert manyfest("inspect", "--offline", names[1]).code == 0


def test_two_spellings_of_one_name_are_one_reference(manyfest) -> None:
    fetched = manyfest("cache", "fetch", "--json", "127.0.0.1:1/app", "127.0.0.1:1/app:latest")
    assert fetched.code == 1
    summary = json.loads(fetched.stdout)
    assert (summary["references"], summary["failed"]) == (1, 1)


def test_only_a_platform(names, manyfest) -> None:
    fetched = manyfest("cache", "fetch", "--platform", "linux/arm64", names[0])
    assert fetched.stdout.decode() == "1 of 1 reference, 2 manifests\n"


def test_what_runs_nowhere_is_for_no_platform(
    docker_registry: RunningRegistry, repository: str, seed: Seed, manyfest: CommandLine
) -> None:
    chart = seed(f"{docker_registry.host}/{repository}:chart", with_config(b"{}"))
    for command in (["cache", "fetch", chart], ["copy", chart, "oci:out:1"]):
        refused = manyfest(*command, "--platform", "linux/arm64")
        assert "has nothing for linux/arm64, only for no platform" in refused.stderr


@pytest.mark.parametrize(
    "arguments", [[], ["--platform", "?", "alpine"], ["-f", "no-such-file"]], ids=str
)
def test_what_cannot_be_meant_is_refused(manyfest: CommandLine, arguments) -> None:
    refused = manyfest("cache", "fetch", *arguments)
    assert refused.code == (1 if "-f" in arguments else 2)
    assert len(refused.stderr.splitlines()) == 1


def test_a_registry_that_is_away_is_a_failure(manyfest: CommandLine) -> None:
    fetched = manyfest("cache", "fetch", "127.0.0.1:1/app:1")
    assert fetched.code == 1
    assert "127.0.0.1:1" in fetched.stderr
