"""Drafts: overrides apart from facts, sources that come again, and how entries are found."""

from datetime import UTC, datetime

import pytest
from attrs import evolve

from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.drafts.draft import Draft, Entry, ListType
from manyfest.domain.drafts.overrides import IndexOverrides, Overrides
from manyfest.domain.media_types import OCI_INDEX, OCI_MANIFEST
from manyfest.domain.platforms import Platform
from manyfest.domain.references import Reference

THEN = datetime(2024, 1, 1, tzinfo=UTC)
NOW = datetime(2024, 2, 1, tzinfo=UTC)
NAME = Reference.parse("r.example/list:1")
IMAGE = Reference.parse("r.example/a:1")
LIST = Reference.parse("r.example/b:1")
AMD64 = Platform("linux", "amd64")
ARM = Overrides(architecture="arm", variant="v7")


def found(content: str, platform: Platform | None = AMD64) -> Descriptor:
    return Descriptor(OCI_MANIFEST, Digest.of(content.encode()), len(content), platform)


def single(content: str, source: Reference = IMAGE) -> Entry:
    return Entry(source, found(content))


def of_list(*contents: str) -> list[Entry]:
    digest = Digest.of(" ".join(contents).encode())
    return [Entry(LIST, found(content), digest) for content in contents]


def draft(*entries: Entry) -> Draft:
    return Draft(NAME, THEN, THEN, entries, pushed=Digest.of(b"pushed"))


def digests(value: Draft) -> list[Digest]:
    return [entry.found.digest for entry in value.entries]


def contents(*names: str) -> list[Digest]:
    return [Digest.of(name.encode()) for name in names]


# Name, what was found, overrides, what comes out.
OVERRIDDEN = {
    "nothing": (Platform("linux", "arm"), Overrides(), Platform("linux", "arm")),
    "one member": (
        Platform("linux", "arm", "v6"),
        Overrides(variant="v7"),
        Platform("linux", "arm", "v7"),
    ),
    "all members": (
        Platform("a", "b", "c", "d"),
        Overrides("linux", "arm", "v7", "1"),
        Platform("linux", "arm", "v7", "1"),
    ),
    "features add up, each once": (
        Platform("windows", "amd64", os_features=("b", "a")),
        Overrides(os_features=("a", "c")),
        Platform("windows", "amd64", os_features=("b", "a", "c")),
    ),
}


@pytest.mark.parametrize(("platform", "overrides", "result"), OVERRIDDEN.values(), ids=OVERRIDDEN)
def test_overrides_change_what_they_say_and_nothing_else(platform, overrides, result) -> None:
    assert overrides.applied_to(found("a", platform)) == found("a", result)


def test_overrides_keep_members_that_nobody_knows() -> None:
    platform = Platform("linux", "amd64", others={"x": 1})
    assert ARM.applied_to(found("a", platform)).platform.others == {"x": 1}


def test_later_overrides_win_and_features_add_up() -> None:
    first = Overrides(os="linux", variant="v6", os_features=("a", "b"))
    later = Overrides(variant="v7", os_features=("b", "c"))
    expected = Overrides(os="linux", variant="v7", os_features=("a", "b", "c"))
    assert first.followed_by(later) == expected


def test_an_entry_without_overrides_is_listed_as_found() -> None:
    entry = Entry(IMAGE, found("a", None))
    assert entry.descriptor is entry.found


def test_an_entry_is_listed_with_its_overrides_and_keeps_the_facts() -> None:
    entry = evolve(single("a"), overrides=ARM)
    assert entry.descriptor == evolve(entry.found, platform=Platform("linux", "arm", "v7"))
    assert entry.found.platform == Platform("linux", "amd64")


def test_an_entry_without_platform_gets_the_one_it_is_given() -> None:
    entry = Entry(IMAGE, found("a", None), overrides=ARM)
    assert entry.descriptor.platform == Platform("", "arm", "v7")


def test_an_entry_s_content_is_beside_its_source() -> None:
    assert str(single("a").content) == f"r.example/a@{Digest.of(b'a')}"


def test_a_list_kept_as_one_entry_is_not_taken_apart() -> None:
    first, second = of_list("b", "c")
    whole = evolve(single("l"), list_digest=single("l").found.digest)
    assert [entry.came_from_list for entry in (single("a"), first, whole)] == [False, True, False]
    assert draft(first, whole, second, single("a")).flattened_lists == (LIST,)


def test_a_new_source_comes_last() -> None:
    value = draft(single("a")).with_source(LIST, of_list("b", "c"), NOW)
    assert digests(value) == contents("a", "b", "c")


