"""Taking a tag away: neither its manifest nor another tag goes with it, whatever fails."""

import json

import pytest

from manyfest.adapters.memory import MemoryRegistry
from manyfest.contracts.images import docker_image, docker_list
from manyfest.domain.digests import Digest
from manyfest.domain.errors import (
    DeniedError,
    ManifestUnknownError,
    ProtocolError,
    RefusedError,
    TagMovedError,
    UnavailableError,
)
from manyfest.domain.expectations import Expectation
from manyfest.domain.operations.publication.undo import plan_undo, undo
from manyfest.domain.operations.publication.untag import (
    Untagged,
    Way,
    placeholder,
    plan_untag,
    untag,
)
from tests.unit.domain.operations.conftest import World, ref

NAME, OTHER = "r.example/app:1", "r.example/app:other"
A, B = docker_list(docker_image()), docker_list(docker_image("linux/arm64"))


class DeletesNoTags(MemoryRegistry):
    """A registry as most are; each deletion, and what happens before it, is told."""

    def __init__(self) -> None:
        super().__init__()
        self.deleted: list[Digest] = []
        self.before_put = lambda: None
        self.fault: Exception | None = None
        self.refuses_puts = False

    def delete_tag(self, reference, expected):
        return False

    def put_manifest(self, reference, manifest, expected=None):
        if self.refuses_puts and self.fault_was_raised:
            raise DeniedError("r.example", "the tag is immutable")
        super().put_manifest(reference, manifest, expected)
        self.before_put()

    fault_was_raised = False

    def delete_manifest(self, reference):
        self.deleted.append(reference.digest)
        if self.fault:
            self.fault_was_raised = True
            raise self.fault
        super().delete_manifest(reference)


class DeletesTooMuch(MemoryRegistry):
    def delete_tag(self, reference, expected):
        at = self.head_manifest(reference).digest
        self.delete_manifest(reference.at(at))
        return True


def world_of(registry: MemoryRegistry) -> World:
    world = World(registry=registry)
    for name in (NAME, OTHER):
        world.plant(name, A)
    return world


def untagged(world: World, expected: Expectation | None = None) -> Untagged:
    return untag(plan_untag(ref(NAME), expected, ports=world.ports()), "u", ports=world.ports())


def tags(world: World) -> set[str]:
    return set(world.registry.tags(ref(NAME).home))


@pytest.mark.parametrize(
    ("registry", "way"),
    [(MemoryRegistry, Way.TAG_DELETED), (DeletesNoTags, Way.PLACEHOLDER_DELETED)],
)
def test_a_tag_is_taken_away_alone_and_comes_back(registry, way):
    world = world_of(registry())
    assert untagged(world) == Untagged(way)
    assert tags(world) == {"other"}
    assert world.served(OTHER) == A.manifest
    undo(plan_undo(ref(NAME), ports=world.ports()), ports=world.ports())
    assert world.served(NAME) == A.manifest


def test_the_digest_of_the_content_is_never_deleted():
    world = world_of(DeletesNoTags())
    untagged(world)
    assert world.registry.deleted == [placeholder(ref(NAME), "u").digest]
    assert A.digest not in world.registry.deleted


def test_a_placeholder_is_an_artifact_of_our_types_with_the_empty_config():
    document = json.loads(placeholder(ref(NAME), "u").data)
    assert document["artifactType"] == "application/vnd.manyfest.untag.v1"
    assert document["config"] == {
        "mediaType": "application/vnd.oci.empty.v1+json",
        "digest": str(Digest.of(b"{}")),
        "size": 2,
    }
    assert document["layers"] == [document["config"]]


def test_a_registry_that_deletes_too_much_gets_the_manifest_back():
    world = world_of(DeletesTooMuch())
    assert untagged(world) == Untagged(Way.TAG_DELETED, is_put_back=True)
    assert world.registry.get_manifest(ref(NAME).at(A.digest)).data == A.manifest.data


def test_an_unknown_tag_or_another_digest_is_left():
    world = world_of(MemoryRegistry())
    with pytest.raises(TagMovedError):
        untagged(world, Expectation(B.digest))
    with pytest.raises(ManifestUnknownError):
        plan_untag(ref("r.example/app:none"), ports=world.ports())
    assert tags(world) == {"1", "other"}


