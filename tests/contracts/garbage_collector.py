"""The contract of a garbage collector: subclass ``GarbageContract`` and give ``kept``."""

from datetime import UTC, datetime, timedelta

import pytest
from attrs import evolve

from manyfest.contracts.images import Image, docker_image, oci_image, oci_index, referrer
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.drafts.draft import Draft, Entry
from manyfest.domain.drafts.overrides import IndexOverrides
from manyfest.domain.history.observation import Observation
from manyfest.domain.operations.store.collect_garbage import (
    Retention,
    collect_garbage,
    find_garbage,
)
from manyfest.domain.ports.garbage import Garbage
from manyfest.domain.references import Reference

NOW = datetime(2024, 6, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
A, B, C = (oci_image(f"linux/arm/v{n}", text=str(n)) for n in range(3))
LIST = oci_index(A, B)
MONTH = Retention(30 * DAY, NOW)
APP = "registry.example/app"


def hold(contents, *images: Image) -> None:
    """Keep the images with all their children and configs, without a tag."""
    with contents.transaction():
        for image in images:
            _hold(contents, image)


def see(contents, name: str, image: Image, days_ago: float = 0) -> None:
    """Keep ``image`` with its children and configs, and observe ``name`` pointing to it."""
    hold(contents, image)
    with contents.transaction():
        seen = Observation(Reference.parse(name), image.digest, NOW - days_ago * DAY)
        contents.observe([seen])


class GarbageContract:
    """``kept`` has ``contents``, ``drafts`` and the collector ``garbage`` of one store."""

    @pytest.fixture
    def kept(self):
        """Return an empty store with these attributes."""
        raise NotImplementedError

    def test_a_store_that_holds_nothing_has_none(self, kept):
        assert find_garbage(kept.garbage, kept.drafts, MONTH) == Garbage()
        assert collect_garbage(kept.garbage, kept.drafts, MONTH) == Garbage()

    def test_what_a_recent_tag_reaches_stays_and_the_rest_goes(self, kept):
        see(kept.contents, f"{APP}:new", oci_index(LIST, A), days_ago=29)
        see(kept.contents, f"{APP}:old", oci_index(C), days_ago=31)
        gone = self._collect(kept)
        assert [str(state.reference) for state in gone.observations] == [f"{APP}:old"]
        assert {piece.digest for piece in gone.manifests} == {C.digest, oci_index(C).digest}
        assert {piece.digest for piece in gone.configs} == {Digest.of(C.blobs[0])}
        assert _held(kept, A, B, LIST, oci_index(LIST, A)) == 4
        assert all(kept.contents.blob(Digest.of(image.blobs[0])) for image in (A, B))
        assert kept.contents.blob(Digest.of(C.blobs[0])) is None
        assert kept.contents.last_observation(Reference.parse(f"{APP}:old")) is None

    def test_a_subject_that_is_no_digest_keeps_nothing(self, kept):
        name = Reference.parse(f"{APP}:l")
        for subject in ({"digest": "sha256:../x"}, {"digest": 5}, {}, "sha256"):
            draft = Draft(name, NOW, NOW, index_found={"subject": subject})
            with kept.drafts.transaction():
                kept.drafts.save(draft)
            assert find_garbage(kept.garbage, kept.drafts, MONTH) == Garbage()

    def test_it_says_how_many_bytes(self, kept):
        hold(kept.contents, A)
        gone = self._collect(kept)
        assert gone.size == A.manifest.size + len(A.blobs[0])

    def test_of_a_tags_history_what_is_older_goes(self, kept):
        for image, days in ((A, 90), (B, 40), (C, 1)):
            see(kept.contents, f"{APP}:x", image, days_ago=days)
        gone = self._collect(kept)
        assert [state.digest for state in gone.observations] == [B.digest, A.digest]
        history = kept.contents.history(Reference.parse(f"{APP}:x"))
        assert [seen.digest for seen in history] == [C.digest]

    @pytest.mark.parametrize(("days", "left"), [(29.99, 1), (30, 1), (30.01, 0)])
    def test_a_tag_seen_at_the_very_beginning_stays(self, kept, days, left):
        see(kept.contents, f"{APP}:x", A, days_ago=days)
        self._collect(kept)
        assert _held(kept, A) == left

    @pytest.mark.parametrize(("days", "left"), [(29.99, 3), (30.01, 0)])
    def test_what_was_asked_for_by_digest_stays_as_long_as_a_tag(self, kept, days, left):
        hold(kept.contents, LIST)
        with kept.contents.transaction():
            kept.contents.record_digest_reads([LIST.digest], NOW - days * DAY)
            earlier = NOW - days * DAY - timedelta(minutes=30)  # a command that began before
            kept.contents.record_digest_reads([LIST.digest], earlier)
        assert len(self._collect(kept).manifests) == 3 - left
        assert _held(kept, A, B, LIST) == left

    def test_where_content_was_read_from_is_known_as_long_as_the_content(self, kept):
        home = Reference.parse(APP).home
        see(kept.contents, f"{APP}:x", A, days_ago=29)
        with kept.contents.transaction():
            kept.contents.record_digest_reads([A.digest], NOW - 90 * DAY, home)
        assert self._collect(kept) == Garbage()
        assert kept.contents.homes_of(A.digest) == (home,)
        collect_garbage(kept.garbage, kept.drafts, Retention(DAY, NOW))
        assert (_held(kept, A), kept.contents.homes_of(A.digest)) == (0, ())

    def test_a_tag_of_what_was_asked_for_by_digest_stays(self, kept):
        see(kept.contents, f"{APP}:x", A, days_ago=90)
        self._ask_for(kept, A)
        assert self._collect(kept) == Garbage()
        assert kept.contents.last_observation(Reference.parse(f"{APP}:x")).digest == A.digest

    def test_an_older_state_never_passes_for_the_newest(self, kept):
        for image, days in ((A, 90), (B, 40)):
            see(kept.contents, f"{APP}:x", image, days_ago=days)
        self._ask_for(kept, A)
        assert [state.digest for state in self._collect(kept).observations] == [B.digest, A.digest]
        assert kept.contents.history(Reference.parse(f"{APP}:x")) == ()
        assert _held(kept, A) == 1

    def test_what_drafts_list_stays_however_old(self, kept):
        hold(kept.contents, A, LIST, C)
        entries = (_entry(A), _entry(B, LIST.digest))
        self._draft(kept, Draft(Reference.parse("app"), NOW - 99 * DAY, NOW, entries))
        self._collect(kept)
        assert _held(kept, A, B, LIST) == 3
        assert _held(kept, C) == 0

    def test_a_list_that_a_draft_lists_whole_keeps_its_children(self, kept):
        hold(kept.contents, LIST)
        self._draft(kept, Draft(Reference.parse("app"), NOW, NOW, (_entry(LIST),)))
        assert self._collect(kept) == Garbage()

    def test_the_subject_and_what_was_pushed_of_a_draft_stay(self, kept):
        hold(kept.contents, A, C)
        draft = Draft(Reference.parse("app"), NOW, NOW, pushed=A.digest)
        about = IndexOverrides(subject=C.manifest.descriptor())
        self._draft(kept, evolve(draft, index=about))
        assert self._collect(kept) == Garbage()

    def test_what_is_attached_to_something_kept_stays_and_so_does_what_it_is_attached_to(
        self, kept
    ):
        signature, other = referrer(A, "signature"), referrer(C, "other")
        hold(kept.contents, A, C, signature, referrer(signature, "deep"), other)
        see(kept.contents, f"{APP}:x", A)
        self._collect(kept)
        assert _held(kept, A, signature, referrer(signature, "deep")) == 3
        assert _held(kept, C, other) == 0
        see(kept.contents, f"{APP}:signature", signature)
        with kept.contents.transaction():
            kept.garbage.find([], NOW - DAY, NOW)
        assert self._collect(kept) == Garbage()

    def test_looking_changes_nothing_and_tells_the_same(self, kept):
        see(kept.contents, f"{APP}:old", LIST, days_ago=31)
        found = find_garbage(kept.garbage, kept.drafts, MONTH)
        assert _held(kept, A, B, LIST) == 3
        assert kept.contents.last_observation(Reference.parse(f"{APP}:old"))
        assert collect_garbage(kept.garbage, kept.drafts, MONTH) == found
        assert find_garbage(kept.garbage, kept.drafts, MONTH) == Garbage()

    def test_keeping_nothing_keeps_the_drafts(self, kept):
        see(kept.contents, f"{APP}:x", docker_image(), days_ago=0)
        hold(kept.contents, A)
        self._draft(kept, Draft(Reference.parse("app"), NOW, NOW, (_entry(A),)))
        collect_garbage(kept.garbage, kept.drafts, Retention(timedelta(), NOW + DAY))
        assert _held(kept, A, docker_image()) == 1

    def test_a_time_before_all_time_keeps_everything(self, kept):
        see(kept.contents, f"{APP}:x", A, days_ago=3000)
        forever = Retention(timedelta(days=999_999), NOW)
        assert collect_garbage(kept.garbage, kept.drafts, forever) == Garbage()

    def test_an_error_takes_all_of_it_back(self, kept):
        hold(kept.contents, A)
        with pytest.raises(KeyboardInterrupt), kept.garbage.transaction():  # noqa: PT012
            kept.garbage.remove(kept.garbage.find([], NOW, NOW), NOW)
            raise KeyboardInterrupt
        assert _held(kept, A) == 1

    def _collect(self, kept) -> Garbage:
        return collect_garbage(kept.garbage, kept.drafts, MONTH)

    def _ask_for(self, kept, image: Image) -> None:
        with kept.contents.transaction():
            kept.contents.record_digest_reads([image.digest], NOW)

    def _draft(self, kept, draft: Draft) -> None:
        with kept.drafts.transaction():
            kept.drafts.save(draft)


def _entry(image, list_digest=None) -> Entry:
    found: Descriptor = image.manifest.descriptor()
    return Entry(Reference.parse(f"{APP}:x"), found, list_digest)


def _held(kept, *images) -> int:
    return sum(kept.contents.manifest(image.digest) is not None for image in images)


def _hold(contents, image: Image) -> None:
    for child in image.children:
        _hold(contents, child)
    contents.keep_manifests([image.manifest])
    contents.keep_blobs(image.blobs[:1])
