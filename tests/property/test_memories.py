"""Memories: whatever the order of writers and readers, all agree; bytes say what was meant."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from manyfest.domain.digests import Digest
from manyfest.domain.history.observation import Observation
from manyfest.domain.memories.memory_index import (
    MemoryIndex,
    decode_index,
    encode_index,
    expand_index,
    union_of,
)
from manyfest.domain.references import Reference
from tests.property.strategies import NOW

DIGESTS = [Digest.of(b"%d" % number) for number in range(4)]
TAGS = [Reference.parse(f"r.example/app:{number}") for number in range(2)]
KINDS = ["application/a", "application/b"]


@st.composite
def spans(draw: st.DrawFn) -> Observation:
    """Few tags, digests and moments, so that they meet."""
    first, last = sorted(draw(st.tuples(st.integers(0, 6), st.integers(0, 6))))
    moments = (NOW + timedelta(minutes=minutes) for minutes in (last, first))
    digest = draw(st.sampled_from(DIGESTS))
    return Observation(draw(st.sampled_from(TAGS)), digest, *moments, draw(st.booleans()))


digests = st.frozensets(st.sampled_from(DIGESTS))
indexes = st.builds(
    MemoryIndex,
    st.lists(spans(), max_size=5).map(tuple),
    st.dictionaries(st.sampled_from(DIGESTS), st.sampled_from(KINDS)),
    digests,
    digests,
)


@given(
    st.lists(indexes, max_size=4).flatmap(
        lambda parts: st.tuples(st.just(parts), st.permutations(parts))
    )
)
def test_the_order_of_parts_does_not_matter(both: tuple[list[MemoryIndex], list[MemoryIndex]]):
    assert union_of(both[0]) == union_of(both[1])


@given(indexes, indexes)
def test_a_part_that_comes_again_changes_nothing(one: MemoryIndex, other: MemoryIndex) -> None:
    union = union_of([one, other])
    assert union_of([one, other, one]) == union
    assert union_of([union]) == union
    assert union_of([union, other]) == union
    assert union_of([union, one]) == union


@given(indexes, indexes)
def test_the_news_are_all_that_is_lacking(known: MemoryIndex, own: MemoryIndex) -> None:
    news = own.news_for(known)
    with_news, with_all = union_of([known, news]), union_of([known, own])
    assert with_news.observations == with_all.observations
    assert with_news.manifests.keys() | with_news.configs == {
        *with_all.manifests,
        *with_all.configs,
    }
    assert own.news_for(with_all).is_empty
    assert news.news_for(with_news).is_empty


@given(indexes)
def test_what_is_decoded_was_encoded(index: MemoryIndex) -> None:
    canonical = union_of([index])
    text = expand_index(encode_index(canonical), "index")
    assert decode_index(text, "index") == canonical
    assert encode_index(union_of([canonical])) == encode_index(canonical)
