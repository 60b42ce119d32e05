"""Entries taken from sources, platform conflicts, and dropping entries."""

import json

import pytest
from attrs import evolve

from manyfest.contracts.images import docker_image, docker_list, oci_image, oci_index
from manyfest.domain.drafts.draft import ListType
from manyfest.domain.drafts.list_assembly import assemble
from manyfest.domain.drafts.overrides import IndexOverrides
from manyfest.domain.drafts.source_entries import ListSelection
from manyfest.domain.errors import (
    AmbiguousEntryError,
    DraftUnknownError,
    EntryUnknownError,
    NoSuchPlatformError,
    PlatformConflictError,
)
from manyfest.domain.operations.drafts.annotate import annotate_index
from manyfest.domain.operations.drafts.create import DraftMode, OnConflict
from manyfest.domain.operations.drafts.drop import drop
from manyfest.domain.platforms import Platform
from tests.support.content.attested import attested_index
from tests.unit.domain.operations.conftest import LATER, World, ref

ARM_TEXT = "linux/arm64"
AMD, ARM = oci_image("linux/amd64"), oci_image(ARM_TEXT)


@pytest.fixture
def attested(world: World) -> World:
    """``r.example/i:1`` lists two images, each with an attestation."""
    world.plant("r.example/i:1", attested_index(AMD, ARM))
    return world


def platforms(draft) -> list[str]:
    return [str(entry.descriptor.platform) for entry in draft.entries]


def test_attestations_come_along(attested: World) -> None:
    draft = attested.create("r.example/l:1", "r.example/i:1")
    assert platforms(draft) == ["linux/amd64", "linux/arm64", *["unknown/unknown"] * 2]


def test_attestations_follow_the_platforms_that_are_wanted(attested: World) -> None:
    wanted = ListSelection(platforms=(Platform.parse("linux/arm64"),))
    draft = attested.create("r.example/l:1", "r.example/i:1", wanted=wanted)
    assert platforms(draft) == ["linux/arm64", "unknown/unknown"]
    subject = draft.entries[1].found.annotations["vnd.docker.reference.digest"]
    assert subject == str(ARM.digest)


ADDING = {"start": DraftMode.ADD}


def test_a_platform_may_be_added_of_a_list_that_gave_another_before(attested: World) -> None:
    whole = attested.create("r.example/w:1", "r.example/i:1")
    for platform in (AMD.platform, ARM.platform):
        wanted = ListSelection(platforms=(platform,))
        draft = attested.create("r.example/l:1", "r.example/i:1", amend=True, wanted=wanted)
    assert draft.entries == whole.entries  # in the list's order: it is that list again
    again = attested.create("r.example/l:1", "r.example/i:1", wanted=wanted, **ADDING)
    assert again.entries == whole.entries


def test_what_is_wanted_is_read_anew_and_the_rest_of_a_list_that_moved_stays(
    attested: World,
) -> None:
    before = attested.create("r.example/l:1", "r.example/i:1")
    newer = [oci_image(name, text="newer") for name in ("linux/amd64", ARM_TEXT)]
    moved = attested.plant("r.example/i:1", attested_index(*newer)).manifest.entries
    wanted = ListSelection(platforms=(ARM.platform,))
    after = attested.create("r.example/l:1", "r.example/i:1", wanted=wanted, **ADDING)
    assert after.entries[:2] == before.entries[::2]  # the image for amd64, and what attests it
    assert [entry.found for entry in after.entries[2:]] == list(moved[1::2])


def test_attestations_may_be_left_and_are_counted(attested: World) -> None:
    created = attested.created(
        "r.example/l:1", "r.example/i:1", wanted=ListSelection(attestations=False)
    )
    assert platforms(created.draft) == ["linux/amd64", "linux/arm64"]
    assert created.attestations_left == 2
    one = ListSelection((Platform.parse("linux/arm64"),), attestations=False)
    assert attested.created("r.example/l:2", "r.example/i:1", wanted=one).attestations_left == 1
    assert attested.created("r.example/l:3", "r.example/i:1").attestations_left == 0


def test_a_platform_that_no_entry_has_fails_it_all(attested: World) -> None:
    wanted = ListSelection(platforms=(Platform.parse("linux/s390x"),))
    with pytest.raises(NoSuchPlatformError, match="r.example/i:1 has nothing for linux/s390x"):
        attested.create("r.example/l:1", "r.example/i:1", wanted=wanted)
    assert attested.draft("r.example/l:1") is None


def test_a_list_may_be_kept_as_one_entry(attested: World) -> None:
    draft = attested.create("r.example/l:1", "r.example/i:1", wanted=ListSelection(nested=True))
    (entry,) = draft.entries
    assert entry.found == attested.served("r.example/i:1").descriptor()
    assert attested.push("r.example/l:1").manifest.entries == (entry.found,)


