"""A memory in a real registry, which machines that live for one job push to and pull from."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from manyfest.adapters.memory import MemoryRegistry
from manyfest.contracts.images import docker_image, docker_list, oci_image, push_image
from manyfest.domain.references import Reference
from tests.integration.conftest import Seed
from tests.support.http.registry_server import REGISTRY, Quirks, RegistryServer
from tests.support.programs.docker_client import Result
from tests.support.programs.docker_registry import RunningRegistry
from tests.support.programs.our_program import run_here

AMD, ARM = docker_image("linux/amd64"), docker_image("linux/arm64", text="other")
LISTED = docker_list(AMD, ARM)

On = Callable[..., Result]


@pytest.fixture
def on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> On:
    """Runs a command on a machine with a store of its own."""

    def run(machine: str, *arguments: str | Path) -> Result:
        monkeypatch.setenv("MANYFEST_STORE", str(tmp_path / f"{machine}.db"))
        return run_here(*arguments)

    return run


@pytest.fixture
def app(docker_registry: RunningRegistry, repository: str, seed: Seed) -> str:
    return seed(f"{docker_registry.host}/{repository}/app:1", LISTED)


@pytest.fixture
def memory(docker_registry: RunningRegistry, repository: str) -> str:
    return f"{docker_registry.host}/{repository}/memory:ci"


def succeeded(result: Result) -> bytes:
    assert result.code == 0, result.stderr
    return result.stdout


def test_history_and_content_come_to_a_new_machine(on: On, app: str, memory: str) -> None:
    succeeded(on("one", "cache", "fetch", app))
    assert b"Pushed 1 tag, 3 manifests" in succeeded(on("one", "cache", "push", memory, app))
    assert b"Pulled 1 tag, 3 new manifests" in succeeded(on("two", "cache", "pull", memory))
    assert succeeded(on("two", "inspect", "--offline", app)) == succeeded(on("one", "inspect", app))
    assert b"(claimed)" in succeeded(on("two", "history", app))
    assert on("two", "undo", app).code == 3
    assert b"Pulled 1 tag" in succeeded(on("three", "cache", "pull", "--trust", memory))
    assert b"(claimed)" not in succeeded(on("three", "history", app))


def test_what_a_memory_claims_in_place_of_a_look_is_said(
    on: On, app: str, memory: str, seed: Seed
) -> None:
    succeeded(on("two", "inspect", app))
    seed(app, AMD)
    succeeded(on("one", "inspect", app))
    succeeded(on("one", "cache", "push", memory, app))
    succeeded(on("two", "cache", "pull", memory))
    shown = on("two", "inspect", "--offline", app)
    assert shown.code == 0
    assert f"{app} is {AMD.digest}, as a bundle or memory claims" in shown.stderr
    assert f"as {LISTED.digest}" in shown.stderr


def test_the_environment_names_memories_that_are_trusted(
    on: On, app: str, memory: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    succeeded(on("one", "inspect", app))
    succeeded(on("one", "cache", "push", memory, app))
    monkeypatch.setenv("MANYFEST_TRUSTED_MEMORY", f"r.example/other:1, {memory}")
    succeeded(on("two", "cache", "pull", memory))
    assert b"(claimed)" not in succeeded(on("two", "history", app))


def test_the_same_again_moves_nothing(
    on: On, app: str, memory: str, docker_registry: RunningRegistry
) -> None:
    succeeded(on("one", "inspect", app))
    succeeded(on("one", "cache", "push", memory, app))
    tags = succeeded(on("one", "tags", memory.rpartition(":")[0]))
    assert b"has all of it already" in succeeded(on("one", "cache", "push", memory, app))
    assert succeeded(on("one", "tags", memory.rpartition(":")[0])) == tags


def test_all_are_listed_and_must_be_confirmed(on: On, app: str, memory: str) -> None:
    succeeded(on("one", "inspect", app))
    refused = on("one", "cache", "push", "--all", memory)
    assert refused.code == 2
    assert f"note: {app.rpartition(':')[0]} (1 tag)\n" in refused.stderr
    assert "--yes" in refused.stderr
    assert on("two", "cache", "pull", memory).code == 3
    pushed = json.loads(succeeded(on("one", "cache", "push", "--all", "--yes", "--json", memory)))
    assert (pushed["tags"], pushed["manifests"]) == ([app], 1)
    assert json.loads(succeeded(on("two", "cache", "pull", "--json", memory)))["tags"] == [app]


def test_nothing_private_is_in_the_artifact(
    on: On, app: str, memory: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No draft, no login, no layout's path and no fact about a host is in any blob of it."""
    monkeypatch.setenv(
        "DOCKER_AUTH_CONFIG", json.dumps({"auths": {"r.example": {"auth": "dTpzM2NyZXQ="}}})
    )
    succeeded(on("one", "cache", "fetch", app))
    layout = f"oci:{tmp_path}/private-layout:1"
    succeeded(on("one", "copy", app, layout))
    succeeded(on("one", "inspect", layout))
    succeeded(on("one", "create", "private.example/draft:1", app))
    held = f"oci:{tmp_path}/memory:x"
    succeeded(on("one", "cache", "push", "--all", "--yes", held))
    succeeded(on("two", "cache", "pull", held))
    blobs = [path.read_bytes() for path in (tmp_path / "memory").rglob("*") if path.is_file()]
    expanded = b"".join([*blobs, *map(_expanded, blobs)])
    assert app.encode() in expanded
    for private in (b"private", b"s3cret", b"dTpzM2NyZXQ", os.fsencode(tmp_path), b"supports"):
        assert private not in expanded, private
    assert b"draft" not in succeeded(on("two", "ls"))


