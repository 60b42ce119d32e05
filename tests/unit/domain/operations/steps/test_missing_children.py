"""Children of lists that are missing: found by looking, put again or named, never published."""

import pytest

from manyfest.adapters.memory import MemoryRegistry
from manyfest.contracts.images import Image, docker_image, docker_list, oci_index, push_blob
from manyfest.domain.digests import Digest
from manyfest.domain.drafts.source_entries import ListSelection
from manyfest.domain.errors import (
    DeadlineError,
    DeniedError,
    ManyfestError,
    PartMissingError,
    ProtocolError,
    ServerError,
)
from manyfest.domain.ports.fan_out import sequential
from manyfest.domain.references import Reference
from tests.support.pushes import plan_push
from tests.unit.domain.operations.conftest import World, ref

AMD, ARM = docker_image("linux/amd64", text="amd"), docker_image("linux/arm64", text="arm")


def forget(world: World, home: str, *images: Image) -> None:
    for image in images:
        world.registry.forget_manifest(ref(home).at(image.digest))


def keep(world: World, image: Image) -> None:
    """The store gets config and layers, as by ``cache fetch --layers``."""
    for blob in image.blobs:
        world.layers.held[Digest.of(blob)] = blob


def listed(world: World, name: str = "r.example/l:1", *, of: str = "r.example/l") -> None:
    world.plant(f"{of}:a", AMD)
    world.plant(f"{of}:b", ARM)
    world.create(name, f"{of}:a", f"{of}:b")


@pytest.mark.parametrize("is_pushed", [False, True], ids=["new", "unchanged"])
def test_a_list_with_a_hole_is_neither_published_nor_unchanged(
    world: World, *, is_pushed: bool
) -> None:
    listed(world)
    if is_pushed:
        world.push("r.example/l:1")
    forget(world, "r.example/l", ARM)
    with pytest.raises(PartMissingError) as caught:
        world.plan("r.example/l:1")
    assert str(caught.value) == (
        f"r.example/l:1 is incomplete: r.example/l@{ARM.digest}, "
        "which it names for linux/arm64, is missing"
    )


def test_of_several_that_are_gone_one_is_named_and_the_others_counted(world: World) -> None:
    listed(world)
    forget(world, "r.example/l", AMD, ARM)
    with pytest.raises(PartMissingError, match="for linux/amd64, is missing, and so is 1 more"):
        world.plan("r.example/l:1")


@pytest.mark.parametrize("target", ["other.example/l:1", "oci:/shelf:1"])
def test_a_child_that_is_gone_is_brought_again_from_where_it_came(
    world: World, target: str
) -> None:
    listed(world, target)
    made = world.push(target).manifest
    forget(world, target, ARM)
    again = world.push(target)
    assert ([copy.manifest for copy in again.children], again.tags) == ([ARM.manifest], ())
    assert not again.is_empty
    assert world.served(target) == made
    assert world.served(f"{ref(target).home}@{ARM.digest}") == ARM.manifest
    assert world.plan(target).is_empty


def test_a_blob_that_a_layout_lost_is_brought_again(world: World) -> None:
    listed(world, "oci:/shelf:1")
    world.push("oci:/shelf:1")
    blob = ref("oci:/shelf").at(Digest.of(ARM.blobs[1]))
    world.registry.forget_blob(blob)
    assert not world.push("oci:/shelf:1").is_empty
    assert world.registry.head_blob(blob) == len(ARM.blobs[1])


@pytest.mark.parametrize("is_pushed", [False, True], ids=["new", "unchanged"])
def test_a_child_that_only_the_store_has_is_put_back_with_its_layers(
    world: World, *, is_pushed: bool
) -> None:
    listed(world)
    if is_pushed:
        world.push("r.example/l:1")
    forget(world, "r.example/l", ARM)
    layer = ref("r.example/l").at(Digest.of(ARM.blobs[1]))
    world.registry.forget_blob(layer)
    keep(world, ARM)
    plan = world.cached().push("r.example/l:1")
    assert [copy.manifest for copy in plan.children] == [ARM.manifest]
    assert world.served(f"r.example/l@{ARM.digest}") == ARM.manifest
    assert world.registry.head_blob(layer) == len(ARM.blobs[1])


def test_the_store_does_not_put_back_an_image_whose_layers_it_lacks(world: World) -> None:
    listed(world)
    forget(world, "r.example/l", ARM)
    with pytest.raises(PartMissingError):
        world.cached().plan("r.example/l:1")


@pytest.mark.parametrize("lost", [AMD, docker_list(AMD)], ids=["an image", "the list itself"])
def test_lists_in_lists_are_looked_through(world: World, lost: Image) -> None:
    world.plant("r.example/l:n", docker_list(AMD))
    world.create("r.example/l:1", "r.example/l:n", wanted=ListSelection(nested=True))
    forget(world, "r.example/l", lost)
    with pytest.raises(PartMissingError, match=str(lost.digest)):
        world.plan("r.example/l:1")


@pytest.mark.parametrize(
    "error", [DeniedError("h", "403"), ServerError("h", "500", 500), ProtocolError("h", "odd")]
)
def test_a_look_that_fails_is_no_absence(world: World, error: ManyfestError) -> None:
    class Unsaying(MemoryRegistry):
        def head_manifest(self, reference: Reference):
            if reference.digest is not None:
                raise error
            return super().head_manifest(reference)

    listed(world)
    unsaying = Unsaying()
    unsaying.share_content_of(world.registry)
    world.registry = unsaying
    assert world.push("r.example/l:1").tags


def test_a_look_that_has_no_time_left_ends_the_push(world: World) -> None:
    class Late(MemoryRegistry):
        def head_manifest(self, reference: Reference):
            if reference.digest is not None:
                raise DeadlineError("h", "out of time")
            return super().head_manifest(reference)

    listed(world)
    late = Late()
    late.share_content_of(world.registry)
    with pytest.raises(DeadlineError):
        plan_push(ref("r.example/l:1"), ports=world.ports(registry=late))


def test_each_home_of_a_list_is_looked_at(world: World) -> None:
    listed(world)
    more = "other.example/l:1"
    plan = world.plan("r.example/l:1", more)
    world.execute(plan)
    assert world.plan("r.example/l:1", more).is_empty
    forget(world, more, ARM)
    again = world.plan("r.example/l:1", more)
    assert [copy.target for copy in again.children] == [ref(more).at(ARM.digest)]
    forget(world, "r.example/l", AMD)
    with pytest.raises(PartMissingError, match=f"r.example/l@{AMD.digest}"):
        world.plan("r.example/l:1", more)


def test_an_entry_of_an_unknown_type_may_be_a_blob(world: World) -> None:
    blob = push_blob(world.registry, ref("r.example/l").home, b"cache")
    entry = {"mediaType": "application/x-cache", "digest": str(blob.digest), "size": 5}
    world.plant("r.example/l:n", oci_index(manifests=[entry]))
    world.create("r.example/l:1", "r.example/l:n")
    assert world.push("r.example/l:1").tags
    world.registry.forget_blob(blob)
    with pytest.raises(PartMissingError):
        world.plan("r.example/l:1")


def test_children_are_looked_at_in_parallel_and_together_with_the_tag(world: World) -> None:
    listed(world)
    rounds: list[int] = []

    def counted(function, items):
        rounds.append(len(items))
        return sequential(function, items)

    plan_push(ref("r.example/l:1"), ports=world.ports(fan_out=counted))
    assert rounds[0] == 3
    assert sum(rounds[1:]) <= 1  # the tag, which is known by then
