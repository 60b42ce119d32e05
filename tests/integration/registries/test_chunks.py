"""Layers in chunks to the real registry, by choice and behind a proxy that limits bodies."""

import json
import random
from collections.abc import Iterator

import pytest

from manyfest.adapters.memory import MemoryRegistry
from manyfest.contracts.images import docker_image, push_blob, push_image
from manyfest.domain.digests import Digest
from manyfest.domain.manifests import Manifest
from manyfest.domain.references import Reference
from tests.support.http.http_messages import Answer, Request
from tests.support.http.http_server import HttpServer
from tests.support.http.registry_server import REGISTRY, RegistryApp, RegistryServer
from tests.support.programs.our_program import run_here

LAYER = random.Random(5).randbytes(3_000_000)


def image_of(registry: MemoryRegistry, name: str) -> Digest:
    """Push an image with one layer of 3 MB; its digest."""
    reference, image = Reference.parse(f"{REGISTRY}/{name}"), docker_image("linux/amd64")
    push_image(registry, reference, image)
    document = json.loads(image.manifest.data)
    layer = {**document["layers"][0], "digest": str(Digest.of(LAYER)), "size": len(LAYER)}
    manifest = Manifest(
        image.manifest.media_type, json.dumps({**document, "layers": [layer]}).encode()
    )
    push_blob(registry, reference.home, LAYER)
    registry.put_manifest(reference, manifest)
    return manifest.digest


@pytest.fixture
def source() -> Iterator[RegistryServer]:
    registry = MemoryRegistry()
    image_of(registry, "app:1")
    with RegistryServer(registry) as server:
        yield server


def test_a_layer_goes_to_the_real_registry_in_chunks(
    source, docker_registry, repository, tmp_path
) -> None:
    target = f"{docker_registry.host}/{repository}:1"
    copied = run_here("copy", "--chunk-size", "1MB", f"{source.host}/app:1", target)
    assert copied.code == 0, copied.stderr
    back = run_here("copy", target, f"oci:{tmp_path}/back:1")
    assert back.code == 0, back.stderr
    assert (tmp_path / "back" / "blobs" / "sha256" / Digest.of(LAYER).hex).read_bytes() == LAYER


@pytest.mark.parametrize("command", ["copy", "push", "create", "apply"])
def test_every_command_that_uploads_layers_takes_the_size(source, command) -> None:
    with RegistryServer(MemoryRegistry()) as target:
        image, name = f"{source.host}/app:1", f"{target.host}/app:list"
        words = {
            "copy": ["copy", image, name],
            "create": ["create", "--push", name, image],
            "push": ["push", name],
            "apply": ["apply", "--target", name, "--template", image, "--platforms", "linux/amd64"],
        }[command]
        if command == "push":
            assert run_here("create", name, image).code == 0
        done = run_here(words[0], "--chunk-size", "1MB", *words[1:])
        assert done.code == 0, done.stderr
        patched = [len(r.body) for r in target.requests if r.method == "PATCH"]
        assert patched == [1_000_000] * 3


def test_a_proxy_that_limits_bodies_is_remembered(source) -> None:
    app = RegistryApp(MemoryRegistry())

    def limited(request: Request) -> Answer:
        return Answer(413) if len(request.body) > 1_000_000 else app(request)

    with HttpServer(limited) as target:
        for tag, refused in (("1", 2), ("2", 0)):
            before = len(target.requests)
            name = f"{target.host}/{'other' if refused == 0 else 'app'}:{tag}"
            assert run_here("copy", f"{source.host}/app:1", name).code == 0
            sent = [len(request.body) for request in target.requests[before:]]
            assert sum(size > 1_000_000 for size in sent) == refused


@pytest.mark.parametrize("size", ["0", "", "-1", "many", "5 XB", "1e6"])
def test_what_is_no_size_is_refused(size) -> None:
    refused = run_here("copy", "--chunk-size", size, "a:1", "b:1")
    assert refused.code == 2
    assert "--chunk-size wants a size such as 50MB or 64MiB" in refused.stderr
