"""Entries of index.json that are one image, one list, or several images."""

import json

import pytest

from manyfest.contracts.images import Image, docker_image, oci_image, oci_index, referrer
from manyfest.domain import media_types
from manyfest.domain.bundles.index_image import image_of
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.encoding.strict_json import Json
from manyfest.domain.manifests import Manifest
from manyfest.domain.platforms import Platform
from tests.support.content.attested import attested_index
from tests.support.content.bundles import entry

AMD, ARM = oci_image(), oci_image("linux/arm64", text="arm")
OTHER = oci_image(text="another for amd64")
INDEX = oci_index(AMD, ARM)


def listed(image: Image, **annotations: str) -> dict[str, Json]:
    platform = {"platform": image.platform.to_json()} if image.platform else {}
    return entry(image, **annotations) | platform


def index(*entries: Json, **members: Json) -> Manifest:
    document = {"schemaVersion": 2, "manifests": list(entries)} | members
    return Manifest(media_types.OCI_INDEX, json.dumps(document).encode())


def found_in(manifest: Manifest, *images: Image) -> Descriptor | Manifest | None:
    documents = {}
    for image in (*images, *(child for each in images for child in each.children)):
        documents |= {image.digest: image.manifest.data}
        documents |= {d.digest: b for d, b in zip(_parts(image), image.blobs, strict=True)}
    return image_of(manifest, manifest.entries, lambda entry: documents.get(entry.digest))


def _parts(image: Image) -> tuple[Descriptor, ...]:
    config = image.manifest.config
    return (config, *image.manifest.layers) if config else ()


@pytest.mark.parametrize("members", [{}, {"mediaType": media_types.OCI_INDEX, "x-kept": 1.50}])
def test_images_of_platforms_without_a_name_are_the_list_that_index_json_is(members):
    manifest = index(listed(AMD), listed(ARM), **members)
    found = found_in(manifest, AMD, ARM)
    assert found.data == manifest.data
    assert found.media_type == media_types.OCI_INDEX


def test_attestations_are_listed_with_their_images():
    attested = attested_index(AMD, ARM)
    manifest = index(*attested.manifest.document["manifests"])
    assert found_in(manifest, *attested.children).data == manifest.data


def test_a_name_is_left_out_and_other_annotations_are_kept():
    entries = [listed(each, ref_name="v1", image_name="r.example/app:v1") for each in (AMD, ARM)]
    entries[0]["annotations"]["about"] = "amd64"
    found = found_in(index(*entries), AMD, ARM)
    assert [each.annotations for each in found.entries] == [{"about": "amd64"}, {}]
    assert found.document["manifests"][1] == listed(ARM)
    assert found.document["mediaType"] == media_types.OCI_INDEX


def test_a_missing_platform_is_that_of_the_config():
    found = found_in(index(entry(AMD), entry(ARM)), AMD, ARM)
    platforms = [Platform("linux", "amd64"), Platform("linux", "arm64")]
    assert [each.platform for each in found.entries] == platforms


def test_the_members_of_index_json_are_kept():
    found = found_in(index(entry(AMD), entry(ARM), annotations={"about": "both"}), AMD, ARM)
    assert found.document["annotations"] == {"about": "both"}


def test_docker_images_are_listed_too():
    one, other = docker_image(), docker_image("linux/arm64")
    assert [e.digest for e in found_in(index(entry(one), entry(other)), one, other).entries] == [
        one.digest,
        other.digest,
    ]


ONE_IMAGE = {
    "children beside their list": ((AMD, ARM, INDEX), INDEX),
    "a referrer beside its image": ((AMD, referrer(AMD)), AMD),
    "a referrer of a child": ((INDEX, referrer(ARM)), INDEX),
    "one image twice": ((AMD, AMD), AMD),
}


@pytest.mark.parametrize(("images", "expected"), ONE_IMAGE.values(), ids=ONE_IMAGE.keys())
def test_parts_of_an_image_are_no_other_images(images, expected):
    found = found_in(index(*map(entry, images)), *images)
    assert (type(found), found.digest) == (Descriptor, expected.digest)


def test_the_list_is_chosen_by_the_one_name_that_its_children_lack():
    manifest = index(entry(AMD), entry(INDEX, ref_name="v1"), entry(ARM))
    assert found_in(manifest, INDEX).digest == INDEX.digest


SEVERAL = {
    "other names": [listed(AMD, ref_name="v1"), listed(ARM, ref_name="v2")],
    "one with a name, one without": [listed(AMD, ref_name="v1"), listed(ARM)],
    "one platform twice": [listed(AMD), listed(OTHER), listed(ARM)],
    "one platform twice, in two spellings": [
        listed(AMD),
        entry(OTHER) | {"platform": {"os": "linux", "architecture": "x86_64"}},
    ],
    "lists": [entry(INDEX), entry(oci_index(OTHER))],
    "a list and an image": [entry(INDEX), listed(OTHER)],
    "images that are not there, without platforms": [
        entry(oci_image(text="x")),
        entry(oci_image(text="y")),
    ],
    "something else": [listed(AMD), listed(ARM) | {"mediaType": "application/x-other"}],
}


@pytest.mark.parametrize("entries", SEVERAL.values(), ids=SEVERAL.keys())
def test_several_images_are_no_list(entries):
    assert found_in(index(*entries), INDEX, AMD, ARM, OTHER) is None