def test_a_source_that_comes_again_keeps_its_place() -> None:
    value = draft(*of_list("b", "c"), single("a"))
    assert digests(value.with_source(LIST, of_list("d", "e", "f"), NOW)) == contents(*"defa")
    assert digests(value.with_source(IMAGE, [single("z")], NOW)) == contents(*"bcz")


def test_a_source_that_holds_nothing_any_more_is_gone() -> None:
    value = draft(*of_list("b", "c"), single("a"))
    assert digests(value.with_source(LIST, [], NOW)) == contents("a")


def test_an_image_that_moved_stays_annotated() -> None:
    value = draft(evolve(single("a"), overrides=ARM)).with_source(IMAGE, [single("new")], NOW)
    assert [entry.overrides for entry in value.entries] == [ARM]


def test_entries_of_a_list_stay_annotated_by_their_digest() -> None:
    first, second = of_list("b", "c")
    value = draft(first, evolve(second, overrides=ARM))
    again = value.with_source(LIST, of_list("c", "d", "b"), NOW)
    assert [entry.overrides for entry in again.entries] == [ARM, Overrides(), Overrides()]


def test_an_image_that_became_a_list_loses_its_overrides() -> None:
    value = draft(evolve(single("a"), overrides=ARM))
    again = value.with_source(IMAGE, [single("b"), single("c")], NOW)
    assert [entry.overrides for entry in again.entries] == [Overrides(), Overrides()]


def test_what_was_said_of_an_image_is_not_said_of_a_list_that_is_kept_whole() -> None:
    nested = Entry(IMAGE, evolve(single("n").found, media_type=OCI_INDEX, platform=None))
    value = draft(evolve(single("a"), overrides=ARM)).with_source(IMAGE, [nested], NOW)
    assert value.entries == (nested,)


def test_annotating_changes_one_entry() -> None:
    first, second = of_list("b", "c")
    value = draft(first, second).annotated(second, ARM, NOW)
    assert value.entries == (first, evolve(second, overrides=ARM))


def test_annotating_again_adds_to_what_was_annotated() -> None:
    value = draft(single("a")).annotated(single("a"), ARM, NOW)
    again = value.annotated(value.entries[0], Overrides(os="linux", variant="v6"), NOW)
    assert again.entries[0].overrides == Overrides("linux", "arm", "v6")


CHANGES = {
    "source": lambda value: value.with_source(IMAGE, [single("a")], NOW),
    "annotation": lambda value: value.annotated(value.entries[0], ARM, NOW),
    "order": lambda value: value.keeping_order(NOW),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_a_change_is_dated_and_makes_the_draft_unpushed(change) -> None:
    value = change(draft(single("a")))
    assert (value.created_at, value.changed_at, value.pushed) == (THEN, NOW, None)


def test_a_draft_may_be_told_to_keep_its_order() -> None:
    assert draft(single("a")).keeping_order(NOW).keeps_order


def test_a_draft_that_keeps_its_order_already_is_not_changed_by_keeping_it() -> None:
    kept = evolve(draft(single("a")), keeps_order=True)
    assert kept.keeping_order(NOW) == kept


def test_pushing_changes_nothing_but_the_mark() -> None:
    value = evolve(draft(single("a")), pushed=None)
    assert value.marked_pushed(Digest.of(b"l")) == evolve(value, pushed=Digest.of(b"l"))


def test_overrides_stay_with_the_description_they_were_laid_over() -> None:
    # One digest may be listed under two platforms; only one of the two was annotated.
    entries = [
        Entry(LIST, found("same", Platform("linux", a)), Digest.of(b"list"))
        for a in ("amd64", "386")
    ]
    annotated = draft(*entries).annotated(entries[1], Overrides(variant="v2"), NOW)
    renewed = annotated.with_source(LIST, entries, NOW)
    platforms = [str(entry.descriptor.platform) for entry in renewed.entries]
    assert platforms == ["linux/amd64", "linux/386/v2"]


CHANGES = {
    "order": lambda value: value.keeping_order(NOW),
    "index": lambda value: value.index_annotated(IndexOverrides(annotations=(("a", "1"),)), NOW),
    "type": lambda value: value.of_type(ListType.OCI, NOW),
    "an entry less": lambda value: value.minus([single("gone")], NOW),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_changes_a_draft_notes_when_and_that_it_is_not_pushed_and_keeps_the_rest(
    change,
) -> None:
    entries = single("a"), *of_list("b", "c")
    changed = change(draft(*entries, single("gone")))
    assert (changed.created_at, changed.changed_at, changed.pushed) == (THEN, NOW, None)
    assert changed.entries[:3] == entries
