"""Histories: whatever comes late or twice, spans stay apart, and the store does as merging says."""

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from itertools import count, pairwise

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from manyfest.domain.history.observation import Observation, merge_observations
from manyfest.domain.manifests import Manifest
from manyfest.domain.media_types import OCI_MANIFEST
from manyfest.domain.references import Reference
from manyfest.store.store import SqliteStore, open_store
from tests.property.strategies import NOW

MANIFESTS = [Manifest(OCI_MANIFEST, b"%d" % number) for number in range(3)]
PLACE = Reference.parse("r.example/app:1")
PLACES = count()


def at(minutes: int) -> datetime:
    return NOW + timedelta(minutes=minutes)


@st.composite
def observations(draw: st.DrawFn) -> Observation:
    """Few digests and few moments, so that they meet."""
    first, last = sorted(draw(st.tuples(st.integers(0, 8), st.integers(0, 8))))
    digest = draw(st.sampled_from(MANIFESTS)).digest
    return Observation(PLACE, digest, at(last), at(first), is_claimed=draw(st.booleans()))


batches = st.lists(observations(), min_size=1, max_size=4)
histories = st.lists(batches, min_size=1, max_size=4)


def history_of(parts: list[list[Observation]]) -> tuple[Observation, ...]:
    history: tuple[Observation, ...] = ()
    for part in parts:
        history = merge_observations(history, part)
    return history


@given(histories)
def test_spans_are_in_order_apart_and_of_different_digests(parts: list[list[Observation]]) -> None:
    history = history_of(parts)
    assert history
    assert all(span.first_seen <= span.seen_at for span in history)
    for later, earlier in pairwise(history):
        assert earlier.seen_at <= later.first_seen
        assert earlier.digest != later.digest


@given(histories, batches)
def test_adding_the_same_twice_is_adding_it_once(
    parts: list[list[Observation]], batch: list[Observation]
) -> None:
    once = merge_observations(history_of(parts), batch)
    assert merge_observations(once, batch) == once
    assert merge_observations(once, once) == once


@given(st.lists(observations(), min_size=1, max_size=6))
def test_every_sighting_is_in_a_span_and_no_span_is_made_up(seen: list[Observation]) -> None:
    history = merge_observations((), seen)
    sightings = {(moment, one.digest) for one in seen for moment in (one.first_seen, one.seen_at)}
    looks = [one for one in seen if not one.is_claimed]
    for moment, digest in {(m, one.digest) for one in looks for m in (one.first_seen, one.seen_at)}:
        spans = [span for span in history if span.first_seen <= moment <= span.seen_at]
        assert digest in {span.digest for span in spans if not span.is_claimed}
    ends = {(moment, one.digest) for one in history for moment in (one.first_seen, one.seen_at)}
    assert ends <= sightings


@given(st.lists(observations(), min_size=1, max_size=6))
def test_the_newest_is_what_was_seen_last_and_of_these_added_last(seen: list[Observation]) -> None:
    newest = merge_observations((), seen)[0]
    last = max(one.seen_at for one in seen)
    assert newest.seen_at == last or not newest.is_claimed
    assert newest.digest in {one.digest for one in seen if one.seen_at == last}


@given(st.lists(observations(), min_size=1, max_size=6))
def test_no_claim_makes_a_look_older_or_younger(seen: list[Observation]) -> None:
    looked = {
        (moment, one.digest)
        for one in seen
        if not one.is_claimed
        for moment in (one.first_seen, one.seen_at)
    }
    for span in merge_observations((), seen):
        ends = {(span.first_seen, span.digest), (span.seen_at, span.digest)}
        assert not ends & looked if span.is_claimed else ends <= looked


@given(histories, st.integers(2, 90_000), observations())
def test_a_look_after_a_wrong_clock_is_the_newest(
    parts: list[list[Observation]], hours: int, look: Observation
) -> None:
    """All that was seen before is dated ahead; it stays in its order, before the look."""
    ahead = timedelta(hours=hours)
    misdated = [
        evolve(one, seen_at=one.seen_at + ahead, first_seen=one.first_seen + ahead)
        for one in history_of(parts)
    ]
    look = evolve(look, first_seen=look.seen_at, is_claimed=False)
    history = merge_observations(misdated, [look])
    assert (history[0].digest, history[0].seen_at) == (look.digest, look.seen_at)
    assert not history[0].is_after(look.seen_at)
    before = [span.digest for span in misdated]
    assert [span.digest for span in history] in ([look.digest, *before], before)
    assert all(later.first_seen >= earlier.seen_at for later, earlier in pairwise(history))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqliteStore]:
    with closing(open_store(tmp_path_factory.mktemp("store") / "store.db")) as store:
        with store.contents.transaction():
            store.contents.keep_manifests(MANIFESTS)
        yield store


@given(parts=histories)
def test_the_store_keeps_what_merging_gives(
    store: SqliteStore, parts: list[list[Observation]]
) -> None:
    place = Reference.parse(f"r.example/app:{next(PLACES)}")
    with store.contents.transaction():
        for part in parts:
            store.contents.observe(evolve(seen, reference=place) for seen in part)
    expected = tuple(evolve(seen, reference=place) for seen in history_of(parts))
    assert store.contents.history(place) == expected
