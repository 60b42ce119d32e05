"""Publishing lists as specs declare them, on a registry in memory."""

import pytest
from attrs import evolve

from manyfest.contracts.images import docker_image, docker_list, oci_image, oci_index, windows_image
from manyfest.domain import media_types
from manyfest.domain.drafts.draft import ListType
from manyfest.domain.errors import (
    BlobUnknownError,
    ListError,
    LockError,
    ManifestUnknownError,
    NoSuchPlatformError,
)
from manyfest.domain.operations.publication.apply import ApplyPlan, finish, plan_apply
from manyfest.domain.operations.publication.lock import lock
from manyfest.domain.operations.publication.push import execute
from manyfest.domain.platforms import Platform
from manyfest.domain.specs.list_spec import EntrySpec, ListSpec
from manyfest.domain.specs.lock import Lock
from tests.support.content.attested import attested_index
from tests.unit.domain.operations.conftest import World, ref

AMD, ARM = docker_image("linux/amd64"), docker_image("linux/arm64", text="arm")


def entry(written: str, platform: str | None = None, **annotations: str) -> EntrySpec:
    said = Platform() if platform is None else Platform.parse(platform)
    return EntrySpec(written, ref(written), said, tuple(annotations.items()))


def spec(target: str, *entries: EntrySpec | str, tags: str = "", **members) -> ListSpec:
    name = ref(target)
    return ListSpec(
        target,
        name,
        tuple(entry(each) if isinstance(each, str) else each for each in entries),
        more_tags=tuple(map(name.tagged, tags.split())),
        **members,
    )


def planned(world: World, *specs: ListSpec, **terms) -> ApplyPlan:
    return plan_apply(specs, ports=world.ports(), **terms)


def applied(world: World, *specs: ListSpec, **terms) -> ApplyPlan:
    plan = planned(world, *specs, **terms)
    execute(plan.pushes, ports=world.ports())
    return plan


def locked(world: World, *specs: ListSpec, **terms) -> Lock:
    return lock(specs, ports=world.ports(), **terms).lock


@pytest.fixture
def stocked(world: World) -> World:
    for name, image in {"amd": AMD, "arm": ARM}.items():
        world.plant(f"r.example/l:{name}", image)
    return world


def test_a_list_is_published_in_the_order_given_under_all_its_names(stocked: World) -> None:
    applied(stocked, spec("r.example/l:1", "r.example/l:arm", "r.example/l:amd", tags="2 3"))
    published = stocked.served("r.example/l:1")
    assert published.media_type == media_types.DOCKER_LIST
    assert [e.digest for e in published.entries] == [ARM.digest, AMD.digest]
    assert stocked.served("r.example/l:2") == stocked.served("r.example/l:3") == published


@pytest.mark.parametrize("said", [None, "linux/riscv64"])
def test_a_list_that_is_added_to_does_not_grow_when_it_is_applied_again(
    stocked: World, said: str | None
) -> None:
    stocked.plant("r.example/l:1", docker_list(AMD))
    added = spec("r.example/l:1", "r.example/l:1", entry("r.example/l:arm", said, k="v"))
    for _ in range(2):
        applied(stocked, added)
        assert [e.digest for e in stocked.served("r.example/l:1").entries] == [
            *(AMD.digest, ARM.digest)
        ]
    assert planned(stocked, added).pushes[0].is_empty


def test_no_draft_is_used_or_left(stocked: World) -> None:
    before = stocked.create("r.example/l:1", "r.example/l:arm")
    applied(stocked, spec("r.example/l:1", "r.example/l:amd"))
    assert stocked.store.drafts.drafts() == (before,)
    assert [e.digest for e in stocked.served("r.example/l:1").entries] == [AMD.digest]


SAID = {
    "nothing": (None, Platform("windows", "amd64", "", "10.0.17763.1", ())),
    "a version": ("windows(1.2)/amd64", Platform("windows", "amd64", "", "1.2", ())),
    "features": (
        "windows(1.2+a+b)/amd64",
        Platform("windows", "amd64", "", "1.2", ("a", "b")),
    ),
    "another machine": ("linux/arm/v7", Platform("linux", "arm", "v7", "10.0.17763.1", ())),
}


@pytest.mark.parametrize(("said", "listed"), SAID.values(), ids=SAID.keys())
def test_what_is_said_of_an_image_is_laid_over_what_it_says(
    world: World, said: str | None, listed: Platform
) -> None:
    world.plant("r.example/l:w", windows_image())
    applied(world, spec("r.example/l:1", entry("r.example/l:w", said)))
    assert [e.platform for e in world.served("r.example/l:1").entries] == [listed]


