"""The cached registry: what it takes from the store, and what it never does."""

import pytest
from attrs import evolve

from manyfest.adapters.decorators.cached import CachedRegistry
from manyfest.adapters.memory import MemoryRegistry
from manyfest.contracts.images import docker_image, pull_blob, push_image
from manyfest.domain.digests import Digest
from manyfest.domain.errors import BlobUnknownError, ManifestUnknownError
from manyfest.domain.references import Reference, Repository
from tests.support.stores.memory_layers import MemoryLayers
from tests.support.stores.memory_store import MemoryStore

HOME = Repository("registry.example", "team/app")
HELD, OTHER = docker_image(), docker_image("linux/arm64")
BY_DIGEST = Reference(HOME, None, HELD.digest)
CONFIG = HELD.blobs[0]
CONFIG_REFERENCE = Reference(HOME, None, Digest.of(CONFIG))


@pytest.fixture
def contents():
    contents = MemoryStore().contents
    with contents.transaction():
        contents.keep_manifests([HELD.manifest])
        contents.keep_blobs([CONFIG])
    return contents


@pytest.fixture
def origin():
    return MemoryRegistry()


@pytest.fixture
def cached(origin, contents):
    return CachedRegistry(origin, contents, MemoryLayers())


@pytest.mark.parametrize("tag", [None, "v1"])
def test_a_manifest_that_is_held_is_read_by_digest_without_the_origin(cached, tag):
    assert cached.get_manifest(Reference(HOME, tag, HELD.digest)) == HELD.manifest


def test_a_blob_that_is_held_is_read_without_the_origin(cached):
    assert pull_blob(cached, CONFIG_REFERENCE, len(CONFIG)) == CONFIG


def test_what_is_damaged_is_asked_for_where_it_came_from(cached, origin, contents):
    push_image(origin, Reference(HOME, "v1"), HELD)
    held = contents._store.held
    held.manifests[HELD.digest] = evolve(HELD.manifest, data=b"damaged")
    held.blobs[Digest.of(CONFIG)] = b"damaged"
    assert cached.get_manifest(BY_DIGEST) == HELD.manifest
    assert pull_blob(cached, CONFIG_REFERENCE, len(CONFIG)) == CONFIG


def test_a_tag_is_always_asked_for(cached, origin):
    with pytest.raises(ManifestUnknownError):
        cached.get_manifest(Reference(HOME, "v1"))
    push_image(origin, Reference(HOME, "v1"), OTHER)
    assert cached.get_manifest(Reference(HOME, "v1")) == OTHER.manifest


def test_holding_something_does_not_make_it_be_there(cached):
    with pytest.raises(ManifestUnknownError):
        cached.head_manifest(BY_DIGEST)
    with pytest.raises(BlobUnknownError):
        cached.head_blob(CONFIG_REFERENCE)


def test_writes_reach_the_origin_though_all_is_held(cached, origin):
    push_image(cached, Reference(HOME, "v1"), HELD)
    assert origin.get_manifest(Reference(HOME, "v1")) == HELD.manifest
    assert origin.head_blob(CONFIG_REFERENCE) == len(CONFIG)
