"""A mirror asked alone: what it lacks of a list is found, and it is filled by being asked."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from manyfest.adapters.decorators import through
from manyfest.adapters.memory import MemoryRegistry
from manyfest.contracts.images import docker_image, docker_list, push_image
from manyfest.domain.digests import Digest
from manyfest.domain.references import Reference
from tests.integration.conftest import Seed
from tests.support.http.fault_server import FaultServer
from tests.support.http.faults import with_status
from tests.support.http.registry_server import REGISTRY, RegistryApp
from tests.support.programs.docker_registry import RunningRegistry
from tests.support.programs.our_program import run_here

AMD, ARM = docker_image("linux/amd64"), docker_image("linux/arm64", text="other")
LISTED = docker_list(AMD, ARM)
NAME = "origin.test/team/app:1"  # which nothing answers for
ARM_PATH = f"/v2/proxy/team/app/manifests/{ARM.digest}"
LAYER_PATH = f"/v2/proxy/team/app/blobs/{Digest.of(ARM.blobs[1])}"


@pytest.fixture
def mirror() -> Iterator[FaultServer]:
    """A mirror that has all of ``NAME``, under a path of its own."""
    registry = MemoryRegistry()
    push_image(registry, Reference.parse(f"{REGISTRY}/proxy/team/app:1"), LISTED)
    with FaultServer(RegistryApp(registry)) as server:
        yield server


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(through, "_PAUSES", (0.0, 0.0, 0.0))


def verify(mirror: FaultServer, *more: str):
    return run_here("verify", "--through", f"{mirror.host}/proxy", NAME, *more)


def fetch(mirror: FaultServer, *more: str):
    return run_here("cache", "fetch", "--through", f"{mirror.host}/proxy", NAME, *more)


def test_a_whole_list_is_found_without_the_origin(mirror: FaultServer) -> None:
    shown = verify(mirror)
    assert shown.code == 0, shown.stderr
    assert shown.stdout.decode() == f"{NAME}: 0 errors, 0 warnings (3 manifests, 4 blobs checked)\n"
    assert run_here("history", NAME).code == 3, "a mirror is no witness of the origin's tag"


def test_a_mirror_that_cannot_be_reached_is_taken_for_no_reference(short_pauses: None) -> None:
    shown = run_here("verify", "--through", "127.0.0.1:1", NAME)
    assert (shown.code, "cannot reach 127.0.0.1:1" in shown.stderr) == (5, True)
    assert "add a repository" not in shown.stderr


def test_a_layout_is_in_no_mirror(mirror: FaultServer, tmp_path: Path) -> None:
    """It would be read itself, and called whole."""
    layout = f"oci:{tmp_path / 'layout'}:1"
    assert run_here("copy", f"{mirror.host}/proxy/team/app:1", layout).code == 0
    for words in (("verify",), ("cache", "fetch")):
        shown = run_here(*words, "--through", mirror.host, layout)
        reason = f"{layout} is in no registry, so a mirror cannot be asked for it"
        assert (shown.code != 0, reason in shown.stderr) == (True, True), shown.stderr


def test_half_a_list_is_found_and_said_which_half(mirror: FaultServer) -> None:
    mirror.always("*", ARM_PATH, with_status(404))
    shown = verify(mirror, "--json")
    assert shown.code == 8
    (found,) = json.loads(shown.stdout)["findings"]
    assert (found["rule"], found["path"]) == ("missing-manifest", "manifests[1]")


def test_a_layer_that_the_mirror_lacks_is_found(mirror: FaultServer) -> None:
    mirror.always("*", LAYER_PATH, with_status(404))
    shown = verify(mirror)
    assert shown.code == 8
    assert b"[missing-blob]" in shown.stdout


def test_the_store_does_not_answer_for_a_mirror(mirror: FaultServer) -> None:
    assert fetch(mirror).code == 0
    mirror.always("GET", ARM_PATH, with_status(404))
    assert verify(mirror).code == 8


def test_a_mirror_is_asked_for_all_until_it_has_it(mirror: FaultServer, quick: None) -> None:
    mirror.on("GET", ARM_PATH, with_status(404), with_status(404))
    mirror.on("GET", LAYER_PATH, with_status(404))
    shown = fetch(mirror, "--layers")
    assert shown.code == 0, shown.stderr
    assert b"1 of 1 reference, 3 manifests, 2 layers" in shown.stdout
    for image in (AMD, ARM):
        for blob in image.blobs:
            assert mirror.count("GET", f"/v2/proxy/team/app/blobs/{Digest.of(blob)}")
    before = mirror.count("GET", LAYER_PATH)
    assert fetch(mirror, "--layers").code == 0
    assert mirror.count("GET", LAYER_PATH) == before + 1, "also for what the store has"
    assert run_here("inspect", "--offline", "-v", NAME).code == 0


def test_what_a_mirror_never_has_is_named(mirror: FaultServer, quick: None) -> None:
    mirror.always("*", ARM_PATH, with_status(404))
    shown = fetch(mirror)
    assert (shown.code, shown.stdout) == (1, b"0 of 1 reference, 2 manifests\n")
    assert str(ARM.digest) in shown.stderr


def test_what_it_shows_once_and_loses_is_found_afterwards(mirror: FaultServer, quick: None) -> None:
    mirror.always("HEAD", LAYER_PATH, with_status(404))
    mirror.always("GET", LAYER_PATH, with_status(404))
    shown = fetch(mirror)
    assert shown.code == 1
    assert "[missing-blob]" in shown.stderr


def test_a_mirror_that_is_away_is_told() -> None:
    shown = run_here("verify", "--through", "127.0.0.1:1", NAME)
    assert shown.code == 5
    assert "127.0.0.1:1" in shown.stderr


@pytest.mark.parametrize("place", ["", "nohost", "h.example/APP", "h.example/a@sha256:" + 64 * "0"])
def test_a_mirror_is_a_host_and_perhaps_a_path(place: str) -> None:
    assert run_here("verify", "--through", place, NAME).code == 2
    assert run_here("verify", "--offline", "--through", "h.example", NAME).code == 2


def test_a_real_pull_through_cache_is_filled(
    start_docker_registry: Callable[..., RunningRegistry], seed: Seed, tmp_path: Path
) -> None:
    origin = start_docker_registry()
    proxy = start_docker_registry(more=f"proxy: {{remoteurl: '{origin.url}'}}\n")
    name = seed(f"{origin.host}/team/app:1", LISTED)
    shown = run_here("cache", "fetch", "--layers", "--through", proxy.host, name)
    assert shown.code == 0, shown.stderr
    manifests = proxy.folder / "data/docker/registry/v2/repositories/team/app/_manifests"
    held = {link.parent.name for link in (manifests / "revisions").rglob("link")}
    assert {image.digest.hex for image in (LISTED, AMD, ARM)} <= held
    assert run_here("verify", "--through", proxy.host, name).code == 0
