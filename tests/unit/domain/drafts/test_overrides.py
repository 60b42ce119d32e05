"""Overrides of entries and of the list itself: set, added to, removed."""

import pytest

from manyfest.contracts.images import oci_index
from manyfest.domain import media_types
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.drafts.overrides import IndexOverrides, Overrides, index_fields
from manyfest.domain.errors import UnknownMemberError
from manyfest.domain.platforms import Platform

SUBJECT = Descriptor(media_types.OCI_MANIFEST, Digest.of(b"subject"), 7)


def found(**others: object) -> Descriptor:
    platform = Platform("windows", "arm", "v7", "10.0", ("win32k",))
    return Descriptor(media_types.OCI_MANIFEST, Digest.of(b"a"), 1, platform, others)


@pytest.mark.parametrize(
    ("unset", "platform"),
    [
        (("variant",), "windows(10.0+win32k)/arm"),
        (("os-version",), "windows(+win32k)/arm/v7"),
        (("os-features",), "windows(10.0)/arm/v7"),
        (("variant", "os-version", "os-features"), "windows/arm"),
    ],
)
def test_what_is_unset_is_not_there(unset: tuple[str, ...], platform: str) -> None:
    assert str(Overrides(unset=unset).applied_to(found()).platform) == platform


def test_what_is_set_after_it_was_unset_is_there_and_the_other_way_round() -> None:
    gone, there = Overrides(unset=("variant",)), Overrides(variant="v6")
    assert gone.followed_by(there).applied_to(found()).platform.variant == "v6"
    assert there.followed_by(gone).applied_to(found()).platform.variant == ""
    said = Overrides(annotations=(("a", "1"), ("b", "2")))
    unsaid = said.followed_by(Overrides(unset=("annotation:a",)))
    assert unsaid.applied_to(found()).annotations == {"b": "2"}
    anew = Overrides(os_features=("a",)).followed_by(Overrides(unset=("os-features",)))
    assert anew.followed_by(Overrides(os_features=("b",))).applied_to(
        found()
    ).platform.os_features == ("b",)


def test_annotations_are_laid_over_and_taken_away_and_all_else_stays() -> None:
    before = found(x=[1], annotations={"a": "1", "b": "2"}, artifactType="t/t")
    said = Overrides(annotations=(("b", "3"), ("c", "4")), unset=("annotation:a",))
    after = said.applied_to(before)
    assert list(after.others.items()) == [
        ("x", [1]),
        ("annotations", {"b": "3", "c": "4"}),
        ("artifactType", "t/t"),
    ]
    assert after.platform == before.platform


def test_annotations_that_nothing_is_left_of_go() -> None:
    assert Overrides(unset=("annotation:a",)).applied_to(found(annotations={"a": "1"})) == found()


def test_an_annotation_alone_gives_no_platform_to_what_has_none() -> None:
    bare = Descriptor(media_types.OCI_MANIFEST, Digest.of(b"a"), 1)
    assert Overrides(annotations=(("a", "1"),)).applied_to(bare).platform is None


@pytest.mark.parametrize("kind", [Overrides, IndexOverrides])
def test_what_cannot_be_unset_is_named_with_what_can(kind: type) -> None:
    with pytest.raises(UnknownMemberError, match="'digest' cannot be unset, only .*annotation:KEY"):
        kind(unset=("digest",))


def test_no_annotations_at_all_stay_as_they_were_spelled() -> None:
    for spelled in ({}, None):
        said = Overrides(variant="v6").applied_to(found(annotations=spelled))
        assert said.others == {"annotations": spelled}


def test_a_lists_own_members_are_all_but_what_makes_it_a_list() -> None:
    members = {"x": 1, "artifactType": "a/b", "annotations": {"k": "v"}}
    assert index_fields(oci_index(**members).manifest) == members


def test_what_was_said_of_a_list_stays_when_more_is_said() -> None:
    first = IndexOverrides("c/d", SUBJECT, (("a", "1"),))
    both = first.followed_by(IndexOverrides(annotations=(("b", "2"),)))
    assert both == IndexOverrides("c/d", SUBJECT, (("a", "1"), ("b", "2")))
    assert first.followed_by(IndexOverrides("e/f")).artifact_type == "e/f"


def test_a_lists_own_members_are_laid_over_and_taken_away() -> None:
    before = {"x": 1, "artifactType": "a/b", "subject": {}, "annotations": {"a": "1"}}
    said = IndexOverrides("c/d", SUBJECT, (("b", "2"),))
    assert said.applied_to(before) == {
        "x": 1,
        "artifactType": "c/d",
        "subject": SUBJECT.to_json(),
        "annotations": {"a": "1", "b": "2"},
    }
    gone = IndexOverrides(unset=("artifact-type", "subject", "annotation:a", "annotation:b"))
    assert said.followed_by(gone).applied_to(before) == {"x": 1}
    assert gone.followed_by(said).applied_to(before)["artifactType"] == "c/d"