def test_the_target_may_be_among_the_sources(world: World) -> None:
    world.plant("r.example/app:1", docker_list(docker_image("linux/amd64")))
    world.plant("r.example/app:1-riscv64", docker_image("linux/riscv64"))
    for _ in range(2):  # the second time the draft is a pushed one, and the registry has both
        world.create("r.example/app:1", "r.example/app:1", "r.example/app:1-riscv64", **REPLACING)
        world.push("r.example/app:1")
        served = world.served("r.example/app:1")
        assert {str(e.platform) for e in served.entries} == {"linux/amd64", "linux/riscv64"}


def test_doing_it_again_changes_nothing(world: World) -> None:
    world.plant("r.example/app:1", docker_list(docker_image("linux/amd64")))
    world.plant("r.example/app:1-riscv64", docker_image("linux/riscv64"))
    command = ("r.example/app:1", "r.example/app:1", "r.example/app:1-riscv64")
    world.create(*command)
    first = world.push("r.example/app:1").manifest
    assert len(world.create(*command).entries) == 2
    again = world.push("r.example/app:1")
    assert again.manifest == first
    assert again.is_empty


def test_two_lists_that_share_an_image_list_it_once(world: World) -> None:
    world.plant("r.example/i:1", oci_index(AMD, ARM))
    world.plant("r.example/i:2", oci_index(ARM, oci_image("linux/s390x")))
    draft = world.create("r.example/l:1", "r.example/i:1", "r.example/i:2")
    assert platforms(draft) == ["linux/amd64", "linux/arm64", "linux/s390x"]


def test_a_list_that_has_an_image_twice_keeps_its_digest(world: World) -> None:
    index = oci_index(AMD, AMD, ARM)
    document = json.loads(index.manifest.data)
    document["manifests"][1]["annotations"] = {"com.example.tier": "second"}
    index = evolve(index, manifest=evolve(index.manifest, data=json.dumps(document).encode()))
    world.plant("r.example/i:1", index)
    draft = world.create("r.example/l:1", "r.example/i:1")
    assert platforms(draft) == ["linux/amd64", "linux/amd64", "linux/arm64"]
    assert world.push("r.example/l:1").manifest == index.manifest


def test_the_entry_that_says_more_stays(attested: World) -> None:
    attested.plant("r.example/a:1", AMD)
    index = attested_index(AMD)
    attested.plant("r.example/said:1", index)
    draft = attested.create("r.example/l:1", "r.example/a:1", "r.example/said:1")
    assert [str(e.source) for e in draft.entries] == ["r.example/a:1", "r.example/said:1"]
    assert platforms(draft) == ["linux/amd64", "unknown/unknown"]


def test_replacing_an_image_by_itself_keeps_its_attestation(attested: World) -> None:
    attested.plant("r.example/copy:1", AMD)
    sources = ("r.example/i:1", "r.example/copy:1")
    draft = attested.create("r.example/l:1", *sources, **REPLACING)
    assert sorted(platforms(draft)) == ["linux/amd64", "linux/arm64", *["unknown/unknown"] * 2]


REPLACING = {"on_conflict": OnConflict.REPLACE}


def test_the_later_of_two_for_one_platform_may_win(attested: World) -> None:
    attested.plant("r.example/a:2", oci_image("linux/arm64", text="newer"))
    draft = attested.create("r.example/l:1", "r.example/i:1", "r.example/a:2", **REPLACING)
    assert platforms(draft) == ["linux/amd64", "unknown/unknown", "linux/arm64"]
    assert draft.entries[-1].source == ref("r.example/a:2")


def test_two_for_one_platform_may_be_refused(attested: World) -> None:
    attested.plant("r.example/a:2", oci_image("linux/arm64/v8", text="newer"))
    words = "entries of r.example/l:1 are for linux/arm64/v8: r.example/i@.* and r.example/a@"
    with pytest.raises(PlatformConflictError, match=words) as caught:
        attested.create(
            *("r.example/l:1", "r.example/i:1", "r.example/a:2"), on_conflict=OnConflict.REFUSE
        )
    assert caught.value.first == f"r.example/i@{ARM.digest}"
    assert attested.draft("r.example/l:1") is None


@pytest.mark.parametrize(
    "terms", [REPLACING, {"keep_order": True}, {"list_type": ListType.OCI}], ids=str
)
def test_the_moment_is_noted_whatever_changes(attested: World, terms) -> None:
    attested.plant("r.example/a:2", oci_image("linux/arm64", text="newer"))
    sources = "r.example/i:1", "r.example/a:2"
    draft = attested.create("r.example/l:1", *sources, now=LATER, **terms)
    assert (draft.created_at, draft.changed_at) == (LATER, LATER)


def test_where_no_two_are_for_one_platform_nothing_is_refused(attested: World) -> None:
    draft = attested.create("r.example/l:1", "r.example/i:1", on_conflict=OnConflict.REFUSE)
    assert platforms(draft) == platforms(attested.create("r.example/l:2", "r.example/i:1"))