def test_a_tag_that_moved_between_is_left():
    world = world_of(DeletesNoTags())
    plan = plan_untag(ref(NAME), ports=world.ports())
    world.plant(NAME, B)
    with pytest.raises(TagMovedError):
        untag(plan, "u", ports=world.ports())
    assert world.served(NAME) == B.manifest
    assert world.registry.deleted == []


def test_a_tag_that_moves_over_the_placeholder_is_left_and_the_placeholder_deleted():
    world = world_of(DeletesNoTags())
    plan = plan_untag(ref(NAME), ports=world.ports())
    world.plant("r.example/app:b", B)
    registry = world.registry
    registry.before_put = lambda: registry.plant_manifest(ref(NAME), B.manifest)
    with pytest.raises(TagMovedError):
        untag(plan, "u", ports=world.ports())
    assert world.served(NAME) == B.manifest
    assert registry.deleted == [placeholder(ref(NAME), "u").digest]


def test_a_registry_that_deletes_nothing_is_left_as_it_was():
    world = world_of(DeletesNoTags())
    world.registry.deletes_manifests = lambda home: False
    with pytest.raises(RefusedError, match="deletes neither tags nor manifests; nothing has"):
        untagged(world)
    assert world.served(NAME) == A.manifest
    assert placeholder(ref(NAME), "u").digest not in world.registry._repositories


@pytest.mark.parametrize(
    "fault",
    [
        DeniedError("r.example", "denied"),
        RefusedError("r.example", "refused", 405),
        UnavailableError("r.example", "in the background"),
    ],
)
def test_a_placeholder_that_cannot_be_deleted_gives_its_place_back(fault):
    world = world_of(DeletesNoTags())
    world.registry.fault = fault
    with pytest.raises(type(fault)):
        untagged(world)
    assert world.served(NAME) == A.manifest


class DeletesOnlyUntagged(DeletesNoTags):
    """As Docker Hub's documentation says, and as Google's registries do by digest."""

    def delete_manifest(self, reference):
        tagged = self._repository(reference.home).tags.values()
        self.fault = DeniedError("r.example", "referenced") if reference.digest in tagged else None
        super().delete_manifest(reference)


def test_a_registry_that_deletes_only_untagged_manifests_keeps_no_placeholder():
    world = world_of(DeletesOnlyUntagged())
    with pytest.raises(DeniedError, match="referenced"):
        untagged(world)
    assert world.served(NAME) == A.manifest
    with pytest.raises(ManifestUnknownError):
        world.registry.head_manifest(ref(NAME).at(placeholder(ref(NAME), "u").digest))


def test_a_host_that_answers_404_and_deletes_nothing_is_found_out():
    """A host without this API answers that nothing was found, whatever it has."""
    world = world_of(DeletesNoTags())
    world.registry.fault = ManifestUnknownError(NAME)
    with pytest.raises(ProtocolError, match="still shows it"):
        untagged(world)
    assert world.served(NAME) == A.manifest


def test_a_placeholder_that_went_though_the_answer_was_an_error_is_not_put_back():
    world = world_of(DeletesNoTags())
    registry = world.registry

    def delete(reference):
        MemoryRegistry.delete_manifest(registry, reference)
        raise UnavailableError("r.example", "the answer was lost")

    registry.delete_manifest = delete
    with pytest.raises(UnavailableError, match="answer was lost"):
        untagged(world)
    assert tags(world) == {"other"}


def test_what_is_left_is_said_if_even_that_fails():
    world = world_of(DeletesNoTags())
    world.registry.fault = DeniedError("r.example", "denied")
    world.registry.refuses_puts = True
    made = placeholder(ref(NAME), "u")
    with pytest.raises(ProtocolError, match=f"may still point to .* of ours .{made.digest}"):
        untagged(world)


def test_a_tag_that_is_still_there_is_an_error():
    world = world_of(MemoryRegistry())
    world.registry.delete_tag = lambda reference, expected: True
    with pytest.raises(ProtocolError, match="still shows it"):
        untagged(world)
