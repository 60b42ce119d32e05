"""Properties of drafts."""

from attrs import evolve
from hypothesis import assume, given
from hypothesis import strategies as st

from manyfest.domain.descriptors import Descriptor
from manyfest.domain.drafts.draft import Draft
from manyfest.domain.drafts.overrides import Overrides
from tests.property import strategies
from tests.property.strategies import LATER, NOW


class TestOverrides:
    """Overrides: "empty members change nothing", "``os_features`` are added to those found"."""

    @given(strategies.overrides, strategies.overrides, strategies.overrides)
    def test_the_order_of_putting_together_does_not_count(self, first, second, third) -> None:
        left = first.followed_by(second).followed_by(third)
        assert left == first.followed_by(second.followed_by(third))

    @given(strategies.overrides)
    def test_nothing_annotated_before_or_after_changes_nothing_more(self, overrides) -> None:
        once = overrides.followed_by(Overrides())
        assert once.followed_by(Overrides()) == once
        assert Overrides().followed_by(overrides) == once

    @given(strategies.overrides, strategies.descriptors())
    def test_twice_is_once(self, overrides: Overrides, found: Descriptor) -> None:
        once = overrides.applied_to(found)
        assert overrides.applied_to(once) == once

    @given(strategies.overrides, strategies.overrides, strategies.descriptors())
    def test_both_together_are_one_after_the_other(self, first, later, found) -> None:
        together = first.followed_by(later).applied_to(found)
        assert said_by(together) == said_by(later.applied_to(first.applied_to(found)))


def said_by(descriptor: Descriptor) -> Descriptor:
    """An empty object of annotations says as much as none."""
    others = {key: value for key, value in descriptor.others.items() if value != {}}
    return evolve(descriptor, others=others)


class TestSources:
    """Draft.with_source: "in its old place if it was there, else at the end"."""

    @given(strategies.drafts(), strategies.sources, st.data())
    def test_twice_is_once(self, draft: Draft, source, draw: st.DataObject) -> None:
        entries = draw.draw(strategies.found_entries(source))
        once = draft.with_source(source, entries, NOW)
        assert once.with_source(source, entries, NOW) == once

    @given(strategies.drafts(), strategies.sources, st.data())
    def test_other_sources_keep_their_entries_and_order(self, draft, source, draw) -> None:
        entries = draw.draw(strategies.found_entries(source))
        changed = draft.with_source(source, entries, NOW)
        others = [entry for entry in draft.entries if entry.source != source]
        assert [entry for entry in changed.entries if entry.source != source] == others
        found = [entry.found for entry in changed.entries if entry.source == source]
        assert found == [entry.found for entry in entries]

    @given(strategies.drafts(), strategies.sources, st.data())
    def test_the_entries_of_one_source_stay_together_where_it_was(self, draft, source, draw):
        entries = draw.draw(strategies.found_entries(source))
        order = [entry.source for entry in draft.with_source(source, entries, NOW).entries]
        before = dict.fromkeys(entry.source for entry in draft.entries)
        assert list(dict.fromkeys(order)) == list(before | {source: None})
        assert order == sorted(order, key=list(dict.fromkeys(order)).index)


class TestAnnotating:
    """domain/drafts/draft.py: "A draft is a value: each change gives a new one"."""

    @given(strategies.drafts(), strategies.overrides, st.data())
    def test_nothing_but_the_one_entry_s_overrides_changes(self, draft, overrides, draw) -> None:
        assume(draft.entries)
        place = draw.draw(st.integers(0, len(draft.entries) - 1))
        annotated = draft.annotated(draft.entries[place], overrides, LATER)
        assert annotated.name == draft.name
        assert [e.found for e in annotated.entries] == [e.found for e in draft.entries]
        changed = zip(annotated.entries, draft.entries, strict=True)
        assert {at for at, (new, old) in enumerate(changed) if new != old} <= {place}

    @given(strategies.drafts(), strategies.overrides)
    def test_annotating_twice_is_annotating_once(self, draft: Draft, overrides) -> None:
        assume(draft.entries)
        once = draft.annotated(draft.entries[0], overrides, LATER)
        assert once.annotated(once.entries[0], overrides, LATER) == once
