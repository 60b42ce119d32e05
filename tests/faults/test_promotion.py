"""Promotions against targets that lose, swap or refuse: no tag moves without a proof."""

import json
import re
from collections.abc import Iterator

import pytest

from manyfest.adapters.memory import MemoryRegistry
from manyfest.contracts.images import Image, oci_image, oci_index, push_image
from manyfest.domain.media_types import OCI_INDEX
from manyfest.domain.references import Reference
from tests.support.content import signed
from tests.support.http.fault_server import FaultServer
from tests.support.http.faults import with_status
from tests.support.http.http_messages import Answer, Reply
from tests.support.http.registry_answers import failure
from tests.support.http.registry_server import REGISTRY, Quirks, RegistryApp
from tests.support.programs.our_program import run_here

AMD, ARM = oci_image("linux/amd64", text="amd"), oci_image("linux/arm64", text="arm")
INDEX = oci_index(AMD, ARM)
SBOM = signed.bundle(AMD, signed.SPDX)
EMPTY = json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": []}).encode()


@pytest.fixture
def memory() -> MemoryRegistry:
    registry = MemoryRegistry()
    push_image(registry, Reference.parse(f"{REGISTRY}/stage/app:1"), INDEX)
    push_image(registry, Reference.parse(f"{REGISTRY}/stage/app@{SBOM.digest}"), SBOM)
    return registry


@pytest.fixture
def server(memory: MemoryRegistry) -> Iterator[FaultServer]:
    with FaultServer(RegistryApp(memory, quirks=Quirks(referrers=True))) as server:
        yield server


def promoted(server: FaultServer, code: int, *words: str) -> str:
    names = (f"{server.host}/stage/app:1", f"{server.host}/prod/app")
    result = run_here("promote", *words, "--tags", "1,2,3", *names)
    assert (result.code, result.stdout) == (code, b""), result
    return result.stderr


def tags(memory: MemoryRegistry) -> tuple[str, ...]:
    return memory.tags(Reference.parse(f"{REGISTRY}/prod/app").home)


@pytest.mark.usefixtures("short_pauses")
def test_a_target_that_takes_an_sbom_and_lists_it_nowhere_gets_no_tag(memory, server) -> None:
    index = Answer(200, EMPTY, (("Content-Type", OCI_INDEX),))
    server.always("GET", "/v2/prod/app/referrers/*", index)
    assert str(SBOM.digest) in promoted(server, 8)
    assert tags(memory) == ()


@pytest.mark.parametrize("status", [404, 403])
def test_a_manifest_that_cannot_be_read_back_moves_no_tag(memory, server, status: int) -> None:
    server.always("GET", f"/v2/prod/app/manifests/{ARM.digest}", with_status(status))
    told = promoted(server, 8 if status == 404 else 4)
    assert str(ARM.digest) in told
    assert tags(memory) == ()


def test_tags_that_moved_before_one_was_refused_are_named(memory, server) -> None:
    server.always("PUT", "/v2/prod/app/manifests/2", failure("DENIED"))
    told = promoted(server, 4, "--jobs", "1")
    assert f"moved: {server.host}/prod/app:1; " in told
    assert f"may have moved: {server.host}/prod/app:2; " in told
    assert f"not moved: {server.host}/prod/app:3; " in told
    assert "the same command again moves the rest" in told
    assert tags(memory) == ("1",)


def meanwhile(memory: MemoryRegistry, server: FaultServer, image: Image) -> None:
    """Let another job move tag 2 while the target is read back."""

    def move(reply: Reply) -> Reply:
        push_image(memory, Reference.parse(f"{REGISTRY}/prod/app:2"), image)
        return reply

    server.on("GET", f"/v2/prod/app/manifests/{ARM.digest}", move)


@pytest.mark.parametrize("had", [True, False])
def test_a_tag_that_another_job_moved_meanwhile_is_not_overwritten(memory, server, had) -> None:
    if had:
        push_image(memory, Reference.parse(f"{REGISTRY}/prod/app:2"), ARM)
    meanwhile(memory, server, AMD)
    told = promoted(server, 6)
    before = str(ARM.digest) if had else "nothing"
    moved = f"moved {server.host}/prod/app:2 meanwhile, from {before} to {AMD.digest}"
    assert f"another writer {moved} (no tag was moved; promote again to " in told
    assert tags(memory) == ("2",)
    promoted_now(server)
    assert sorted(tags(memory)) == ["1", "2", "3"]


def test_a_tag_that_is_moved_in_the_last_moment_is_told_with_those_that_moved(memory, server):
    def overtaken(_: Reply) -> Answer:  # as by a registry that compares
        push_image(memory, Reference.parse(f"{REGISTRY}/prod/app:2"), AMD)
        return Answer(412)

    server.on("PUT", "/v2/prod/app/manifests/2", overtaken)
    told = promoted(server, 6)
    assert re.search(rf"may have moved: [^;]*{server.host}/prod/app:2", told)
    assert f"{server.host}/prod/app:2 already exists ({AMD.digest})" in told
    assert "no tag was moved" not in told
    assert memory.head_manifest(Reference.parse(f"{REGISTRY}/prod/app:2")).digest == AMD.digest


def test_a_tag_that_another_job_moved_to_the_same_image_is_done(memory, server) -> None:
    meanwhile(memory, server, INDEX)
    promoted_now(server)
    asked = [(each.method, each.path.rpartition("/")[2]) for each in server.requests]
    assert [asked.count((method, "2")) for method in ("HEAD", "PUT")] == [2, 0]
    assert [asked.count((method, "1")) for method in ("HEAD", "PUT")] == [2, 1]


def promoted_now(server: FaultServer) -> None:
    names = (f"{server.host}/stage/app:1", f"{server.host}/prod/app")
    assert run_here("promote", "--tags", "1,2,3", *names).code == 0
