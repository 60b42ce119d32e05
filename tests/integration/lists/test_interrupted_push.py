"""A push that is cut off after any of its requests moves no tag, and the next one finishes it."""

from contextlib import closing

import pytest

from manyfest.adapters.deadline import Deadline
from manyfest.adapters.http_registry.registry import HttpRegistry
from manyfest.adapters.memory import MemoryRegistry
from manyfest.contracts.images import docker_image, docker_list, push_image
from manyfest.domain.errors import UnavailableError
from manyfest.domain.references import Reference
from tests.support.http.faults import Reset
from tests.support.http.http_messages import Reply, Request
from tests.support.http.http_server import HttpServer
from tests.support.http.registry_server import REGISTRY, RegistryApp
from tests.unit.domain.operations.conftest import World

OLD = docker_list(docker_image(text="old"))
REQUESTS = 8  # a look at the tag, three mounts, two children, the list; and one that never comes


class CutOff:
    """Answers ``left`` requests, and resets the connections of all others."""

    def __init__(self, app: RegistryApp) -> None:
        self._app = app
        self.left = 1_000_000

    def __call__(self, request: Request) -> Reply:
        self.left -= 1
        return self._app(request) if self.left >= 0 else Reset()


@pytest.mark.parametrize("answered", range(REQUESTS))
def test_whatever_was_written_the_tag_stands_and_the_draft_is_kept(answered: int) -> None:
    memory = MemoryRegistry()
    for name, image in {
        "l:1": OLD,
        "from:a": docker_image("linux/amd64"),
        "from:b": docker_image("linux/arm64"),
    }.items():
        push_image(memory, Reference.parse(f"{REGISTRY}/{name}"), image)
    app = CutOff(RegistryApp(memory))
    tag = Reference.parse(f"{REGISTRY}/l:1")
    with HttpServer(app) as server:
        name, sources = f"{server.host}/l:1", [f"{server.host}/from:{tag}" for tag in "ab"]
        with closing(HttpRegistry(Deadline(20))) as registry:
            draft = World(registry=registry).create(name, *sources)
            world = World(registry=registry)
            world.create(name, *sources)
        app.left = answered
        with closing(HttpRegistry(Deadline(0.5, hard=True))) as registry:
            world.registry = registry
            if answered < REQUESTS - 1:
                with pytest.raises(UnavailableError):
                    world.push(name)
                assert memory.get_manifest(tag) == OLD.manifest
                assert world.draft(name) == draft
        app.left = 1_000_000
        with closing(HttpRegistry(Deadline(20))) as registry:
            world.registry = registry
            plan = world.push(name)
            assert memory.get_manifest(tag) == plan.manifest
