"""The contract of an integrity check: subclass ``IntegrityContract``, give ``kept`` and a hook."""

import pytest

from manyfest.contracts.draft_book import draft
from manyfest.contracts.garbage_collector import DAY, NOW, see
from manyfest.contracts.images import docker_image, oci_image, oci_index
from manyfest.domain.digests import Digest
from manyfest.domain.operations.store.check_store import check_store, set_damage_aside
from manyfest.domain.ports.integrity import ContentKind
from manyfest.domain.references import Reference

A, B = oci_image("linux/amd64", text="a"), docker_image("linux/arm64", text="b")
LIST = oci_index(A, B)
TAG = Reference.parse("registry.example/app:x")


class IntegrityContract:
    """``kept`` has ``contents``, ``drafts`` and the ``integrity`` check of one store."""

    @pytest.fixture
    def kept(self):
        """Return an empty store with these attributes."""
        raise NotImplementedError

    def flip_a_bit(self, kept, digest: Digest) -> None:
        """Damage the content under ``digest``, bypassing the store's methods."""
        raise NotImplementedError

    @pytest.fixture
    def filled(self, kept):
        see(kept.contents, str(TAG), A, days_ago=1)
        see(kept.contents, str(TAG), LIST)
        with kept.drafts.transaction():
            kept.drafts.save(draft("app", "a", "b"))
        return kept

    def test_what_is_intact_is_counted(self, filled):
        checked = check_store(filled.integrity)
        assert checked.damaged == ()
        numbers = {kind: checked.numbers.get(kind, 0) for kind in ContentKind}
        del numbers[ContentKind.FILE], numbers[ContentKind.LAYER]
        assert numbers == {
            ContentKind.MANIFEST: 3,
            ContentKind.CONFIG: 2,
            ContentKind.STATE: 2,
            ContentKind.DRAFT: 1,
        }

    @pytest.mark.parametrize(
        ("kind", "digest"),
        [(ContentKind.MANIFEST, B.digest), (ContentKind.CONFIG, Digest.of(A.blobs[0]))],
    )
    def test_damaged_content_is_named_and_set_aside(self, filled, kind, digest):
        self.flip_a_bit(filled, digest)
        checked = check_store(filled.integrity)
        (damage,) = checked.damaged
        assert (damage.kind, damage.name, damage.reason) == (kind, str(digest), "other bytes")
        assert set_damage_aside(filled.integrity, checked, NOW) == ()
        assert check_store(filled.integrity).damaged == ()
        assert filled.contents.manifest(LIST.digest) == LIST.manifest
        assert filled.contents.manifest(B.digest) in (None, B.manifest)

    def test_a_tag_loses_its_states_from_a_damaged_manifest_backwards(self, filled):
        self.flip_a_bit(filled, LIST.digest)
        checked = check_store(filled.integrity)
        forgotten = set_damage_aside(filled.integrity, checked, NOW + DAY)
        assert set(forgotten) == {str(TAG)}
        assert filled.contents.history(TAG) == ()
        assert filled.contents.manifest(LIST.digest) is None
        assert filled.contents.manifest(A.digest) == A.manifest

    def test_what_was_healed_meanwhile_stays(self, filled):
        self.flip_a_bit(filled, A.digest)
        checked = check_store(filled.integrity)
        with filled.contents.transaction():
            filled.contents.keep_manifests([A.manifest])
        assert set_damage_aside(filled.integrity, checked, NOW) == ()
        assert filled.contents.manifest(A.digest) == A.manifest
