"""The part of the registry port's contract that is about referrers; ``registry`` has the whole."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

import pytest

from manyfest.contracts.images import Image, oci_image, oci_index, push_image, referrer
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.ports.registry import Registry
from manyfest.domain.references import Home, Reference

SUBJECT, OTHER_SUBJECT = oci_image(text="subject"), oci_image(text="other subject")


def put_referrers(registry: Registry, home: Home, images: Iterable[Image]) -> None:
    for image in images:
        push_image(registry, Reference(home, None, image.digest), image)


def listing(image: Image, artifact_type: str) -> Descriptor:
    """How ``image`` is to be listed."""
    others = {
        "artifactType": artifact_type,
        "annotations": image.manifest.document["annotations"],
    }
    manifest = image.manifest
    return Descriptor(manifest.media_type, manifest.digest, manifest.size, None, others)


class ReferrersContract:
    """Mixed into the suite for the whole port."""

    @pytest.fixture
    def subject(self, registry: Registry, home: Home) -> Reference:
        push_image(registry, Reference(home, "v1"), SUBJECT)
        return Reference(home, None, SUBJECT.digest)

    def test_what_nothing_refers_to_has_no_referrers(self, registry, subject, absent):
        assert registry.referrers(subject) == ()
        assert registry.referrers(Reference(absent, None, SUBJECT.digest)) == ()

    def test_referrers_are_listed_with_what_they_are(self, registry, home, subject):
        images = [referrer(SUBJECT, "sbom"), referrer(SUBJECT, "signature", "application/x-sig")]
        put_referrers(registry, home, images)
        found = {entry.digest: entry for entry in registry.referrers(subject)}
        types = "application/x-sbom", "application/x-sig"
        assert found == {i.digest: listing(i, t) for i, t in zip(images, types, strict=True)}

    def test_a_tag_beside_the_digest_changes_nothing(self, registry, home, subject):
        put_referrers(registry, home, [referrer(SUBJECT)])
        beside = Reference(home, "whatever", SUBJECT.digest)
        assert registry.referrers(beside) == registry.referrers(subject) != ()

    def test_a_config_tells_the_kind_where_nothing_else_does(self, registry, home, subject):
        named = SUBJECT.manifest.descriptor().to_json()
        image = oci_image(text="odd", subject=named, annotations={"a": "b"})
        put_referrers(registry, home, [image])
        kind = image.manifest.config.media_type
        assert registry.referrers(subject) == (listing(image, kind),)

    def test_a_list_may_refer_and_be_referred_to(self, registry, home):
        image = oci_image(text="part")
        subject = oci_index(image)
        refers = oci_index(image, subject=subject.manifest.descriptor().to_json())
        push_image(registry, Reference(home, "v1"), subject)
        push_image(registry, Reference(home, None, refers.digest), refers)
        assert [r.digest for r in registry.referrers(Reference(home, None, subject.digest))] == [
            refers.digest
        ]

    def test_a_referrer_that_is_put_under_a_tag_is_listed(self, registry, home, subject):
        image = referrer(SUBJECT)
        push_image(registry, Reference(home, "sbom"), image)
        push_image(registry, Reference(home, "sbom-too"), image)
        assert [entry.digest for entry in registry.referrers(subject)] == [image.digest]

    def test_a_referrer_may_come_before_its_subject(self, registry, home):
        image = referrer(OTHER_SUBJECT)
        put_referrers(registry, home, [image])
        push_image(registry, Reference(home, "v1"), OTHER_SUBJECT)
        found = registry.referrers(Reference(home, None, OTHER_SUBJECT.digest))
        assert [entry.digest for entry in found] == [image.digest]

    def test_subjects_and_homes_are_told_apart(self, registry, home, other_home, subject):
        put_referrers(registry, home, [referrer(OTHER_SUBJECT)])
        put_referrers(registry, other_home, [referrer(SUBJECT)])
        assert registry.referrers(subject) == ()

    def test_no_referrer_is_lost_when_eight_threads_put_them(self, registry, home, subject):
        images = [referrer(SUBJECT, f"sbom {number}") for number in range(8)]
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda image: put_referrers(registry, home, [image]), images))
        found = registry.referrers(subject)
        assert sorted(e.digest for e in found) == sorted(i.digest for i in images)
