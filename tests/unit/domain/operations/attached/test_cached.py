"""What is attached is found in the store alone, and nothing that lies about its subject."""

from datetime import UTC, datetime

import pytest
from attrs import evolve

from manyfest.contracts.images import oci_image, referrer
from manyfest.domain.digests import Digest
from manyfest.domain.history.observation import Observation
from manyfest.domain.images.attachments import Form
from manyfest.domain.operations.attached import cached
from manyfest.domain.operations.attached.cached import (
    cached_anywhere,
    cached_attachments,
    cached_referrers,
)
from tests.support.stores.memory_store import MemoryStore
from tests.unit.domain.operations.conftest import ref

IMAGE = oci_image()
SIGNATURE, OTHER = referrer(IMAGE, "signature"), oci_image(text="other")
SUBJECT = ref("r.example/app").at(IMAGE.digest)


@pytest.fixture
def store() -> MemoryStore:
    store = MemoryStore()
    tag = SUBJECT.tagged(f"sha256-{IMAGE.digest.hex}.sig")
    elsewhere = ref("r.example/other").tagged(tag.tag)
    now = datetime(2026, 5, 1, tzinfo=UTC)
    with store.transaction():
        store.contents.keep_manifests([IMAGE.manifest, SIGNATURE.manifest, OTHER.manifest])
        store.contents.observe(
            [Observation(tag, OTHER.digest, now), Observation(elsewhere, IMAGE.digest, now)]
        )
    return store


def test_referrers_and_digest_tags_of_the_home_are_found(store: MemoryStore) -> None:
    [found, none] = cached_attachments([SUBJECT, SUBJECT.at(OTHER.digest)], store.contents)
    assert [(one.form, one.digest) for one in found] == [
        (Form.REFERRER, SIGNATURE.digest),
        (Form.DIGEST_TAG, OTHER.digest),
    ]
    assert none == ()


def test_what_is_damaged_is_left_out(store: MemoryStore) -> None:
    damaged = evolve(SIGNATURE.manifest, data=SIGNATURE.manifest.data + b" ")
    store.held.manifests[SIGNATURE.digest] = evolve(damaged)
    object.__setattr__(store.held.manifests[SIGNATURE.digest], "digest", SIGNATURE.digest)
    assert cached_referrers(SUBJECT, store.contents) == ((), ())
    assert cached_anywhere(IMAGE.digest, store.contents) == ()


def test_a_subject_that_cannot_be_verified_has_none(store: MemoryStore) -> None:
    place = SUBJECT.at(Digest.parse_any("blake3:abc"))
    assert cached_attachments([place], store.contents) == ((),)


def test_there_is_an_end(store: MemoryStore, monkeypatch) -> None:
    monkeypatch.setattr(cached, "COUNT_LIMIT", 2)
    with store.transaction():
        store.contents.keep_manifests(referrer(IMAGE, f"a/{n}").manifest for n in range(5))
    assert len(cached_referrers(SUBJECT, store.contents)[0]) == 2


def _read_from(store: MemoryStore, name: str) -> None:
    with store.transaction():
        now = datetime(2026, 5, 1, tzinfo=UTC)
        store.contents.record_digest_reads([SIGNATURE.digest], now, ref(name).home)


def test_a_referrer_of_another_home_is_left_out_and_told(store: MemoryStore) -> None:
    _read_from(store, "r.example/other")
    assert cached_referrers(SUBJECT, store.contents) == ((), (ref("r.example/other").home,))
    [[found]] = cached_attachments([SUBJECT], store.contents)
    assert found.form is Form.DIGEST_TAG
    assert len(cached_anywhere(IMAGE.digest, store.contents)) == 1


def test_a_referrer_of_both_homes_is_one_of_this(store: MemoryStore) -> None:
    _read_from(store, "r.example/other")
    _read_from(store, "r.example/app")
    [found], elsewhere = cached_referrers(SUBJECT, store.contents)
    assert (found.digest, elsewhere) == (SIGNATURE.digest, ())
