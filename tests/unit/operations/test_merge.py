"""Merging into a tag: by platform, beside slow writers and many writers, and what it refuses."""

import random
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from attrs import evolve

from manyfest.adapters.memory import MemoryRegistry
from manyfest.contracts.images import docker_image, docker_list, oci_image, oci_index, push_image
from manyfest.domain import media_types
from manyfest.domain.canonical_json import authored_list
from manyfest.domain.errors import ListError, MergeUnsettledError
from manyfest.domain.expectations import Expectation
from manyfest.domain.index_members import IndexOverrides
from manyfest.domain.manifests import Manifest
from manyfest.domain.merge_intents import LIFETIME, PREFIX, intent_of
from manyfest.domain.operations.each import one_by_one
from manyfest.domain.operations.merge import Merged, merge, preview
from manyfest.domain.operations.plan_push import PushPlan
from manyfest.domain.references import Reference
from tests.unit.operations.attested import attested_index
from tests.unit.operations.conftest import NOW, World, ref

TAG = ref("r.example/l:1")
PLATFORMS = ("linux/amd64", "linux/arm64", "linux/arm/v7", "linux/s390x", "windows/amd64")


class Ignoring(MemoryRegistry):
    """As distribution: puts whatever was expected."""

    def put_manifest(self, reference, manifest, expected: Expectation | None = None) -> None:
        super().put_manifest(reference, manifest)


def plan_of(world: World, *images, tag: Reference = TAG) -> PushPlan:
    """What a writer with a store of its own would push."""
    writer = World(registry=world.registry)
    names = [f"{tag.home}:from-{image.digest.hex[:9]}" for image in images]
    for name, image in zip(names, images, strict=True):
        writer.plant(name, image)
    writer.create(str(tag), *names)
    return writer.plan(str(tag))


def merged(world: World, plan: PushPlan, at=NOW, registry=None, tag: Reference = TAG) -> Merged:
    return merge(
        plan,
        tag,
        registry=registry or world.registry,
        each=one_by_one,
        pause=lambda _: None,
        clock=lambda: at,
    )


def digests(world: World) -> list[str]:
    return [str(entry.digest) for entry in world.served(str(TAG)).entries]


@pytest.fixture
def world() -> World:
    return World(registry=Ignoring())


def test_a_platform_takes_its_old_place_and_others_stay(world):
    old, other = docker_image("linux/arm64", text="old"), docker_image("linux/amd64")
    world.plant(str(TAG), docker_list(old, other))
    new = docker_image("linux/arm64", text="new")
    outcome = merged(world, plan_of(world, new))
    assert outcome.was_put
    assert outcome.manifest == world.served(str(TAG))
    assert digests(world) == [str(other.digest), str(new.digest)]
    assert outcome.manifest.media_type == media_types.DOCKER_LIST


def test_what_the_tag_holds_already_is_left_as_it_is(world):
    image = docker_image("linux/arm64")
    standing = world.plant(str(TAG), docker_list(image, docker_image("linux/amd64")))
    outcome = merged(world, plan_of(world, image))
    assert outcome == Merged(TAG, standing.manifest, was_put=False)


def test_the_digest_does_not_depend_on_who_came_first():
    images = [docker_image(platform) for platform in PLATFORMS]
    lists = set()
    for order in (images, images[::-1]):
        world = World(registry=Ignoring())
        for number, image in enumerate(order):
            merged(world, plan_of(world, image), NOW + timedelta(seconds=number))
        lists.add(world.served(str(TAG)).digest)
    assert len(lists) == 1


def test_an_index_stays_one_and_keeps_what_it_says(world):
    world.plant(str(TAG), oci_index(oci_image("linux/amd64"), annotations={"a": "b"}))
    outcome = merged(world, plan_of(world, docker_image("linux/arm64")))
    assert outcome.manifest.media_type == media_types.OCI_INDEX
    assert outcome.manifest.document["annotations"] == {"a": "b"}


def test_attestations_stand_and_go_with_their_image(world):
    first, second = (attested_index(oci_image(p)) for p in ("linux/amd64", "linux/arm64"))
    world.plant(str(TAG), first)
    merged(world, plan_of(world, second))
    assert digests(world) == [str(e.digest) for i in (first, second) for e in i.manifest.entries]
    new = docker_image("linux/amd64", text="new")
    merged(world, plan_of(world, new))
    assert digests(world) == [str(new.digest), *(str(e.digest) for e in second.manifest.entries)]


def test_a_slow_writer_finds_what_it_overwrote(world):
    fast = plan_of(world, docker_image("linux/amd64"))
    slow = plan_of(world, docker_image("linux/arm64"))

    class Slow(Ignoring):
        """The slow writer's way to the same registry: the fast one is done before its first put."""

        overtaken = False

        def put_manifest(self, reference, manifest, expected=None) -> None:
            if reference == TAG and not self.overtaken:
                self.overtaken = True
                merged(world, fast)
                assert len(digests(world)) == 2
                world.registry.put_manifest(TAG, only(manifest, "arm64"))
                assert len(digests(world)) == 1
                return
            world.registry.put_manifest(reference, manifest)

    registry = Slow()
    registry._shelves = world.registry._shelves
    merged(world, slow, registry=registry)
    assert len(digests(world)) == 2


