"""Records of a read: observations of tags, and digests that a person asked for."""

from manyfest.contracts.images import docker_image, docker_list
from manyfest.domain.operations.resolve import Resolved
from manyfest.domain.operations.steps.record import record
from tests.support.stores.memory_store import MemoryStore
from tests.unit.domain.operations.conftest import NOW, ref

AMD, ARM, OTHER = (docker_image(f"linux/{name}") for name in ("amd64", "arm64", "s390x"))
LIST = docker_list(AMD, ARM)
NAME = ref("r.example/l:1")


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
