"""A walk below a list: each manifest once, lists after their entries, bounded depth."""

import pytest

from manyfest.adapters.memory import MemoryRegistry
from manyfest.contracts.images import Image, oci_image, oci_index
from manyfest.domain.digests import Digest
from manyfest.domain.errors import DocumentError
from manyfest.domain.operations.steps.transfer import content_copies
from manyfest.domain.operations.steps.tree import NESTING_LIMIT, below
from manyfest.domain.references import Reference
from tests.unit.domain.operations.conftest import World, ref

NAME = "r.example/app:1"
AMD, ARM = oci_image("linux/amd64"), oci_image("linux/arm64")


class Counting(MemoryRegistry):
    """Remembers the manifests that were read."""

    def __init__(self) -> None:
        super().__init__()
        self.read: list[Digest] = []

    def get_manifest(self, reference: Reference):
        manifest = super().get_manifest(reference)
        self.read.append(manifest.digest)
        return manifest


@pytest.fixture
def world() -> World:
    return World(registry=Counting())


def nested(levels: int) -> Image:
    """An image in so many lists."""
    made = AMD
    for _ in range(levels):
        made = oci_index(made)
    return made


def all_below(world: World, image: Image) -> list[Digest | None]:
    world.plant(NAME, image)
    return [node.source.digest for node in below(ref(NAME), image.manifest, world.registry)]


def test_each_is_given_once_and_lists_after_what_they_list(world: World) -> None:
    inner = oci_index(AMD, ARM)
    assert all_below(world, oci_index(inner, ARM, inner, AMD)) == [
        *(AMD.digest, ARM.digest, inner.digest)
    ]


def test_only_lists_are_read_and_each_once(world: World) -> None:
    inner = oci_index(AMD)
    all_below(world, oci_index(inner, ARM, inner))
    assert world.registry.read == [inner.digest]


def test_lists_may_be_nested_so_deep_and_no_deeper(world: World) -> None:
    # The image in the innermost list counts as a level, too.
    assert len(all_below(world, nested(NESTING_LIMIT))) == NESTING_LIMIT
    with pytest.raises(DocumentError, match=f"lists nested deeper than {NESTING_LIMIT}$"):
        all_below(world, nested(NESTING_LIMIT + 1))


def test_what_is_copied_may_be_nested_as_deep(world: World) -> None:
    target = ref("other.example/app:1").home
    whole = world.plant(NAME, nested(NESTING_LIMIT)).manifest.descriptor()
    copies = content_copies(ref(NAME), whole, target, world.registry)
    assert len(copies) == NESTING_LIMIT + 1
    deep = world.plant(NAME, nested(NESTING_LIMIT + 1)).manifest.descriptor()
    with pytest.raises(DocumentError, match=f"lists nested deeper than {NESTING_LIMIT}$"):
        content_copies(ref(NAME), deep, target, world.registry)


def test_a_list_that_is_copied_reads_each_child_once(world: World) -> None:
    inner = oci_index(AMD)
    world.plant(NAME, top := oci_index(inner, AMD, inner))
    listed, target = top.manifest.descriptor(), ref("other.example/app:1").home
    content_copies(ref(NAME), listed, target, world.registry)
    assert sorted(world.registry.read) == sorted([top.digest, inner.digest, AMD.digest])