def test_annotations_make_an_index(stocked: World) -> None:
    images = entry("r.example/l:amd", None, k="v"), entry("r.example/l:arm")
    applied(stocked, spec("r.example/l:1", *images, annotations=(("a", "b"),)))
    published = stocked.served("r.example/l:1")
    assert published.media_type == media_types.OCI_INDEX
    assert published.document["annotations"] == {"a": "b"}
    assert [e.annotations for e in published.entries] == [{"k": "v"}, {}]


def test_a_type_that_cannot_carry_what_is_said_is_refused(stocked: World) -> None:
    wish = spec("r.example/l:1", "r.example/l:amd", annotations=(("a", "b"),))
    with pytest.raises(ListError, match="cannot carry annotations"):
        planned(stocked, evolve(wish, list_type=ListType.DOCKER))


def test_a_list_is_taken_apart_or_one_platform_of_it_with_its_attestation(world: World) -> None:
    amd, arm = oci_image("linux/amd64"), oci_image("linux/arm64", text="arm")
    index = world.plant("r.example/l:all", attested_index(amd, arm))
    entries = index.manifest.entries
    applied(
        world,
        spec("r.example/l:1", "r.example/l:all"),
        spec("r.example/l:2", entry("r.example/l:all", "linux/arm64/v8", k="v")),
    )
    assert world.served("r.example/l:1") == index.manifest
    image, attestation = world.served("r.example/l:2").entries
    assert (image.digest, str(image.platform)) == (arm.digest, "linux/arm64/v8")
    assert image.annotations == {"k": "v"}
    assert attestation == entries[3]


@pytest.mark.parametrize("said", ["linux/arm", "linux(+a)/arm"])
def test_one_platform_cannot_be_said_of_several_images(world: World, said: str) -> None:
    images = docker_image("linux/arm/v6", text="6"), docker_image("linux/arm/v7", text="7")
    listed = world.plant("r.example/l:all", docker_list(*images)).manifest
    applied(world, spec("r.example/l:1", entry("r.example/l:all", said)))
    assert world.served("r.example/l:1") == listed


def test_an_annotation_can_be_said_of_several_images(world: World) -> None:
    both = world.plant(
        "r.example/both:1", oci_index(oci_image("linux/amd64"), oci_image("linux/arm64"))
    )
    applied(world, spec("r.example/l:1", entry("r.example/both:1", k="v")))
    published = world.served("r.example/l:1").entries
    assert [e.digest for e in published] == [child.digest for child in both.children]
    assert [e.annotations for e in published] == [{"k": "v"}] * 2


def test_what_the_one_list_among_the_sources_says_of_itself_is_kept(world: World) -> None:
    world.plant("r.example/i:1", oci_index(oci_image(), annotations={"a": "b"}))
    applied(world, spec("r.example/l:1", "r.example/i:1", annotations=(("c", "d"),)))
    assert world.served("r.example/l:1").document["annotations"] == {"a": "b", "c": "d"}


def test_the_target_may_be_among_the_sources(stocked: World) -> None:
    stocked.plant("r.example/l:1", docker_list(AMD))
    plan = applied(stocked, spec("r.example/l:1", "r.example/l:1", "r.example/l:arm"))
    published = stocked.served("r.example/l:1")
    assert [e.digest for e in published.entries] == [AMD.digest, ARM.digest]
    finish(plan, ports=stocked.ports())
    seen = stocked.store.contents.last_observation(ref("r.example/l:1"))
    assert seen is not None
    assert seen.digest == published.digest


def test_images_come_along_to_other_homes(stocked: World) -> None:
    applied(
        stocked,
        spec("r.example/m:1", "r.example/l:amd"),
        spec("other.example/m:1", "r.example/l:amd", "r.example/l:arm"),
    )
    for name in (f"r.example/m@{AMD.digest}", f"other.example/m@{ARM.digest}"):
        assert stocked.served(name)


FAILING = {
    "a source": (spec("r.example/l:2", "r.example/l:gone"), ManifestUnknownError, "l:gone"),
    "a platform": (
        spec("r.example/l:2", entry("r.example/l:list", "linux/s390x")),
        NoSuchPlatformError,
        "s390x",
    ),
    "no operating system": (spec("r.example/l:2"), ListError, "no entries"),
}


@pytest.mark.parametrize(("bad", "error", "words"), FAILING.values(), ids=FAILING.keys())
def test_one_list_that_cannot_be_made_stops_them_all(stocked: World, bad, error, words) -> None:
    stocked.plant("r.example/l:list", docker_list(AMD))
    with pytest.raises(error, match=words):
        applied(stocked, spec("r.example/l:1", "r.example/l:amd"), bad)
    with pytest.raises(ManifestUnknownError):
        stocked.served("r.example/l:1")


