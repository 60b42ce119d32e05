"""Putting back what was: guarded, whole or not at all, and undone by the same."""

from datetime import timedelta

import pytest

from manyfest.adapters.memory import MemoryRegistry
from manyfest.contracts.images import Image, docker_image, docker_list
from manyfest.domain.digests import Digest
from manyfest.domain.errors import (
    ManifestUnknownError,
    NeverSeenError,
    NoSuchStateError,
    PartMissingError,
    TagMovedError,
)
from manyfest.domain.history.revision import StateSelector
from manyfest.domain.manifests import Manifest
from manyfest.domain.operations.publication.undo import UndoPlan, plan_undo, undo
from manyfest.domain.operations.resolve import resolve
from manyfest.domain.operations.steps.record import record
from manyfest.domain.references import Reference
from tests.unit.domain.operations.conftest import NOW, World, ref

NAME = "r.example/app:1"
AMD, ARM = docker_image("linux/amd64"), docker_image("linux/arm64")
A, B, C = docker_list(AMD), docker_list(AMD, ARM), docker_list(ARM)


class Forgetful(MemoryRegistry):
    """A registry that can lose manifests, may show late what was put, and tells what that was."""

    def __init__(self) -> None:
        super().__init__()
        self.lost: set[Reference] = set()
        self.puts: list[str] = []
        self.hides_looks = 0

    def head_manifest(self, reference: Reference):
        if self.puts and self.hides_looks:
            self.hides_looks -= 1
            raise ManifestUnknownError(str(reference))
        if reference in self.lost:
            raise ManifestUnknownError(str(reference))
        return super().head_manifest(reference)

    def put_manifest(self, reference: Reference, manifest: Manifest, expected=None) -> None:
        self.puts.append(str(reference))
        super().put_manifest(reference, manifest, expected)


@pytest.fixture
def world() -> World:
    return World(registry=Forgetful())


def see(world: World, *images: Image, name: str = NAME) -> None:
    """The tag points to these, one after the other, and each is seen."""
    hours = len(world.store.contents.history(ref(name)))
    for image in images:
        world.plant(name, image)
        hours += 1
        with world.store.transaction():
            moment = NOW + timedelta(hours=hours)
            record(world.store.contents, [resolve(ref(name), world.registry)], moment)
    world.registry.puts.clear()


def planned(world: World, wanted: StateSelector | None = None, name: str = NAME) -> UndoPlan:
    return plan_undo(ref(name), wanted, ports=world.ports())


def undone(world: World, wanted: StateSelector | None = None) -> Manifest:
    """The digest that the tag points to afterwards."""
    newest = world.store.contents.last_observation(ref(NAME))
    undo(
        planned(world, wanted),
        ports=world.ports(clock=lambda: newest.seen_at + timedelta(hours=1)),
    )
    return world.served(NAME)


def test_the_state_before_is_put_back_and_is_the_newest_then(world: World) -> None:
    see(world, A, B)
    assert undone(world) == A.manifest
    assert world.registry.puts == [NAME]
    digests = [seen.digest for seen in world.store.contents.history(ref(NAME))]
    assert digests == [A.digest, B.digest, A.digest]


def test_a_registry_that_lags_is_waited_for(world: World) -> None:
    see(world, A, B)
    world.registry.hides_looks = 2
    assert undone(world) == A.manifest
    assert len(world.pauses) == 2


def test_undoing_an_undo_brings_back_the_later_one(world: World) -> None:
    see(world, A, B, C)
    assert [undone(world) for _ in range(3)] == [B.manifest, C.manifest, B.manifest]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (StateSelector.parse("2"), A),
        (StateSelector.parse(str(A.digest)), A),
        (StateSelector.parse("1"), B),
    ],
)
def test_any_state_can_be_put_back(world: World, wanted: StateSelector, expected: Image) -> None:
    see(world, A, B, C)
    assert undone(world, wanted) == expected.manifest