def test_the_order_given_is_kept_when_asked_for(world: World) -> None:
    for tag in "ab":
        world.plant(f"r.example/l:{tag}", docker_image(text=tag))
    sources = "r.example/l:b", "r.example/l:a"
    assert world.create("r.example/l:1", *sources, keep_order=True).keeps_order
    assert not world.create("r.example/l:2", *sources).keeps_order


def test_adding_needs_a_draft(world: World) -> None:
    world.plant("r.example/a:1", docker_image())
    with pytest.raises(DraftUnknownError, match="r.example/l:1"):
        world.create("r.example/l:1", "r.example/a:1", start=DraftMode.ADD)
    world.create("r.example/l:1", "r.example/a:1")
    world.plant("r.example/a:2", docker_image("linux/arm64"))
    assert len(world.create("r.example/l:1", "r.example/a:2", start=DraftMode.ADD).entries) == 2


def test_a_list_pushed_unchanged_keeps_its_digest(attested: World) -> None:
    source = attested.served("r.example/i:1")
    attested.create("r.example/copy:1", "r.example/i:1")
    assert attested.push("r.example/copy:1").manifest == source


def test_what_the_one_list_says_of_itself_is_kept_when_something_is_added(world: World) -> None:
    world.plant("r.example/i:1", oci_index(AMD, annotations={"k": "v"}, x=[1]))
    world.plant("r.example/a:1", oci_image("linux/arm64"))
    draft = world.create("r.example/l:1", "r.example/i:1", "r.example/a:1")
    assert dict(draft.index_members) == {"annotations": {"k": "v"}, "x": [1]}
    assert world.push("r.example/l:1").manifest.document["annotations"] == {"k": "v"}


def test_of_several_lists_none_speaks_for_all(world: World) -> None:
    world.plant("r.example/i:1", oci_index(AMD, annotations={"k": "v"}))
    world.plant("r.example/i:2", oci_index(ARM, annotations={"k": "w"}))
    assert not world.create("r.example/l:1", "r.example/i:1", "r.example/i:2").index_members


def test_the_list_itself_can_be_annotated_and_that_taken_back(world: World) -> None:
    world.plant("r.example/a:1", docker_image())
    world.create("r.example/l:1", "r.example/a:1")

    def say(**members):
        overrides = IndexOverrides(**members)
        return annotate_index(ref("r.example/l:1"), overrides, ports=world.ports(now=LATER))

    said = say(annotations=(("k", "v"),), artifact_type="a/b")
    assert assemble(said).document["annotations"] == {"k": "v"}
    assert world.draft("r.example/l:1") == said
    taken_back = say(unset=("annotation:k", "artifact-type"))
    assert set(assemble(taken_back).document) == {"schemaVersion", "mediaType", "manifests"}
    with pytest.raises(DraftUnknownError):
        annotate_index(ref("r.example/n:1"), IndexOverrides(), ports=world.ports(now=LATER))


def test_the_type_stays_with_the_draft(world: World) -> None:
    world.plant("r.example/a:1", docker_image())
    world.plant("r.example/a:2", docker_image("linux/arm64"))
    world.create("r.example/l:1", "r.example/a:1", list_type=ListType.OCI)
    draft = world.create("r.example/l:1", "r.example/a:2", start=DraftMode.AMEND)
    assert draft.list_type is ListType.OCI


class TestDrop:
    def _drop(self, world: World, *entries: str):
        return drop(ref("r.example/l:1"), entries, ports=world.ports(now=LATER))

    def test_what_attests_an_entry_goes_with_it(self, attested: World) -> None:
        attested.create("r.example/l:1", "r.example/i:1")
        left = self._drop(attested, "linux/amd64")
        assert platforms(left) == ["linux/arm64", "unknown/unknown"]
        assert attested.draft("r.example/l:1") == left
        assert left.changed_at == LATER

    def test_an_attestation_stays_while_its_image_is_listed(self, world: World) -> None:
        world.plant("r.example/i:1", attested_index(AMD))
        for name in ("a", "b"):
            world.plant(f"r.example/{name}:1", AMD)
        sources = ("r.example/a:1", "r.example/b:1", "r.example/i:1")
        world.create("r.example/l:1", *sources)
        left = self._drop(world, "r.example/a:1")
        assert platforms(left) == ["linux/amd64", "unknown/unknown"]
        assert platforms(self._drop(world, "r.example/b:1")) == []

    @pytest.mark.parametrize(
        ("entries", "error"),
        [
            (("linux/amd64", "linux/s390x"), EntryUnknownError),
            (("linux/amd64", "r.example/i:1"), AmbiguousEntryError),
        ],
    )
    def test_all_go_or_none(self, attested: World, entries, error) -> None:
        before = attested.create("r.example/l:1", "r.example/i:1")
        with pytest.raises(error):
            self._drop(attested, *entries)
        assert attested.draft("r.example/l:1") == before

    def test_there_must_be_a_draft(self, world: World) -> None:
        with pytest.raises(DraftUnknownError, match="r.example/l:1"):
            self._drop(world, "linux/amd64")
