"""docker itself is content with the registry in this process."""

import pytest

from manyfest.adapters.memory import MemoryRegistry
from manyfest.contracts.images import docker_image, push_image
from manyfest.domain.references import Reference, Repository
from tests.support.http.registry_server import REGISTRY, RegistryServer

PLATFORMS = ("linux/amd64", "linux/arm64")


@pytest.fixture
def memory():
    registry = MemoryRegistry()
    for platform in PLATFORMS:
        tag = platform.replace("/", "-")
        reference = Reference(Repository(REGISTRY, "t/app"), tag)
        push_image(registry, reference, docker_image(platform))
    return registry


def test_docker_creates_and_pushes_a_list_across_repositories(memory, docker_manifest):
    with RegistryServer(memory) as server:
        name = f"{server.host}/t/all:v1"
        images = [f"{server.host}/t/app:linux-{arch}" for arch in ("amd64", "arm64")]
        created = docker_manifest("create", "--insecure", name, *images)
        pushed = docker_manifest("push", "--insecure", name)
    assert (created.stdout, created.code) == (f"Created manifest list {name}\n".encode(), 0)
    assert pushed.code == 0, pushed.stderr
    kept = memory.get_manifest(Reference.parse(f"{REGISTRY}/t/all:v1"))
    assert pushed.stdout.splitlines()[-1].decode() == str(kept.digest)
    assert [str(entry.platform) for entry in kept.entries] == list(PLATFORMS)
    assert server.count("PUT", "/v2/t/all/manifests/*") == 3


def test_docker_says_what_is_not_there(memory, docker_manifest):
    with RegistryServer(memory) as server:
        seen = docker_manifest("inspect", "--insecure", f"{server.host}/t/app:absent")
    assert (seen.code, seen.stderr) == (1, f"no such manifest: {server.host}/t/app:absent\n")