def test_what_stands_there_already_is_not_put_again(world: World) -> None:
    see(world, A, B)
    assert planned(world, StateSelector.parse("0")).is_empty
    assert undone(world, StateSelector.parse("0")) == B.manifest
    assert world.registry.puts == []


def test_somebody_else_may_have_put_it_back(world: World) -> None:
    see(world, A, B)
    world.registry.put_manifest(ref(NAME), A.manifest)
    world.registry.puts.clear()
    assert undone(world) == A.manifest
    assert world.registry.puts == []
    assert world.store.contents.last_observation(ref(NAME)).digest == A.digest


def test_a_tag_that_moved_since_is_left_where_it_is(world: World) -> None:
    see(world, A, B)
    world.plant(NAME, C)
    with pytest.raises(TagMovedError, match=f"points to {C.digest}, not to {B.digest}"):
        planned(world)
    assert world.served(NAME) == C.manifest


def test_a_tag_that_is_gone_gets_its_last_state_back(world: World) -> None:
    see(world, A, B)
    world.registry.lost.add(ref(NAME))
    plan = planned(world)
    assert (plan.current, plan.manifest) == (None, B.manifest)


def test_a_tag_that_moves_after_the_plan_was_made_is_seen_right_before_it_is_put(
    world: World,
) -> None:
    see(world, A, B)
    plan = planned(world)
    world.plant(NAME, C)
    with pytest.raises(TagMovedError, match=f"points to {C.digest}"):
        undo(
            plan,
            ports=world.ports(),
        )
    assert world.served(NAME) == C.manifest
    assert world.store.contents.last_observation(ref(NAME)).digest == B.digest


@pytest.mark.parametrize("old", [A, docker_list(A)], ids=["a list", "a list in a list"])
def test_what_is_gone_of_it_is_named_and_nothing_written(world: World, old: Image) -> None:
    see(world, old, C)
    gone = ref(NAME).at(AMD.digest)
    world.registry.lost.add(gone)
    with pytest.raises(
        PartMissingError, match="which it names for linux/amd64, is missing"
    ) as caught:
        planned(world)
    assert (caught.value.part, caught.value.platform) == (str(gone), "linux/amd64")
    assert world.registry.puts == []


def test_an_image_needs_its_layers(world: World) -> None:
    old = docker_image("linux/amd64", text="old")
    see(world, old, AMD)
    layer = old.manifest.layers[0].digest
    world.registry.forget_blob(ref(NAME).at(layer))
    with pytest.raises(PartMissingError, match=str(layer)):
        planned(world)


@pytest.mark.parametrize("blob", [0, 1], ids=["config", "layer"])
def test_in_a_layout_the_blobs_of_images_must_be_there_too(world: World, blob: int) -> None:
    see(world, A, C, name="oci:/shelf:1")
    gone = Digest.of(AMD.blobs[blob])
    world.registry.forget_blob(ref("oci:/shelf").at(gone))
    with pytest.raises(PartMissingError, match=str(gone)):
        planned(world, name="oci:/shelf:1")


def test_a_manifest_that_is_not_held_is_read_in_the_registry(world: World) -> None:
    see(world, A, B)
    del world.store.held.manifests[A.digest]
    assert undone(world) == A.manifest


def test_the_manifest_itself_may_be_gone_from_the_registry(world: World) -> None:
    see(world, A, B)
    world.registry.forget_manifest(ref(NAME).at(A.digest))
    assert undone(world) == A.manifest


def test_what_was_seen_once_has_nothing_to_go_back_to(world: World) -> None:
    see(world, A)
    with pytest.raises(NoSuchStateError) as caught:
        planned(world)
    assert "r.example/app:1@{1}: only 1 is known, since 2026-01-01T01:00:00" in str(caught.value)


def test_what_was_never_seen_is_not_known(world: World) -> None:
    world.plant(NAME, A)
    with pytest.raises(NeverSeenError):
        planned(world)
