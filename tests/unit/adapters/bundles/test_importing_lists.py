"""Bundles whose index.json is the list, and images without a name."""

import json

import pytest

from manyfest.contracts.images import oci_image, oci_index
from manyfest.domain.digests import Digest
from manyfest.domain.errors import BundleError
from tests.support.content import bundles
from tests.support.content.bundles import entry

AMD, ARM = oci_image(), oci_image("linux/arm64", text="arm")
OTHER, INDEX = oci_image(text="another for amd64"), oci_index(AMD, ARM)
NAME = "r.example/team/app:1"


def list_in(take, digest: str):
    manifest = take.store.contents.manifest(Digest.parse(digest))
    return [str(each.platform) for each in manifest.entries]


NAMED = {
    "a full name": ({"image_name": NAME, "ref_name": "1"}, {}),
    "a bare tag": ({"ref_name": "1"}, {"place": "r.example/team/app"}),
    "no name": ({}, {"name": NAME}),
}


@pytest.mark.parametrize(("annotations", "terms"), NAMED.values(), ids=NAMED)
def test_platforms_under_one_name_are_a_list_of_that_name(take, archived, annotations, terms):
    entries = [entry(AMD, **annotations), entry(ARM, **annotations)]
    imported = take(archived(bundles.layout(entries, AMD, ARM)), **terms)
    assert [*map(str, imported.tags)] == [NAME]
    assert imported.unnamed == ()
    assert len(imported.manifests) == 3
    assert list_in(take, take.digest_of(NAME)) == ["linux/amd64", "linux/arm64"]


def test_platforms_without_a_name_are_a_list_that_has_a_digest(take, archived):
    files = bundles.layout([entry(AMD), entry(ARM)], AMD, ARM)
    (digest,) = take(archived(files)).unnamed
    assert list_in(take, str(digest)) == ["linux/amd64", "linux/arm64"]


def test_a_list_that_needs_no_change_has_the_digest_of_index_json(take, archived):
    listed = [
        entry(each) | {"platform": {"os": "linux", "architecture": name}}
        for each, name in ((AMD, "amd64"), (ARM, "arm64"))
    ]
    files = bundles.layout(listed, AMD, ARM)
    assert take(archived(files)).unnamed == (Digest.of(files["index.json"]),)


def test_parts_beside_their_list_take_no_name(take, archived):
    files = bundles.layout([entry(AMD), entry(INDEX), entry(ARM)], INDEX)
    assert [*map(str, take(archived(files), name=NAME).tags)] == [NAME]
    assert take.digest_of(NAME) == str(INDEX.digest)


def test_the_only_image_without_a_name_gets_one(take, archived):
    take(archived(bundles.layout([entry(AMD)], AMD)), name=NAME)
    assert take.digest_of(NAME) == str(AMD.digest)


REFUSED = {
    "two of one name": ([entry(AMD, image_name=NAME), entry(OTHER, image_name=NAME)], None),
    "two without a name": ([entry(AMD), entry(OTHER)], NAME),
    "none without a name": ([entry(AMD, image_name=NAME)], "r.example/team/app:2"),
}


@pytest.mark.parametrize(("entries", "name"), REFUSED.values(), ids=REFUSED)
def test_names_that_are_not_of_one_image_are_refused(take, archived, entries, name):
    path = archived(bundles.layout(json.loads(json.dumps(entries)), AMD, OTHER))
    with pytest.raises(BundleError, match="two images named|no image without a name"):
        take(path, name=name)
    assert take.holds_nothing()


def test_two_versions_without_a_name_are_kept_by_digest(take, archived):
    imported = take(archived(bundles.layout([entry(AMD), entry(OTHER)], AMD, OTHER)))
    assert imported.unnamed == (AMD.digest, OTHER.digest)
