"""Referrers: the tag that stands for a digest, what the list under it says, and how it grows."""

import json

import pytest

from manyfest.contracts.images import docker_list, oci_image, oci_index, referrer
from manyfest.domain import media_types
from manyfest.domain.digests import Digest
from manyfest.domain.errors import DocumentError, InvalidReferenceError
from manyfest.domain.lists.referrers import (
    is_referrers_tag,
    referrer_descriptor,
    referrers_tag,
    with_referrer,
)
from manyfest.domain.manifests import SIZE_LIMIT, Manifest
from manyfest.domain.references import Reference

SUBJECT = oci_image()
SBOM = referrer(SUBJECT).manifest
SIGNATURE = referrer(SUBJECT, "signature", "application/x-signature").manifest
PLACE = Reference.parse("r.example/app:1")
TAG = referrers_tag(PLACE.at(SUBJECT.digest))


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_the_tag_is_made_of_64_digits_of_the_digest(algorithm: str) -> None:
    digest = Digest.of(b"subject", algorithm)
    tagged = referrers_tag(PLACE.at(digest))
    assert str(tagged) == f"r.example/app:{algorithm}-{digest.hex[:64]}"
    assert is_referrers_tag(tagged.tag)


def test_an_algorithm_is_cut_and_written_in_the_characters_of_tags() -> None:
    digest = Digest.parse_any(f"{'a' * 31}+b64u:{'=' * 70}")
    assert referrers_tag(PLACE.at(digest)).tag == f"{'a' * 31}--{'-' * 64}"


def test_only_a_digest_has_referrers() -> None:
    with pytest.raises(InvalidReferenceError, match="^referrers are those of a digest.*r.example"):
        referrers_tag(PLACE)


HEX = "0123456789abcdef" * 4


@pytest.mark.parametrize(
    "tag",
    [None, "1", f"sha256-{HEX[1:]}", f"sha256-{HEX}0", f"sha384-{HEX}", f"sha256-{HEX.upper()}"],
)
def test_other_tags_name_no_referrers(tag: str | None) -> None:
    assert not is_referrers_tag(tag)


def test_a_referrer_is_listed_with_what_it_is_and_what_it_says() -> None:
    found = referrer_descriptor(SBOM)
    assert (found.media_type, found.digest, found.size) == (
        *(media_types.OCI_MANIFEST, SBOM.digest, SBOM.size),
    )
    assert found.others == {"artifactType": "application/x-sbom", "annotations": {"about": "sbom"}}


@pytest.mark.parametrize("stated", [None, "", 5])
def test_an_image_that_names_no_kind_is_of_the_kind_of_its_config(stated) -> None:
    image = oci_image(artifactType=stated).manifest
    assert referrer_descriptor(image).others == {"artifactType": media_types.OCI_CONFIG}


def test_a_list_that_names_no_kind_is_of_none() -> None:
    assert referrer_descriptor(oci_index(SUBJECT).manifest).others == {}


def test_a_list_of_referrers_grows_and_takes_each_once() -> None:
    first = with_referrer(None, SBOM, TAG)
    assert first.document == {
        "schemaVersion": 2,
        "mediaType": media_types.OCI_INDEX,
        "manifests": [referrer_descriptor(SBOM).to_json()],
    }
    second = with_referrer(first, SIGNATURE, TAG)
    assert [entry.digest for entry in second.entries] == [SBOM.digest, SIGNATURE.digest]
    assert with_referrer(second, SBOM, TAG) is second


def test_what_else_stands_in_the_list_stays() -> None:
    before = oci_index(SUBJECT, annotations={"a": "b"}).manifest
    after = with_referrer(before, SBOM, TAG)
    assert after.document["annotations"] == {"a": "b"}
    assert after.document["manifests"][:-1] == before.document["manifests"]
    null = {"schemaVersion": 2, "mediaType": media_types.OCI_INDEX, "manifests": None}
    empty = Manifest(media_types.OCI_INDEX, json.dumps(null).encode())
    assert with_referrer(empty, SBOM, TAG).entries == (referrer_descriptor(SBOM),)


def test_what_is_no_index_keeps_no_referrers() -> None:
    other = docker_list().manifest
    with pytest.raises(DocumentError, match="not an OCI index") as caught:
        with_referrer(other, SBOM, TAG)
    assert caught.value.subject == str(TAG)


def test_4_mib_of_referrers_are_kept_and_one_byte_more_is_not() -> None:
    def grown(length: int) -> Manifest:
        return with_referrer(oci_index(SUBJECT, note="x" * length).manifest, SBOM, TAG)

    room = SIZE_LIMIT - grown(0).size
    assert grown(room).size == SIZE_LIMIT
    with pytest.raises(DocumentError, match="^sha256:.*would be larger than 4194304 bytes$"):
        grown(room + 1)
