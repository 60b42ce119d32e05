"""Records of a read: observations of tags, and digests that a person asked for."""

from contextlib import contextmanager

import pytest

from manyfest.contracts.images import docker_image, docker_list
from manyfest.domain.errors import StoreError
from manyfest.domain.operations.content.fetch import fetch
from manyfest.domain.operations.resolve import Resolved, resolve
from manyfest.domain.operations.steps.record import record
from manyfest.domain.operations.views.details import details
from manyfest.domain.operations.views.diff import diff
from manyfest.domain.operations.views.inspect import inspect, inspect_each
from manyfest.domain.operations.views.verify import verify
from tests.support.stores.memory_store import PATH, MemoryStore
from tests.unit.domain.operations.conftest import NOW, World, ref

AMD, ARM, OTHER = (docker_image(f"linux/{name}") for name in ("amd64", "arm64", "s390x"))
LIST = docker_list(AMD, ARM)
NAME, NOWHERE = ref("r.example/l:1"), ref("r.example/l:none")


def kept(*found: Resolved) -> MemoryStore:
    store = MemoryStore()
    with store.transaction():
        record(store.contents, iter(found), NOW)
    return store


def by_digest(image) -> Resolved:
    return Resolved(NAME.at(image.digest), image.manifest)


def test_a_tag_was_seen_and_a_digest_was_not() -> None:
    store = kept(Resolved(NAME, LIST.manifest), by_digest(OTHER))
    assert {str(place) for place in store.held.observations} == {str(NAME)}
    assert store.contents.last_observation(NAME).digest == LIST.digest


def test_a_tag_with_a_digest_says_nothing_of_the_tag() -> None:
    named = ref(f"r.example/l:1@{AMD.digest}")
    assert kept(Resolved(named, AMD.manifest)).held.observations == {}


def test_a_digest_was_asked_for_unless_a_list_that_was_read_has_it() -> None:
    store = kept(Resolved(NAME, LIST.manifest), by_digest(AMD), by_digest(OTHER))
    assert store.held.asked == {OTHER.digest: NOW}


def test_configs_are_kept_where_they_were_read() -> None:
    with_config = Resolved(NAME, AMD.manifest, AMD.blobs[0])
    assert list(kept(with_config, by_digest(ARM)).held.blobs.values()) == [AMD.blobs[0]]


class Full(MemoryStore):
    """Takes nothing."""

    @contextmanager
    def transaction(self):
        raise StoreError(PATH, "is full")
        yield


READERS = {
    "inspect": lambda ports: inspect(NAME, ports=ports),
    "inspect each": lambda ports: inspect_each([NAME, NOWHERE], ports=ports),
    "details": lambda ports: details(resolve(NAME, ports.registry), ports=ports),
    "diff": lambda ports: diff(NAME, NAME, ports=ports),
    "verify": lambda ports: verify(NAME, ports=ports),
}


@pytest.fixture
def world() -> World:
    made = World()
    made.plant(str(NAME), LIST)
    return made


@pytest.mark.parametrize("read", READERS.values(), ids=READERS.keys())
def test_what_only_reads_records_what_it_read_unless_it_is_offline(world: World, read) -> None:
    read(world.ports(records_reads=False))
    assert world.store.contents.last_observation(NAME) is None
    read(world.ports())
    assert world.store.contents.last_observation(NAME).digest == LIST.digest
    assert world.store.contents.manifest(LIST.digest) == LIST.manifest


@pytest.mark.parametrize("read", READERS.values(), ids=READERS.keys())
def test_what_only_reads_succeeds_where_the_store_cannot_be_written(world: World, read) -> None:
    ports = world.ports(store=Full())
    assert read(ports)
    assert [str(error) for error in ports.unrecorded] == [str(StoreError(PATH, "is full"))]


def test_what_is_fetched_is_recorded_or_that_fails(world: World) -> None:
    assert fetch([NAME], ports=world.ports(records_reads=False)).failures == {}
    assert world.store.contents.last_observation(NAME).digest == LIST.digest
    assert set(world.store.held.manifests) == {LIST.digest, AMD.digest, ARM.digest}
    with pytest.raises(StoreError, match="is full"):
        fetch([NAME], ports=world.ports(store=Full()))
