"""A store is copied between SQLite and PostgreSQL, both ways, and nothing of it is lost."""

from contextlib import closing

import pytest
from attrs import evolve

from manyfest.contracts.draft_book import draft
from manyfest.contracts.garbage_collector import DAY, NOW, hold, see
from manyfest.contracts.images import docker_image, oci_image, oci_index, referrer
from manyfest.domain.digests import Digest
from manyfest.domain.errors import DamagedStoreError
from manyfest.domain.operations.store.collect_garbage import Retention, find_garbage
from manyfest.domain.operations.store.copy_store import CopiedStore, Count, copy_store
from manyfest.domain.ports.garbage import Garbage
from manyfest.domain.references import Reference
from manyfest.store.maintenance.housekeeping import housekeeping_of
from manyfest.store.postgres.store import PostgresStore
from manyfest.store.store import open_store
from tests.support.stores.housekeeping import hold_layers

A, B = oci_image("linux/amd64", text="a"), docker_image("linux/arm64", text="b")
LIST, SIGNED = oci_index(A, B), referrer(A, "signature")
APP, NEW = Reference.parse("registry.example/app:x"), CopiedStore
ALONE = oci_image("linux/s390x", text="read by digest")


@pytest.fixture(scope="module")
def url(postgres):
    return postgres.create("copies")


@pytest.fixture
def stores(postgres, url, tmp_path):
    with (
        closing(open_store(tmp_path / "one.db")) as one,
        closing(PostgresStore(url, tmp_path)) as two,
        closing(open_store(tmp_path / "three.db")) as three,
    ):
        with two.contents.transaction():
            pass
        postgres.empty("copies")
        yield one, two, three


def _fill(store):
    see(store.contents, str(APP), A, days_ago=3)
    see(store.contents, str(APP), LIST, days_ago=1)
    see(store.contents, str(APP), A)
    see(store.contents, "oci:/srv/site", B)
    hold(store.contents, SIGNED, ALONE)
    with store.contents.transaction():
        store.contents.record_digest_reads([SIGNED.digest], NOW, APP.home)
    hold_layers(store.layers, A)
    with store.drafts.transaction():
        store.drafts.save(draft("app", "a", "b"))


def test_a_store_is_copied_there_and_back(stores):
    one, two, three = stores
    _fill(one)
    copied = copy_store(one, two, NOW, with_layers=True)
    assert copied.manifests == Count(5, 5)
    assert (copied.tags, copied.states) == (2, Count(4, 4))
    assert (copied.drafts, copied.kept) == (Count(1, 1), ())
    assert copied.layers == Count(1, 1)
    back = copy_store(two, three, NOW, with_layers=True)
    assert back == copied
    for image in (A, B, LIST, SIGNED, ALONE):
        assert three.contents.manifest(image.digest) == image.manifest
    for image in (A, B, ALONE):
        assert three.contents.blob(Digest.of(image.blobs[0])) == image.blobs[0]
    assert three.contents.homes_of(SIGNED.digest) == (APP.home,)
    assert three.contents.history(APP) == one.contents.history(APP)
    assert three.drafts.drafts() == one.drafts.drafts()
    with closing(housekeeping_of(three)) as house:
        retention = Retention(4 * DAY, NOW)
        assert find_garbage(house.garbage, three.drafts, retention) == Garbage()


def test_a_copy_again_changes_nothing(stores):
    one, two, _ = stores
    _fill(one)
    first = copy_store(one, two, NOW)
    again = copy_store(one, two, NOW)
    counts = ("manifests", "blobs", "states", "drafts")
    assert again == evolve(first, **{name: evolve(getattr(first, name), new=0) for name in counts})


def test_what_the_target_has_stays(stores):
    one, two, _ = stores
    _fill(one)
    see(two.contents, "registry.example/other:1", B)
    with two.drafts.transaction():
        two.drafts.save(draft("app", "another"))
    copied = copy_store(one, two, NOW)
    assert [str(name) for name in copied.kept] == ["docker.io/library/app:latest"]
    assert two.drafts.drafts() == (draft("app", "another"),)
    assert two.contents.last_observation(Reference.parse("registry.example/other:1"))


def test_damage_of_the_source_ends_it_and_is_not_copied(stores, postgres):
    one, two, three = stores
    _fill(one)
    copy_store(one, two, NOW)
    statement = "UPDATE manyfest.blobs SET data = '\\x00' || data"
    postgres.execute(statement, "copies")
    with pytest.raises(DamagedStoreError, match="other bytes"):
        copy_store(two, three, NOW)
    copy_store(one, two, NOW)  # heals
    assert copy_store(two, three, NOW).manifests.found == 5
