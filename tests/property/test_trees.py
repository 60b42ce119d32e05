"""The walks of trees of manifests, on any tree: each manifest once, in order, checked, bounded."""

from contextlib import suppress

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from manyfest.adapters.memory import MemoryRegistry
from manyfest.contracts.images import Image, oci_image, oci_index, push_image
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.errors import DocumentError, SizeMismatchError
from manyfest.domain.manifests import Manifest
from manyfest.domain.operations.content.fetch import fetch
from manyfest.domain.operations.content.gather import gather
from manyfest.domain.operations.steps.transfer import content_copies
from manyfest.domain.operations.steps.tree import NESTING_LIMIT, below, walk
from manyfest.domain.operations.views.verify import verify
from manyfest.domain.references import Reference
from tests.support.ports import PlainPorts

NAME = Reference.parse("r.example/app:1")
TARGET = Reference.parse("other.example/app:1").home
IMAGES = [oci_image(text=str(number)) for number in range(3)]


class Counting(MemoryRegistry):
    """Counts the manifests that are read."""

    def __init__(self) -> None:
        super().__init__()
        self.reads: list[Digest] = []

    def get_manifest(self, reference: Reference) -> Manifest:
        manifest = super().get_manifest(reference)
        self.reads.append(manifest.digest)
        return manifest

    def head_manifest(self, reference: Reference) -> Descriptor:
        return MemoryRegistry.get_manifest(self, reference).descriptor()


def lists_of(images: st.SearchStrategy[Image]) -> st.SearchStrategy[Image]:
    return st.lists(images, min_size=1, max_size=3).map(lambda children: oci_index(*children))


# Lists of images and of lists, which share children on and across levels.
TREES = lists_of(st.recursive(st.sampled_from(IMAGES), lists_of, max_leaves=8))


def all_in(image: Image) -> set[Digest]:
    return {image.digest}.union(*map(all_in, image.children))


def depth(image: Image) -> int:
    return 1 + max(map(depth, image.children), default=-1)


def parents(image: Image) -> dict[Digest, set[Digest]]:
    """The lists that name each manifest below ``image``."""
    found: dict[Digest, set[Digest]] = {}
    for child in image.children:
        found.setdefault(child.digest, set()).add(image.digest)
        for digest, lists in parents(child).items():
            found.setdefault(digest, set()).update(lists)
    return found


def planted(tree: Image) -> Counting:
    registry = Counting()
    push_image(registry, NAME, tree)
    return registry


def gathered(tree: Image, registry: Counting) -> list[Digest]:
    def read(listed: Descriptor) -> Manifest:
        return registry.get_manifest(NAME.at(listed.digest))

    return list(gather([tree.manifest.descriptor()], read, lambda _: None, "it").found)


def fetched(_: Image, registry: Counting) -> list[Digest]:
    found = fetch([NAME], ports=PlainPorts(registry=registry))
    assert found.failures == {}
    return [resolved.manifest.digest for resolved in found.found]


def verified(_: Image, registry: Counting) -> list[Digest]:
    read = verify(NAME, ports=PlainPorts(registry=registry)).read
    return list(dict.fromkeys(resolved.manifest.digest for resolved in read))


def copied(tree: Image, registry: Counting) -> list[Digest]:
    top = tree.manifest.descriptor()
    return [copy.target.digest for copy in content_copies(NAME, top, TARGET, registry)]


PARENTS_FIRST = {"gather": gathered, "fetch": fetched, "verify": verified}
EVERY = {**PARENTS_FIRST, "copy": copied}


@pytest.mark.parametrize("visit", EVERY.values(), ids=EVERY.keys())
@given(tree=TREES)
def test_each_manifest_is_visited_and_read_once(visit, tree: Image) -> None:
    registry = planted(tree)
    visited = visit(tree, registry)
    assert len(visited) == len(set(visited))
    assert set(visited) == all_in(tree)
    assert sorted(registry.reads) == sorted(visited)


