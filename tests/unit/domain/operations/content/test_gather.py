"""Gathering: whole trees from wherever they can be read, each thing once."""

import pytest
from attrs import evolve

from manyfest.contracts.images import Image, oci_image, oci_index
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.errors import DocumentError
from manyfest.domain.manifests import Manifest
from manyfest.domain.operations.content.gather import Gathered, gather
from manyfest.domain.operations.steps.tree import NESTING_LIMIT

AMD, ARM = oci_image("linux/amd64"), oci_image("linux/arm64", text="other")
INDEX = oci_index(AMD, ARM)


class Shelf:
    """Gives the manifests that are on it, and remembers what it was asked for."""

    def __init__(self, *images: Image) -> None:
        self.held = {image.digest: image.manifest for image in images}
        self.asked: list[Digest] = []

    def __call__(self, listed: Descriptor) -> Manifest | None:
        self.asked.append(listed.digest)
        return self.held.get(listed.digest)


def unchanged(manifest: Manifest) -> Manifest:
    return manifest


def gathered(read: Shelf, *tops: Image) -> Gathered[Manifest]:
    return gather([image.manifest.descriptor() for image in tops], read, unchanged, "a shelf")


def test_what_is_listed_again_at_any_level_is_read_once() -> None:
    again = oci_index(INDEX, AMD)
    read = Shelf(AMD, ARM, INDEX, again)
    found = gathered(read, again, again, AMD, INDEX)
    assert set(found.found) == {again.digest, INDEX.digest, AMD.digest, ARM.digest}
    assert len(read.asked) == len(set(read.asked)) == 4


def test_what_is_missing_is_told_and_looked_for_once() -> None:
    read = Shelf(ARM, INDEX)
    found = gathered(read, AMD, AMD, INDEX)
    assert (found.missing, ARM.digest in found.found) == ((AMD.digest,), True)
    assert read.asked.count(AMD.digest) == 1


def test_what_nobody_knows_is_left_alone_and_the_rest_is_found() -> None:
    unknown = evolve(AMD.manifest.descriptor(), media_type="application/x-unknown")
    read = Shelf(AMD, ARM)
    found = gather([unknown, ARM.manifest.descriptor()], read, unchanged, "a shelf")
    assert (list(found.found), found.missing) == ([ARM.digest], ())
    assert read.asked == [ARM.digest]


def test_lists_may_be_nested_as_deep_as_they_are_copied() -> None:
    levels = [AMD]
    for _ in range(NESTING_LIMIT + 1):
        levels.append(oci_index(levels[-1]))
    *most, deepest = levels
    assert len(gathered(Shelf(*most), most[-1]).found) == NESTING_LIMIT + 1
    with pytest.raises(DocumentError, match="a shelf: lists nested deeper than"):
        gathered(Shelf(*levels), deepest)
