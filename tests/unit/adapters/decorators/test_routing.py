"""The routing registry asks the implementation that the home asks for, made when first needed."""

import pytest

from manyfest.adapters.decorators.routing import RoutingRegistry
from manyfest.adapters.memory import MemoryRegistry
from manyfest.contracts.images import docker_image, pull_blob, push_blob, push_image
from manyfest.domain.digests import Digest
from manyfest.domain.errors import NotFoundError
from manyfest.domain.references import Archive, External, Layout, Reference, Repository

IMAGE = docker_image()
HOMES = {
    "repository": Repository("registry.example", "team/app"),
    "layout": Layout("/layouts/app"),
    "archive": Archive("oci-archive:", "/archives/app.tar"),
    "external": External("shelf", "upper/app"),
}


def unused() -> MemoryRegistry:
    pytest.fail("made, though no reference asks for it")


def routing_for(kind, maker) -> RoutingRegistry:
    makers = dict.fromkeys(HOMES, unused) | {kind: maker}
    schemes = {"shelf": makers["external"]}
    return RoutingRegistry(
        makers["repository"], makers["layout"], lambda s: schemes[s](), makers["archive"]
    )


@pytest.mark.parametrize("kind", HOMES)
def test_every_method_goes_to_the_one_that_serves_the_home(kind):
    serving, home = MemoryRegistry(), HOMES[kind]
    routing = routing_for(kind, lambda: serving)
    push_image(routing, Reference(home, "v1"), IMAGE)
    config = Reference(home, None, Digest.of(IMAGE.blobs[0]))

    assert serving.get_manifest(Reference(home, "v1")) == IMAGE.manifest
    assert routing.get_manifest(Reference(home, "v1")) == IMAGE.manifest
    assert routing.head_manifest(Reference(home, "v1")) == IMAGE.manifest.descriptor()
    assert routing.head_blob(config) == len(IMAGE.blobs[0])
    assert pull_blob(routing, config, len(IMAGE.blobs[0])) == IMAGE.blobs[0]


def test_mounting_goes_where_the_blob_is_to_appear():
    serving, origin = MemoryRegistry(), HOMES["repository"]
    routing = routing_for("repository", lambda: serving)
    digest = push_blob(serving, origin, b"mount me").digest
    copy = Reference(Repository("registry.example", "team/copy"), None, digest)
    assert routing.mount_blob(copy, origin)
    assert pull_blob(serving, copy, 8) == b"mount me"


@pytest.mark.parametrize("kind", HOMES)
def test_each_is_made_once(kind):
    made = []

    def maker() -> MemoryRegistry:
        made.append(MemoryRegistry())
        return made[-1]

    routing = routing_for(kind, maker)
    assert made == []
    for _ in range(2):
        with pytest.raises(NotFoundError):
            routing.get_manifest(Reference(HOMES[kind], "v1"))
    assert len(made) == 1
