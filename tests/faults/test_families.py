"""Registries that refuse lists of two families: the answer names the images of each."""

import pytest

from manyfest.adapters.memory import MemoryRegistry
from manyfest.contracts.images import docker_image, oci_image, oci_index, push_image
from manyfest.domain.references import Reference
from tests.support.faults.judged import error_line, refused, succeeded
from tests.support.http.fault_server import FaultServer
from tests.support.http.faults import with_status
from tests.support.http.registry_server import REGISTRY
from tests.support.programs.our_program import run_here

DOCKER, OCI = docker_image("linux/amd64"), oci_image("linux/arm64")
BOTH = "Docker images (linux/amd64) and OCI images (linux/arm64)"
TAG = "/v2/app/manifests/list"


@pytest.fixture
def parts(server: FaultServer, memory: MemoryRegistry) -> tuple[str, str]:
    for tag, image in {"amd": DOCKER, "arm": OCI, "mixed": oci_index(DOCKER, OCI)}.items():
        push_image(memory, Reference.parse(f"{REGISTRY}/app:{tag}"), image)
    return f"{server.host}/app:amd", f"{server.host}/app:arm"


@pytest.mark.parametrize("list_type", ["auto", "docker", "oci"])
@pytest.mark.parametrize("status", [400, 415])
def test_the_refusal_of_a_mixed_list_names_the_images_of_each_family(
    server: FaultServer, parts: tuple[str, str], list_type: str, status: int
) -> None:  # E5
    server.always("PUT", TAG, with_status(status))
    command = ("create", "--push", "--type", list_type, f"{server.host}/app:list", *parts)
    line = error_line(run_here(*command), 1)
    assert f"refused ({status}" in line
    assert BOTH in line
    assert server.count("PUT", TAG) == 1


@pytest.mark.parametrize("command", [("push", "--expect", "absent"), ("push", "--merge")])
def test_so_does_every_way_to_publish_it(
    server: FaultServer, parts: tuple[str, str], command: tuple[str, ...]
) -> None:  # E5
    name = f"{server.host}/app:list"
    succeeded("create", name, *parts)
    server.always("PUT", "/v2/app/manifests/*", with_status(400))
    refused(*command, name, code=1, words=(BOTH,))
    refused("copy", f"{server.host}/app:mixed", f"{server.host}/app:there", code=1, words=(BOTH,))


def test_a_missing_child_is_not_blamed_on_the_families(
    server: FaultServer, parts: tuple[str, str], memory: MemoryRegistry
) -> None:  # E5
    memory.forget_manifest(Reference.parse(f"{REGISTRY}/app").at(OCI.digest))
    name = f"{server.host}/app"
    line = refused("copy", f"{name}:mixed", f"{server.host}/other:1", code=3)
    assert "families" not in line
    assert "OCI images" not in line


def test_a_mixed_list_is_noted_before_it_is_published(
    server: FaultServer, parts: tuple[str, str]
) -> None:  # E5
    name = f"{server.host}/app:list"
    for command in (("create", name, *parts), ("push", name)):
        assert f"note: {name} is an OCI index of {BOTH}" in succeeded(*command).stderr
    assert "OCI index of" not in succeeded("push", name).stderr
    assert "note: " not in succeeded("create", f"{server.host}/app:pure", parts[0]).stderr
    assert "OCI index of" not in succeeded("create", "oci:there:1", *parts).stderr
