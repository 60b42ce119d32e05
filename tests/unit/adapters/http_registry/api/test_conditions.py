"""Conditional puts: what is sent, and what a refused condition means."""

import pytest

from manyfest.adapters.deadline import Deadline
from manyfest.adapters.http_registry.registry import HttpRegistry
from manyfest.adapters.memory import MemoryRegistry
from manyfest.contracts.images import docker_image, push_image
from manyfest.domain.errors import TagMovedError
from manyfest.domain.expectations import Expectation
from manyfest.domain.references import Reference
from tests.support.http.fault_server import FaultServer
from tests.support.http.faults import lost
from tests.support.http.http_messages import Answer
from tests.support.http.registry_server import REGISTRY, RegistryApp

OLD, NEW = docker_image(text="old"), docker_image(text="new")
PATH = "/v2/app/manifests/1"


@pytest.fixture
def server():
    memory = MemoryRegistry()
    for name, image in (("1", OLD), ("2", NEW)):
        push_image(memory, Reference.parse(f"{REGISTRY}/app:{name}"), image)
    with FaultServer(RegistryApp(memory)) as server:
        yield server


@pytest.fixture
def registry():
    with HttpRegistry(Deadline(20)) as registry:
        yield registry


def tag(server) -> Reference:
    return Reference.parse(f"{server.host}/app:1")


@pytest.mark.parametrize(
    ("expected", "header"),
    [
        (None, ("", "")),
        (Expectation(None), ("", "*")),
        (Expectation(OLD.digest), (f'"{OLD.digest}"', "")),
    ],
)
def test_what_is_expected_is_said(server, registry, expected, header) -> None:
    registry.put_manifest(tag(server), NEW.manifest, expected)
    (put,) = [request for request in server.requests if request.method == "PUT"]
    assert (put.header("If-Match"), put.header("If-None-Match")) == header


def test_a_refused_condition_is_a_tag_that_moved(server, registry) -> None:
    server.always("PUT", PATH, Answer(412))
    with pytest.raises(TagMovedError, match=f"already exists \\({OLD.digest}"):
        registry.put_manifest(tag(server), NEW.manifest, Expectation(None))
    assert server.count("PUT") == 1


def test_a_condition_that_an_earlier_try_has_changed_is_no_refusal(server, registry) -> None:
    server.on("PUT", PATH, lost, Answer(412))
    registry.put_manifest(tag(server), NEW.manifest, Expectation(OLD.digest))
    assert registry.get_manifest(tag(server)) == NEW.manifest
