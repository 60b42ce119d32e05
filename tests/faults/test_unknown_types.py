"""Content of unknown types at a registry that fails for it, and the number of questions."""

import json

import pytest

from manyfest.adapters.memory import MemoryRegistry
from manyfest.contracts.images import (
    artifact,
    docker_image,
    index_of_anything,
    oci_index,
    push_image,
    with_unverifiable,
)
from manyfest.domain.digests import Digest
from manyfest.domain.references import Reference
from tests.support.faults.judged import succeeded
from tests.support.http.fault_server import FaultServer
from tests.support.http.faults import with_status
from tests.support.http.registry_server import REGISTRY

INDEX = index_of_anything()
BLOB = Digest.of(INDEX.blobs[2])  # of an unknown JSON type


@pytest.fixture
def name(server: FaultServer, memory: MemoryRegistry) -> str:
    """The index at a registry that answers 500 for a blob that is asked for as a manifest."""
    push_image(memory, Reference.parse(f"{REGISTRY}/app:all"), INDEX)
    server.always("*", f"/v2/app/manifests/{BLOB}", with_status(500))
    return f"{server.host}/app:all"


@pytest.mark.parametrize(
    "command",
    [
        ("copy", "NAME", "oci:there:1"),
        ("copy", "NAME", "HOST/other:1"),
        ("cache", "fetch", "NAME"),
        ("cache", "fetch", "--layers", "NAME"),
        ("verify", "NAME"),
        ("inspect", "-v", "NAME"),
        ("create", "--push", "HOST/other:1", "NAME"),
    ],
    ids=" ".join,
)
def test_a_blob_in_a_list_is_not_asked_for_as_a_manifest_again(
    server: FaultServer, name: str, command: tuple[str, ...]
) -> None:  # E1
    placed = [word.replace("NAME", name).replace("HOST", server.host) for word in command]
    succeeded(*placed)
    for method in ("HEAD", "GET"):
        assert server.count(method, path=f"/v2/app/manifests/{BLOB}") == 1
    for known in INDEX.blobs[:2]:
        assert server.count(path=f"/v2/app/manifests/{Digest.of(known)}") == 0


def test_what_was_copied_and_bundled_arrives_whole(name: str, tmp_path) -> None:  # E2
    succeeded("cache", "fetch", "--layers", name)
    succeeded("cache", "export", "--layers", name, tmp_path / "gap.tar")
    succeeded("copy", "--offline", name, "oci:there:1")
    assert "0 errors, 0 warnings" in succeeded("verify", "oci:there:1").stdout.decode()
    assert "no damage" in succeeded("cache", "fsck").stdout.decode()
    assert "unchanged" in succeeded("copy", name, "oci:there:1").stderr


def test_a_digest_that_cannot_be_verified_is_in_the_way_of_itself_alone(
    server: FaultServer, memory: MemoryRegistry
) -> None:  # E3
    index = with_unverifiable(oci_index(INDEX.children[0]))
    memory.plant_manifest(Reference.parse(f"{REGISTRY}/app:all"), index.manifest)
    push_image(memory, Reference.parse(f"{REGISTRY}/app:amd"), INDEX.children[0])
    name, digest = f"{server.host}/app:all", f"blake3:{'0' * 64}"
    for command in (["inspect", name], ["inspect", "-v", name], ["verify", name]):
        succeeded(*command)
    assert digest in succeeded("cache", "fetch", name).stderr
    copied = succeeded("copy", name, "oci:there:1")
    assert copied.stdout == f"{index.digest}\n".encode()
    left = f"no digest of its algorithm can be verified: {server.host}/app@{digest}"
    assert f"warning: left out, because {left}\n" in copied.stderr
    again = succeeded("copy", name, "oci:there:1")
    assert "unchanged" in again.stderr
    assert digest in again.stderr
    succeeded("copy", "--platform", "linux/amd64", name, "oci:there:2")
    assert server.count(path=f"/v2/app/*/{digest}") == 0


def test_a_chart_is_listed_beside_an_image(
    server: FaultServer, memory: MemoryRegistry
) -> None:  # E4
    chart = artifact("application/vnd.cncf.helm.config.v1+json", b'{"os": ["linux"]}')
    push_image(memory, Reference.parse(f"{REGISTRY}/app:chart"), chart)
    push_image(memory, Reference.parse(f"{REGISTRY}/app:amd"), docker_image())
    parts = f"{server.host}/app:amd", f"{server.host}/app:chart"
    succeeded("create", "--push", f"{server.host}/app:set", *parts)
    shown = json.loads(succeeded("inspect", f"{server.host}/app:set").stdout)
    assert shown["mediaType"] == "application/vnd.oci.image.index.v1+json"
    assert [set(entry) & {"platform", "artifactType"} for entry in shown["manifests"]] == [
        {"platform"},
        {"artifactType"},
    ]
    for command in (["verify"], ["inspect", "-v"], ["cache", "fetch", "--layers"]):
        succeeded(*command, f"{server.host}/app:set")
    succeeded("copy", f"{server.host}/app:set", "oci:there:1")
    succeeded("inspect", "-v", f"{server.host}/app:chart")
    succeeded("create", f"{server.host}/app:draft", *parts)
    succeeded("annotate", f"{server.host}/app:draft", parts[1], "--annotation", "k=v")
    succeeded("ls")
    succeeded("drop", f"{server.host}/app:draft", parts[1])
