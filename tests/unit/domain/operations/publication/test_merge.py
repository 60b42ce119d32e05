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
from manyfest.domain.drafts.draft import ListType
from manyfest.domain.drafts.overrides import IndexOverrides
from manyfest.domain.encoding.canonical_json import authored_list
from manyfest.domain.errors import (
    DeniedError,
    ListError,
    ManifestUnknownError,
    MergeUnsettledError,
    PartMissingError,
)
from manyfest.domain.expectations import Expectation
from manyfest.domain.manifests import Manifest
from manyfest.domain.merging.intent import LIFETIME, PREFIX, parse_intent
from manyfest.domain.operations.publication.merge import Merged, merge, preview
from manyfest.domain.operations.publication.plan_push import PushPlan
from manyfest.domain.references import Reference
from tests.support.content.attested import attested_index
from tests.support.ports import PlainPorts
from tests.unit.domain.operations.conftest import NOW, World, ref

TAG = ref("r.example/l:1")
PLATFORMS = ("linux/amd64", "linux/arm64", "linux/arm/v7", "linux/s390x", "windows/amd64")


class Ignoring(MemoryRegistry):
    """As distribution: puts whatever was expected."""

    def put_manifest(self, reference, manifest, expected: Expectation | None = None) -> None:
        super().put_manifest(reference, manifest)


def plan_of(world: World, *images, tag: Reference = TAG) -> PushPlan:
    """The list that a writer with its own store would push."""
    writer = World(registry=world.registry)
    names = [f"{tag.home}:from-{image.digest.hex[:9]}" for image in images]
    for name, image in zip(names, images, strict=True):
        writer.plant(name, image)
    writer.create(str(tag), *names)
    return writer.plan(str(tag))


def merged(world: World, plan: PushPlan, at=NOW, registry=None, tag: Reference = TAG) -> Merged:
    (outcome,) = merge(
        plan,
        [tag],
        ports=PlainPorts(registry=registry or world.registry, now=at),
    )
    return outcome


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
    assert outcome == Merged(TAG, standing.manifest, standing.digest, was_put=False)


@pytest.mark.parametrize("is_held", [False, True], ids=["to be put", "held already"])
def test_an_entry_of_the_tag_that_is_missing_is_named(world, *, is_held):
    mine, gone = docker_image("linux/arm64"), docker_image("linux/amd64", text="gone")
    world.plant(str(TAG), docker_list(gone, *([mine] if is_held else [])))
    plan = plan_of(world, mine)
    world.registry.forget_manifest(TAG.at(gone.digest))
    with pytest.raises(PartMissingError, match=f"{gone.digest}, which it names for linux/amd64"):
        merged(world, plan)
    with pytest.raises(PartMissingError):
        preview(plan, TAG, ports=PlainPorts(registry=world.registry))
    assert str(mine.digest) in digests(world) or not is_held


def test_intents_that_were_put_are_told_though_the_tag_is_refused(world):
    class Immutable(Ignoring):
        def put_manifest(self, reference, manifest, expected=None) -> None:
            if reference == TAG:
                raise DeniedError("r.example", "immutable")
            super().put_manifest(reference, manifest)

    plan, told = plan_of(world, docker_image("linux/arm64")), []
    registry = Immutable()
    registry.share_content_of(world.registry)
    with pytest.raises(DeniedError):
        merge(plan, [TAG], ports=PlainPorts(registry=registry), on_intent=told.append)
    assert [world.registry.get_manifest(tag) for tag in told]
    assert told[0].tag.startswith(PREFIX)


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


def test_new_attestations_of_the_same_image_take_the_place_of_the_old(world):
    index = attested_index(oci_image("linux/amd64"))
    image, attestation = index.manifest.entries
    other = evolve(attestation, digest=docker_image(text="older provenance").digest)
    document = {**index.manifest.document, "manifests": [image.to_json(), other.to_json()]}
    older = evolve(index.manifest, data=authored_list(document))
    push_image(world.registry, TAG.tagged("x"), docker_image(text="older provenance"))
    world.registry.plant_manifest(TAG.tagged("1"), older)
    merged(world, plan_of(world, index))
    assert digests(world) == [str(image.digest), str(attestation.digest)]


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
    registry.share_content_of(world.registry)
    merged(world, slow, registry=registry)
    assert len(digests(world)) == 2


