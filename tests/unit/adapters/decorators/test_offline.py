"""The offline registry: what was seen is answered, and nothing else is."""

from datetime import UTC, datetime, timedelta

import pytest

from manyfest.adapters.decorators.offline import OfflineRegistry
from manyfest.contracts.images import docker_image, oci_image, pull_blob, source_of
from manyfest.domain.digests import Digest
from manyfest.domain.errors import (
    BlobUnknownError,
    NeverSeenError,
    NotCachedError,
    SizeMismatchError,
    UnreachableError,
)
from manyfest.domain.history.observation import Observation
from manyfest.domain.references import Layout, Reference, Repository
from tests.support.stores.memory_layers import MemoryLayers
from tests.support.stores.memory_store import MemoryStore

HOME = Repository("registry.example", "team/app")
OLD, NEW, UNSEEN = docker_image(), oci_image(), docker_image("linux/arm64")
TAGGED = Reference(HOME, "v1")
LAYOUT = Reference(Layout("/layouts/app"))
CONFIG = NEW.blobs[0]
CONFIG_REFERENCE = Reference(HOME, None, Digest.of(CONFIG))
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
def contents():
    contents = MemoryStore().contents
    with contents.transaction():
        contents.keep_manifests([OLD.manifest, NEW.manifest])
        contents.keep_blobs([CONFIG])
        contents.observe(
            [
                Observation(TAGGED, NEW.digest, NOON),
                Observation(TAGGED, OLD.digest, NOON - timedelta(hours=1)),
                Observation(LAYOUT, OLD.digest, NOON),
            ]
        )
    return contents


@pytest.fixture
def offline(contents):
    return OfflineRegistry(contents, MemoryLayers())


@pytest.mark.parametrize(
    ("reference", "image"),
    [
        pytest.param(TAGGED, NEW, id="a tag, as last seen"),
        pytest.param(TAGGED.at(OLD.digest), OLD, id="a digest"),
        pytest.param(Reference(HOME, "v1", OLD.digest), OLD, id="a digest beside a tag"),
        pytest.param(Reference(HOME, "never", OLD.digest), OLD, id="a digest beside another tag"),
        pytest.param(LAYOUT, OLD, id="the only image of a layout"),
    ],
)
def test_what_was_seen_is_answered(offline, reference, image):
    assert offline.get_manifest(reference) == image.manifest
    assert offline.head_manifest(reference) == image.manifest.descriptor()


@pytest.mark.parametrize(
    "reference",
    [
        pytest.param(Reference(HOME, "v2"), id="tag"),
        pytest.param(Reference(Repository("registry.example", "other"), "v1"), id="home"),
        pytest.param(TAGGED.at(UNSEEN.digest), id="digest"),
        pytest.param(Reference(HOME, "v1", UNSEEN.digest), id="digest beside a known tag"),
    ],
)
def test_what_was_never_seen_is_named(offline, reference):
    for read in (offline.get_manifest, offline.head_manifest):
        with pytest.raises(NeverSeenError) as caught:
            read(reference)
        assert caught.value.reference == str(reference)


def test_held_blobs_are_answered(offline):
    assert offline.head_blob(CONFIG_REFERENCE) == len(CONFIG)
    assert pull_blob(offline, CONFIG_REFERENCE, len(CONFIG)) == CONFIG
    with pytest.raises(SizeMismatchError):
        pull_blob(offline, CONFIG_REFERENCE, len(CONFIG) + 1)


def test_other_blobs_are_not_held(offline):
    reference = Reference(HOME, None, Digest.of(b"a layer"))
    for read in (offline.head_blob, lambda blob: pull_blob(offline, blob, 7)):
        with pytest.raises(NotCachedError) as caught:
            read(reference)
        assert caught.value.blobs == (str(reference),)


def test_it_is_told_which_tags_nobody_confirmed(contents):
    told = []
    offline = OfflineRegistry(contents, MemoryLayers(), lambda *news: told.append(news))
    offline.get_manifest(TAGGED.at(OLD.digest))
    assert told == []
    offline.get_manifest(TAGGED)
    assert told == [(contents.last_observation(TAGGED), None, None)]


def test_a_tag_names_no_blob(offline):
    with pytest.raises(BlobUnknownError):
        offline.head_blob(TAGGED)


WRITES = {
    "put_manifest": lambda offline: offline.put_manifest(TAGGED, NEW.manifest),
    "mount_blob": lambda offline: offline.mount_blob(CONFIG_REFERENCE, HOME),
    "write_blob": lambda offline: offline.write_blob(CONFIG_REFERENCE, 1, source_of(b"x")),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_nothing_is_written(offline, write):
    with pytest.raises(UnreachableError, match="offline"):
        write(offline)