def only(manifest, architecture: str):
    """The list as a writer would put it that saw no other."""
    entries = [e for e in manifest.entries if e.platform.architecture == architecture]
    document = {**manifest.document, "manifests": [entry.to_json() for entry in entries]}
    return Manifest(manifest.media_type, authored_list(document))


class Scattered(Ignoring):
    """Every call takes its time, so that threads overtake each other everywhere."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._random = random.Random(seed)

    def get_manifest(self, reference):
        self._dawdle()
        found = super().get_manifest(reference)
        self._dawdle()
        return found

    def put_manifest(self, reference, manifest, expected=None) -> None:
        self._dawdle()
        super().put_manifest(reference, manifest)
        self._dawdle()

    def tags(self, home):
        found = super().tags(home)
        self._dawdle()
        return found

    def _dawdle(self) -> None:
        time.sleep(self._random.random() * 0.002)


@pytest.mark.parametrize("seed", range(6))
def test_many_writers_at_once_lose_nothing(seed):
    world = World(registry=Scattered(seed))
    plans = [plan_of(world, docker_image(platform)) for platform in PLATFORMS]
    with ThreadPoolExecutor(len(plans)) as threads:
        list(threads.map(lambda plan: merged(world, plan), plans))
    assert len(digests(world)) == len(PLATFORMS)


def test_of_two_for_one_platform_the_later_made_wins_everywhere(world):
    early, late = (plan_of(world, docker_image("linux/amd64", text=t)) for t in ("early", "late"))
    merged(world, late, NOW + timedelta(seconds=1))
    other = plan_of(world, docker_image("linux/amd64", text="x"), docker_image("linux/arm64"))
    merged(world, other, NOW)
    assert str(late.manifest.entries[0].digest) in digests(world)
    merged(world, early, NOW + timedelta(seconds=2))
    assert str(early.manifest.entries[0].digest) in digests(world)
    assert len(digests(world)) == 2


def test_old_intents_do_not_count(world):
    merged(world, plan_of(world, docker_image("linux/amd64")))
    world.plant(str(TAG), docker_list(docker_image("linux/s390x")))
    merged(world, plan_of(world, docker_image("linux/arm64")), NOW + LIFETIME)
    platforms = [str(entry.platform) for entry in world.served(str(TAG)).entries]
    assert platforms == ["linux/arm64", "linux/s390x"]


def test_an_intent_has_a_place_of_its_own_and_bytes_of_its_own(world):
    plan = plan_of(world, docker_image("linux/amd64"))
    for second in range(3):
        merged(world, plan, NOW + timedelta(seconds=second))
    (place,) = [tag for tag in world.registry.tags(TAG.home) if tag.startswith(PREFIX)]
    intent = world.registry.get_manifest(TAG.tagged(place))
    assert intent_of(intent, "1").entries == plan.manifest.entries
    assert intent_of(intent, "2") is None
    assert intent.digest != world.served(str(TAG)).digest


@pytest.mark.parametrize("annotations", [{}, {"dev.manyfest.merge.tag": "1"}])
def test_other_tags_with_the_prefix_are_left_alone(world, annotations):
    plan = plan_of(world, docker_image("linux/amd64"))
    merged(world, plan)
    (place,) = [tag for tag in world.registry.tags(TAG.home) if tag.startswith(PREFIX)]
    stranger = oci_index(oci_image("linux/arm64"), annotations=annotations)
    push_image(world.registry, TAG.tagged(place[:-1] + "z"), stranger)
    merged(world, plan_of(world, docker_image("linux/s390x")))
    assert len(digests(world)) == 2


def test_a_registry_that_compares_refuses_and_is_looked_at_again():
    world = World()  # its memory registry compares

    class Overtaken(MemoryRegistry):
        turns = 0

        def put_manifest(self, reference, manifest, expected=None) -> None:
            if reference == TAG and not self.turns:
                self.turns += 1
                merged(world, fast)
            super().put_manifest(reference, manifest, expected)

    fast = plan_of(world, docker_image("linux/amd64"))
    slow = plan_of(world, docker_image("linux/arm64"))
    registry = Overtaken()
    registry._shelves = world.registry._shelves
    assert not merged(world, slow, registry=registry).was_put  # the other listed it, too
    assert len(digests(world)) == 2


def test_a_preview_writes_nothing(world):
    plan = plan_of(world, docker_image("linux/amd64"))
    before = world.registry.tags(TAG.home)
    shown = preview(plan, TAG, registry=world.registry, now=NOW)
    assert world.registry.tags(TAG.home) == before
    assert merged(world, plan).manifest == shown


def test_a_registry_that_never_shows_what_was_put_is_told(world):
    class Forgetful(Ignoring):
        def put_manifest(self, reference, manifest, expected=None) -> None:
            pass

    registry = Forgetful()
    registry._shelves = world.registry._shelves
    with pytest.raises(MergeUnsettledError, match="may lack entries"):
        merged(world, plan_of(world, docker_image()), registry=registry)


def test_only_annotations_of_a_list_are_merged(world):
    plan = plan_of(world, docker_image("linux/amd64"))
    said = IndexOverrides(annotations=(("a", "b"),))
    annotated = evolve(plan, draft=evolve(plan.draft, index=said))
    assert merged(world, annotated).manifest.document["annotations"] == {"a": "b"}
    typed = evolve(plan, draft=evolve(plan.draft, index=IndexOverrides(artifact_type="a/b")))
    with pytest.raises(ListError, match="artifactType"):
        merged(world, typed)