def only(manifest, architecture: str):
    """The list as a writer would put it that saw no other."""
    return listed(
        [e for e in manifest.entries if e.platform.architecture == architecture], manifest
    )


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
    assert parse_intent(intent, "1").entries == plan.manifest.entries
    assert parse_intent(intent, "2") is None
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
    registry.share_content_of(world.registry)
    assert not merged(world, slow, registry=registry).was_put  # the other listed it, too
    assert len(digests(world)) == 2


def test_whoever_is_overtaken_again_and_again_gets_a_turn_without_waiting():
    world, waited, images = World(), [], [docker_image(f"linux/arch{n}") for n in range(40)]
    others = [plan_of(world, image) for image in images[1:]]
    slow = plan_of(world, images[0])

    class Overtaken(MemoryRegistry):
        def put_manifest(self, reference, manifest, expected=None) -> None:
            if reference == TAG and others:
                standing = {str(e.digest): e for e in entries(world)}
                mine = {str(e.digest): e for e in others.pop().manifest.entries}
                world.registry.put_manifest(TAG, listed({**standing, **mine}.values(), manifest))
            super().put_manifest(reference, manifest, expected)

    registry = Overtaken()
    registry.share_content_of(world.registry)
    merge(slow, [TAG], ports=PlainPorts(registry=registry, pause=waited.append))
    assert len(digests(world)) == len(images)
    assert not any(waited)


def entries(world: World):
    try:
        return world.served(str(TAG)).entries
    except ManifestUnknownError:
        return ()


def listed(members, like: Manifest) -> Manifest:
    document = {**like.document, "manifests": [entry.to_json() for entry in members]}
    return Manifest(like.media_type, authored_list(document))


class Behind(Ignoring):
    """Tags are read from a mirror that still has what was there; the origin answers the rest."""

    def __init__(self) -> None:
        super().__init__()
        self.old: dict[Reference, Manifest] = {}

    def get_manifest(self, reference):
        return self.old.get(reference) or super().get_manifest(reference)

    def head_manifest(self, reference):
        return super().get_manifest(reference).descriptor()


def test_a_mirror_that_is_behind_does_not_bring_back_an_old_list():
    world = World(registry=Behind())
    old = world.plant(str(TAG), docker_list(docker_image("linux/s390x"))).manifest
    world.plant(str(TAG), docker_list(docker_image("linux/s390x"), docker_image("linux/amd64")))
    world.registry.old[TAG] = old
    merged(world, plan_of(world, docker_image("linux/arm64")))
    del world.registry.old[TAG]
    assert len(digests(world)) == 3


def test_a_registry_that_lists_tags_late_is_told(world):
    class Late(Ignoring):
        """Shows a list of tags from before."""

        def tags(self, home):
            return ()

    registry = Late()
    registry.share_content_of(world.registry)
    with pytest.raises(MergeUnsettledError):
        merged(world, plan_of(world, docker_image()), registry=registry)


def test_who_put_and_then_waited_for_the_list_of_tags_has_put(world):
    class Slow(Ignoring):
        """Shows a list of tags from before, for two looks."""

        looks = 0

        def tags(self, home):
            self.looks += 1
            return super().tags(home) if self.looks > 2 else ()

    registry = Slow()
    registry.share_content_of(world.registry)
    assert merged(world, plan_of(world, docker_image()), registry=registry).was_put


def test_the_type_that_was_asked_for_is_what_is_merged(world):
    world.plant(f"{TAG.home}:x", docker_image())
    world.create(str(TAG), f"{TAG.home}:x", list_type=ListType.OCI)
    merged(world, world.plan(str(TAG)))
    assert world.served(str(TAG)).media_type == media_types.OCI_INDEX


def test_a_writer_whose_intent_somebody_took_away_keeps_its_entries(world):
    class Cleaned(Ignoring):
        """Somebody deletes intents right after they were asked for."""

        def head_manifest(self, reference):
            return super().get_manifest(reference).descriptor()

        def get_manifest(self, reference):
            found = super().get_manifest(reference)
            if parse_intent(found, "1"):
                raise ManifestUnknownError(str(reference))
            return found

    registry = Cleaned()
    registry.share_content_of(world.registry)
    image = docker_image()
    merged(world, plan_of(world, image), registry=registry)
    assert digests(world) == [str(image.digest)]


def test_a_writer_that_slept_for_hours_keeps_its_entries(world):
    image, moments = docker_image(), iter([NOW, *[NOW + 2 * LIFETIME] * 9])
    merge(
        plan_of(world, image),
        [TAG],
        ports=world.ports(clock=lambda: next(moments)),
    )
    assert digests(world) == [str(image.digest)]