def _expanded(blob: bytes) -> bytes:
    import gzip

    import zstandard

    if blob.startswith(b"\x1f\x8b"):
        return gzip.decompress(blob)
    if blob.startswith(b"\x28\xb5\x2f\xfd"):
        return zstandard.ZstdDecompressor().decompressobj().decompress(blob)
    return b""


_PROGRAM = "import sys; from manyfest.cli.process.main import main; sys.exit(main(sys.argv[1:]))"


def test_machines_that_push_at_once_lose_nothing(
    on: On,
    docker_registry: RunningRegistry,
    repository: str,
    memory: str,
    seed: Seed,
    tmp_path: Path,
) -> None:
    """Also where the registry keeps referrers in one list that writers replace."""
    tags = [
        seed(f"{docker_registry.host}/{repository}/app:{number}", oci_image(text=str(number)))
        for number in range(6)
    ]
    for tag in tags:
        succeeded(on(tag.rpartition(":")[2], "inspect", tag))
    running = [
        subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, "cache", "push", memory, tag],
            env={**os.environ, "MANYFEST_STORE": str(tmp_path / f"{tag.rpartition(':')[2]}.db")},
            stdout=subprocess.DEVNULL,
        )
        for tag in tags
    ]
    assert [process.wait(300) for process in running] == [0] * len(tags)
    pulled = json.loads(succeeded(on("reader", "cache", "pull", "--json", memory)))
    assert (sorted(pulled["tags"]), pulled["leftOut"]) == (tags, 0)


def parts_after_pushes(on: On, memory: str, app: str, number: int) -> int:
    """Push a new tag each time, without a word of warning; return how many parts have tags."""
    succeeded(on("one", "inspect", app))
    for each in range(number):
        tag = f"{app.rpartition(':')[0]}:new-{each}"
        succeeded(on("one", "copy", app, tag))
        succeeded(on("one", "inspect", tag))
        pushed = on("one", "cache", "push", memory, tag)
        assert (pushed.code, pushed.stderr) == (0, "")
    assert (
        len(json.loads(succeeded(on("two", "cache", "pull", "--json", memory)))["tags"]) == number
    )
    listed = succeeded(on("two", "tags", memory.rpartition(":")[0])).split()
    return sum(tag.startswith(b"manyfest-memory-") for tag in listed)


@pytest.mark.parametrize(("deletes", "left"), [(True, 5), (False, 9)])
def test_the_tags_of_parts_go_where_tags_can_be_deleted(
    on: On, monkeypatch: pytest.MonkeyPatch, *, deletes: bool, left: int
) -> None:
    monkeypatch.setattr("manyfest.domain.operations.memories.push_memory.MOST_DELTAS", 2)
    registry = MemoryRegistry()
    push_image(registry, Reference.parse(f"{REGISTRY}/app:1"), AMD)
    with RegistryServer(registry, quirks=Quirks(deletes_tags=deletes)) as server:
        app = f"{server.host}/app:1"
        assert parts_after_pushes(on, f"{server.host}/memory:ci", app, 7) == left


def test_the_tags_of_parts_stay_where_tags_cannot_be_deleted(
    on: On, memory: str, app: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Debian's registry (2.8) answers 400, whether deletion is on or not."""
    monkeypatch.setattr("manyfest.domain.operations.memories.push_memory.MOST_DELTAS", 2)
    assert parts_after_pushes(on, memory, app, 7) == 9, "seven parts, and two bases"


def test_an_image_is_no_memory(on: On, app: str) -> None:
    succeeded(on("one", "inspect", app))
    for arguments in (["push", app, app], ["pull", app]):
        refused = on("one", "cache", *arguments)
        assert (refused.code, refused.stdout) == (1, b"")
        assert "is no memory" in refused.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["m:1"],
        ["--yes", "m:1", "a:1"],
        ["--all", "m:1", "a:1"],
        ["--all", "--yes", "m@sha256:" + 64 * "0"],
    ],
)
def test_one_says_what_is_pushed(on: On, arguments: list[str]) -> None:
    assert on("one", "cache", "push", *arguments).code == 2