@pytest.mark.parametrize("visit", PARENTS_FIRST.values(), ids=PARENTS_FIRST.keys())
@given(tree=TREES)
def test_a_parent_comes_first(visit, tree: Image) -> None:
    visited = visit(tree, planted(tree))
    for digest, lists in parents(tree).items():
        assert min(map(visited.index, lists)) < visited.index(digest)


@given(tree=TREES)
def test_children_come_before_every_list_of_them_where_they_are_put(tree: Image) -> None:
    visited = copied(tree, planted(tree))
    for digest, lists in parents(tree).items():
        assert visited.index(digest) < min(map(visited.index, lists))


@given(tree=TREES)
def test_images_are_not_read_unless_they_are_asked_for(tree: Image) -> None:
    registry = planted(tree)
    nodes = list(below(NAME, tree.manifest, registry))
    assert {node.source.digest for node in nodes} == all_in(tree) - {tree.digest}
    assert not set(registry.reads) & {image.digest for image in IMAGES}


@pytest.mark.parametrize("visit", [gathered, copied])
@given(tree=TREES, data=st.data())
def test_a_child_of_another_size_than_its_list_says_is_an_error(visit, tree, data) -> None:
    entry = data.draw(st.sampled_from(tree.manifest.entries))
    wrong = evolve(entry, size=entry.size + 1)
    entries = [(wrong if each == entry else each).to_json() for each in tree.manifest.entries]
    broken = oci_index(*tree.children, manifests=entries)
    with pytest.raises(SizeMismatchError):
        visit(broken, planted(broken))


@given(tree=TREES, data=st.data())
def test_a_missing_child_is_tolerated_where_the_reader_says_so(tree: Image, data) -> None:
    missing = data.draw(st.sampled_from(tree.children)).digest
    registry = planted(tree)

    def read(listed: Descriptor) -> Manifest | None:
        found = registry.get_manifest(NAME.at(listed.digest))
        return None if listed.digest == missing else found

    result = gather([tree.manifest.descriptor()], read, lambda _: None, "it")
    assert result.missing == (missing,)
    assert missing not in result.found


@pytest.mark.parametrize("visit", EVERY.values(), ids=EVERY.keys())
@pytest.mark.parametrize("levels", range(NESTING_LIMIT - 1, NESTING_LIMIT + 3))
def test_lists_may_be_nested_so_deep_and_no_deeper(visit, levels: int) -> None:
    tree = IMAGES[0]
    for _ in range(levels):
        tree = oci_index(tree)
    registry = planted(tree)
    assert depth(tree) == levels
    if levels <= NESTING_LIMIT:
        assert set(visit(tree, registry)) == all_in(tree)
    elif visit is fetched:  # the failure is that of its reference
        (error,) = fetch([NAME], ports=PlainPorts(registry=registry)).failures.values()
        assert str(error).endswith(f"lists nested deeper than {NESTING_LIMIT}")
    else:
        with pytest.raises(DocumentError, match=f"lists nested deeper than {NESTING_LIMIT}$"):
            visit(tree, registry)


@given(st.dictionaries(st.integers(0, 20), st.lists(st.integers(0, 20), max_size=4)))
def test_any_graph_is_walked_and_that_ends(graph: dict[int, list[int]]) -> None:
    visited: list[int] = []
    levels: list[int] = []

    def expand(level: tuple[int, ...]) -> list[int]:
        visited.extend(level)
        levels.append(len(level))
        return [child for item in level for child in graph.get(item, ())]

    unvisited = walk([0, 0], expand, lambda item: item)
    assert len(visited) == len(set(visited))
    assert len(levels) <= NESTING_LIMIT + 1
    assert not set(unvisited) & set(visited)
    reachable, newest = {0}, {0}
    for _ in range(NESTING_LIMIT):
        with suppress(KeyError):
            newest = {child for item in newest for child in graph.get(item, ())} - reachable
        reachable |= newest
    assert set(visited) == reachable