def test_who_begins_later_is_later_for_all_tags(world):
    early, late = (plan_of(world, docker_image("linux/amd64", text=t)) for t in ("early", "late"))
    tags = [TAG, TAG.tagged("2")]

    class Overtaken(Ignoring):
        """Another writer is done with both tags before the first is put."""

        is_overtaken = False

        def put_manifest(self, reference, manifest, expected=None) -> None:
            if reference == TAG and not self.is_overtaken:
                self.is_overtaken = True
                merge_all(world.registry, late, tags, NOW + timedelta(seconds=1))
            super().put_manifest(reference, manifest)

    registry = Overtaken()
    registry.share_content_of(world.registry)
    merge_all(registry, early, tags, NOW)
    wanted = late.manifest.entries
    assert [world.served(str(tag)).entries for tag in tags] == [wanted, wanted]


def merge_all(registry, plan: PushPlan, tags, at) -> None:
    merge(plan, tags, ports=PlainPorts(registry=registry, now=at))


def test_a_preview_writes_nothing(world):
    plan = plan_of(world, docker_image("linux/amd64"))
    before = world.registry.tags(TAG.home)
    shown = preview(plan, TAG, ports=world.ports())
    assert world.registry.tags(TAG.home) == before
    assert merged(world, plan) == shown


def test_a_preview_tells_what_the_tag_holds_before(world):
    standing = world.plant(str(TAG), docker_list(docker_image("linux/arm64")))
    plan = plan_of(world, docker_image("linux/amd64"))
    shown = preview(plan, TAG, ports=world.ports())
    assert (shown.before, shown.was_put) == (standing.digest, True)
    assert merged(world, plan) == shown


def test_a_registry_that_never_shows_what_was_put_is_told(world):
    class Forgetful(Ignoring):
        def put_manifest(self, reference, manifest, expected=None) -> None:
            pass

    registry = Forgetful()
    registry.share_content_of(world.registry)
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
    odd = evolve(plan, draft=evolve(plan.draft, index_found={"annotations": "a"}))
    with pytest.raises(ListError, match="annotations are no object"):
        merged(world, odd)


def test_an_image_under_the_tag_stays_as_the_entry_of_its_platform(world):
    old = world.plant(str(TAG), docker_image("linux/amd64"))
    new = docker_image("linux/arm64")
    outcome = merged(world, plan_of(world, new))
    assert outcome.before == old.digest
    assert digests(world) == [str(old.digest), str(new.digest)]
    merged(world, plan_of(world, docker_image("linux/amd64", text="newer")))
    assert str(old.digest) not in digests(world)


def test_a_layout_gets_no_intents(world):
    tag = ref("oci:/shelf:1")
    merged(world, plan_of(world, docker_image("linux/amd64"), tag=tag), tag=tag)
    assert [tag for tag in world.registry.tags(tag.home) if tag.startswith(PREFIX)] == []


def test_who_put_looks_again_after_a_while_and_not_when_all_is_there(world):
    plan, waited = plan_of(world, docker_image("linux/amd64")), []
    for _ in range(2):
        merge(
            plan,
            [TAG],
            ports=world.ports(pause=waited.append),
        )
    assert waited == [0.0]


def test_a_manifest_that_went_while_the_tag_was_read_is_read_by_the_tag(world):
    class Moving(Ignoring):
        """The tag moves between two looks, and what it was is gone at once."""

        def get_manifest(self, reference):
            if reference.digest == old.digest:
                raise ManifestUnknownError(str(reference))
            return super().get_manifest(reference)

    old = world.plant(str(TAG), docker_list(docker_image("linux/s390x")))
    plan = plan_of(world, docker_image("linux/amd64"))
    registry = Moving()
    registry.share_content_of(world.registry)
    new = docker_list(docker_image("linux/arm64"))
    heads = []

    def head_manifest(reference):
        answer = MemoryRegistry.head_manifest(registry, reference)
        if reference == TAG and not heads:
            heads.append(answer)
            world.plant(str(TAG), new)
        return answer

    registry.head_manifest = head_manifest
    merged(world, plan, registry=registry)
    platforms = [str(entry.platform) for entry in world.served(str(TAG)).entries]
    assert platforms == ["linux/amd64", "linux/arm64"]