def test_no_tag_is_put_before_the_images_of_all_lists_are_there(stocked: World) -> None:
    plan = planned(
        stocked,
        spec("r.example/l:1", "r.example/l:amd"),
        spec("r.example/m:1", "r.example/l:arm"),
    )
    (first, second) = plan.pushes
    gone = evolve(second.blobs[0], source=ref(f"r.example/no@{second.blobs[0].source.digest}"))
    broken = evolve(plan, pushes=(first, evolve(second, blobs=(gone,))))
    with pytest.raises(BlobUnknownError):
        execute(
            broken.pushes,
            ports=stocked.ports(),
        )
    with pytest.raises(ManifestUnknownError):
        stocked.served("r.example/l:1")


def test_what_is_missing_may_be_left_out_and_is_told(stocked: World) -> None:
    stocked.plant("r.example/l:list", docker_list(AMD))
    wishes = (
        spec("r.example/l:1", "r.example/l:gone", "r.example/l:amd"),
        spec("r.example/l:2", entry("r.example/l:list", "linux/s390x"), "r.example/l:arm"),
    )
    plan = applied(stocked, *wishes, ignore_missing=True)
    assert plan.missing == ("r.example/l:gone", "r.example/l:list")
    assert [e.digest for e in stocked.served("r.example/l:1").entries] == [AMD.digest]
    assert [e.digest for e in stocked.served("r.example/l:2").entries] == [ARM.digest]


def test_all_missing_is_an_error(stocked: World) -> None:
    with pytest.raises(ListError, match="r.example/l:1 would have no entries: none of its images"):
        planned(stocked, spec("r.example/l:1", "r.example/l:gone"), ignore_missing=True)


def test_what_is_published_already_needs_nothing(stocked: World) -> None:
    wish = spec("r.example/l:1", "r.example/l:amd", tags="2")
    applied(stocked, wish)
    assert planned(stocked, wish).pushes[0].is_empty


def test_locked_images_are_published_after_their_tags_have_moved(stocked: World) -> None:
    wish = spec("r.example/l:1", "r.example/l:amd", "r.example/l:arm")
    before = locked(stocked, wish)
    stocked.plant("r.example/l:amd", docker_image("linux/amd64", text="newer"))
    applied(stocked, wish, lock=before)
    published = stocked.served("r.example/l:1")
    assert [e.digest for e in published.entries] == [AMD.digest, ARM.digest]
    assert before == Lock(
        {"r.example/l:amd": AMD.digest, "r.example/l:arm": ARM.digest},
        {"r.example/l:1": published.digest},
    )


def test_a_list_that_is_a_source_is_locked_by_its_own_digest(world: World) -> None:
    index = world.plant("r.example/l:all", oci_index(oci_image("linux/amd64")))
    wish = spec("r.example/l:1", "r.example/l:all")
    made = locked(world, wish)
    assert made.sources == {"r.example/l:all": index.digest}
    assert applied(world, wish, lock=made).pushes[0].manifest == index.manifest


UNLOCKED = {
    "another source": (spec("r.example/l:1", "r.example/l:amd", "r.example/l:arm"), "l:arm has no"),
    "another list": (spec("r.example/l:2", "r.example/l:amd"), "l:2 has no digest"),
    "other words": (
        spec("r.example/l:1", entry("r.example/l:amd", None, k="v")),
        "l:1 would be sha256",
    ),
}


@pytest.mark.parametrize(("wish", "words"), UNLOCKED.values(), ids=UNLOCKED.keys())
def test_what_is_not_locked_is_refused(stocked: World, wish: ListSpec, words: str) -> None:
    made = locked(stocked, spec("r.example/l:1", "r.example/l:amd"))
    with pytest.raises(LockError, match=words):
        planned(stocked, wish, lock=made)


def test_a_lock_without_what_was_missing_repeats_without_it(stocked: World) -> None:
    wish = spec("r.example/l:1", "r.example/l:late", "r.example/l:amd")
    made = locked(stocked, wish, ignore_missing=True)
    stocked.plant("r.example/l:late", ARM)
    plan = applied(stocked, wish, lock=made, ignore_missing=True)
    assert plan.missing == ("r.example/l:late",)
    assert [e.digest for e in stocked.served("r.example/l:1").entries] == [AMD.digest]


def test_locking_tells_what_was_read_and_what_is_missing(stocked: World) -> None:
    wish = spec("r.example/l:1", "r.example/l:late", "r.example/l:amd")
    with pytest.raises(ManifestUnknownError, match="l:late"):
        locked(stocked, wish)
    made = lock([wish], ports=stocked.ports(), ignore_missing=True)
    assert [found.manifest for found in made.found] == [AMD.manifest]
    assert made.missing == ("r.example/l:late",)
