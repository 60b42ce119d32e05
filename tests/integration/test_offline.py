"""What was seen can be looked at again, from the store alone."""

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fakes.docker_client import CommandLine
from tests.fakes.docker_registry import RunningRegistry, running_registry
from tests.fakes.images import Image, docker_image, docker_list, oci_image, oci_index
from tests.integration.conftest import Seed

IMAGES = {
    "docker image": docker_image("linux/arm/v7"),
    "oci image": oci_image("linux/amd64", annotations={"a": "<b>"}),
    "docker list": docker_list(docker_image("linux/amd64"), docker_image("linux/arm64")),
    "oci index": oci_index(oci_image("linux/amd64"), annotations={"k": "v"}, artifactType="a/b"),
}


@pytest.mark.parametrize("image", IMAGES.values(), ids=IMAGES.keys())
def test_it_is_shown_byte_for_byte_as_it_was_online(
    start_docker_registry: Callable[..., RunningRegistry],
    seed: Seed,
    manyfest: CommandLine,
    image: Image,
) -> None:
    host = start_docker_registry().host
    name = seed(f"{host}/app:1", image)
    forms = [[name], ["-v", name], ["--raw", name], [f"{host}/app@{image.digest}"]]
    online = [manyfest("inspect", *form) for form in forms]
    assert [result.code for result in online] == [0] * len(forms)
    seed.forbid_network()
    offline = [manyfest("inspect", "--offline", *form) for form in forms]
    assert [result.stdout for result in offline] == [result.stdout for result in online]
    assert [result.stderr for result in offline] == [""] * len(forms)


def test_sources_of_a_create_are_kept(
    docker_registry: RunningRegistry, repository: str, seed: Seed, manyfest: CommandLine
) -> None:
    image = docker_image("linux/amd64")
    name = seed(f"{docker_registry.host}/{repository}:a", image)
    assert manyfest("create", f"{docker_registry.host}/{repository}:l", name).code == 0
    shown = manyfest("inspect", "-v", "--offline", name)
    assert json.loads(shown.stdout)["Descriptor"]["digest"] == str(image.digest)


def test_a_tag_never_seen_says_so(manyfest: CommandLine) -> None:
    result = manyfest("inspect", "--offline", "registry.example/app:1")
    assert (result.code, result.stdout) == (3, b"")
    assert "registry.example/app:1 was never seen" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_registry_that_is_away_is_an_error_and_never_a_stale_answer(
    seed: Seed, manyfest: CommandLine, tmp_path: Path
) -> None:
    with running_registry(tmp_path / "registry") as registry:
        name = seed(f"{registry.host}/app:1", docker_image())
        assert manyfest("inspect", name).code == 0
    result = manyfest("inspect", name)
    assert (result.code, result.stdout) == (5, b"")
    assert registry.host in result.stderr
    assert manyfest("inspect", "--offline", name).code == 0


def test_a_pushed_list_is_there_offline(
    docker_registry: RunningRegistry, repository: str, seed: Seed, manyfest: CommandLine
) -> None:
    place = f"{docker_registry.host}/{repository}"
    name = seed(f"{place}:a", docker_image())
    manyfest("create", f"{place}:l", name)
    draft = manyfest("inspect", f"{place}:l").stdout
    manyfest("push", f"{place}:l")
    assert manyfest("inspect", "--offline", f"{place}:l").stdout == draft


def test_looking_works_where_the_store_cannot_be_written(
    docker_registry: RunningRegistry,
    repository: str,
    seed: Seed,
    manyfest: CommandLine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name = seed(f"{docker_registry.host}/{repository}:a", docker_image())
    monkeypatch.setenv("MANYFEST_STORE", "/proc/nobody/may/write/here/store.db")
    result = manyfest("inspect", name)
    assert result.code == 0
    assert result.stdout
    assert result.stderr.startswith("warning: not kept for --offline: ")
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("size", [4096, 0], ids=["disk full", "locked"])
def test_a_push_that_cannot_be_noted_is_not_half_done(
    docker_registry: RunningRegistry,
    repository: str,
    seed: Seed,
    manyfest: CommandLine,
    tmp_path: Path,
    size: int,
) -> None:
    place = f"{docker_registry.host}/{repository}"
    seed(f"{place}:a", docker_image())
    assert manyfest("create", f"{place}:l", f"{place}:a").code == 0
    program = manyfest.command[0]
    if size:
        pushed = CommandLine(("prlimit", f"--fsize={size}", program))("push", f"{place}:l")
        assert pushed.code == 0, pushed.stderr
        assert pushed.stdout.decode().startswith("sha256:")
        assert "published, but the draft could not be marked so" in pushed.stderr
    else:
        store = tmp_path / "home" / "store.sqlite"
        locked = _locked(store)
        pushed = manyfest("push", "--timeout", "1", f"{place}:l")
        locked.close()
        assert (pushed.code, pushed.stdout) == (1, b"")
        assert manyfest("inspect", "--remote", f"{place}:l").code == 3
    assert manyfest("push", f"{place}:l").code == 0


def _locked(store: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(store, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    return connection
