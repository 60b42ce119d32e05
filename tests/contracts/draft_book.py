"""The contract of a draft book: subclass ``DraftBookContract`` and give ``book``."""

import json
from datetime import UTC, datetime

import pytest
from attrs import evolve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import HEX_LENGTHS, Digest
from manyfest.domain.drafts.draft import Draft, Entry, ListType
from manyfest.domain.drafts.overrides import IndexOverrides, Overrides
from manyfest.domain.ports.draft_book import DraftBook
from manyfest.domain.references import Reference

NOON = datetime(2024, 6, 1, 12, tzinfo=UTC)
FULL = {
    "mediaType": "application/vnd.oci.image.manifest.v1+json",
    "size": 2**63 - 1,
    "digest": "sha512:" + "0f" * 64,
    "platform": {"architecture": "arm", "os": "linux", "variant": "v7", "com.example.x": [1]},
    "annotations": {"b": "2", "a": "ü\u2028"},
    "unknown": {"float": 1e-7, "null": None, "list": [True, {}]},
}


def draft(name: str, *sources: str) -> Draft:
    """Return a draft with one entry from each source."""
    found = [Descriptor(FULL["mediaType"], Digest.of(each.encode()), 1) for each in sources]
    entries = tuple(Entry(Reference.parse(s), f) for s, f in zip(sources, found, strict=True))
    return Draft(Reference.parse(name), NOON, NOON, entries)


digests = st.sampled_from(sorted(HEX_LENGTHS.items())).flatmap(
    lambda kind: st.text("0123456789abcdef", min_size=kind[1], max_size=kind[1]).map(
        lambda result: Digest(kind[0], result)
    )
)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**18), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
platforms = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(("os", "architecture", "variant", "os.version", "x"), texts)
    | {"os.features": st.lists(texts, max_size=3)},
)
descriptors = st.fixed_dictionaries(
    {
        "mediaType": texts.filter(bool),
        "size": st.integers(0, 2**63 - 1),
        "digest": digests.map(str),
    },
    optional={
        "platform": platforms,
        "annotations": st.dictionaries(texts, texts, max_size=3),
        "urls": st.lists(texts, max_size=2),
        "data": texts,
        "of.tomorrow": values,
    },
).map(lambda document: Descriptor.from_json(document, "drawn"))
references = st.builds(
    lambda home, tag, digest: Reference.parse(home + tag + (f"@{digest}" if digest else "")),
    st.sampled_from(["alpine", "localhost:5000/a/b", "Host.example/a_b", "oci:lay out/ä", "oci:x"]),
    st.sampled_from([":latest", ":1.0_x-y", ":A"]),
    st.none() | digests,
)
overrides = st.builds(
    Overrides,
    **dict.fromkeys(("os", "architecture", "variant", "os_version"), texts),
    os_features=st.lists(texts, max_size=3).map(tuple),
    annotations=st.lists(st.tuples(texts, texts), max_size=3).map(tuple),
    unset=st.lists(st.sampled_from(["variant", "os-features"]), max_size=2).map(tuple),
)
index_overrides = st.builds(
    IndexOverrides,
    artifact_type=texts,
    subject=st.none() | descriptors,
    annotations=st.lists(st.tuples(texts, texts), max_size=3).map(tuple),
    unset=st.lists(texts.map("annotation:{}".format), max_size=2).map(tuple),
)
entries = st.builds(Entry, references, descriptors, st.none() | digests, overrides)
times = st.datetimes(datetime(1970, 1, 2), datetime(9000, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
drafts = st.builds(
    Draft,
    references,
    times,
    times,
    st.lists(entries, max_size=4).map(tuple),
    st.none() | digests,
    keeps_order=st.booleans(),
    list_type=st.sampled_from(ListType),
    index_found=st.dictionaries(texts, st.none() | st.integers() | texts, max_size=3),
    index=index_overrides,
)


class DraftBookContract:
    """A subclass overrides ``book``."""

    @pytest.fixture
    def book(self) -> DraftBook:
        """Return a book without drafts."""
        raise NotImplementedError

    # All examples share one book, because each saves over the last. All subclasses share this test.
    @settings(
        max_examples=40,
        deadline=None,
        suppress_health_check=[
            HealthCheck.function_scoped_fixture,
            HealthCheck.differing_executors,
            HealthCheck.too_slow,
        ],
    )
    @given(drawn=drafts)
    def test_what_is_saved_is_what_is_found(self, book, drawn):
        _save(book, drawn)
        found = book.find(drawn.name)
        assert found == drawn
        assert _documents(found) == _documents(drawn)

    def test_members_nobody_knows_keep_their_values_and_their_order(self, book):
        found = Descriptor.from_json(FULL, "the full one")
        source = Reference.parse("alpine")
        _save(book, evolve(draft("app"), entries=(Entry(source, found),)))
        (entry,) = book.find(Reference.parse("app")).entries
        assert json.dumps(entry.found.to_json()) == json.dumps(found.to_json())
        assert entry.found.platform.others == {"com.example.x": [1]}

    def test_overrides_are_kept_apart_from_facts(self, book):
        annotated = draft("app", "alpine")
        changed = evolve(annotated.entries[0], overrides=Overrides(os="windows"))
        _save(book, evolve(annotated, entries=(changed,)))
        (entry,) = book.find(annotated.name).entries
        assert entry.found == annotated.entries[0].found
        assert entry.overrides == Overrides(os="windows")

    def test_entries_stay_in_the_order_in_which_they_came(self, book):
        sources = [f"h.example/{number}:x" for number in (3, 1, 2, 10, 0)]
        _save(book, draft("app", *sources))
        found = book.find(Reference.parse("app"))
        assert [str(entry.source) for entry in found.entries] == sources

    def test_a_book_without_drafts_says_so(self, book):
        assert book.find(Reference.parse("app")) is None
        assert book.drafts() == ()

    def test_a_draft_takes_the_place_of_the_one_of_its_name(self, book):
        before, after = draft("app", "a", "b", "c"), draft("app", "d")
        _save(book, before)
        _save(book, after)
        assert book.drafts() == (after,)

    def test_drafts_come_by_name_and_each_whole(self, book):
        names = ["h.example/b:1", "h.example/a:2", "H.example/a:1", "h.example/a-b:1"]
        saved = {name: draft(name, *names[:number]) for number, name in enumerate(names)}
        _save(book, *saved.values())
        assert book.drafts() == tuple(saved[name] for name in sorted(names))

    @pytest.mark.parametrize(
        ("name", "other"),
        [
            ("h.example/a/b:x", "h.example/a_b:x"),
            ("h.example/a:x-y", "h.example/a-x:y"),
            ("h.example/a:x", "h.example/a:X"),
            ("h.example/a:x", "H.example/a:x"),
            ("h.example/a:1", "oci:h.example/a:1"),
            ("oci:\u00e4:1", "oci:a\u0308:1"),
            (f"h.example/{'a' * 240}:x", f"h.example/{'a' * 241}:x"),
        ],
        ids=["slash", "dash", "tag case", "host case", "layout", "combining", "long"],
    )
    def test_two_names_never_share_a_draft(self, book, name, other):
        _save(book, draft(name, "a"), draft(other, "b"))
        assert book.find(Reference.parse(name)) == draft(name, "a")
        assert book.find(Reference.parse(other)) == draft(other, "b")

    def test_a_removed_draft_is_gone_and_no_other(self, book):
        _save(book, draft("app", "a"), draft("other", "b"))
        with book.transaction():
            book.remove(Reference.parse("app"))
            book.remove(Reference.parse("never-there"))
        assert book.drafts() == (draft("other", "b"),)

    def test_an_error_in_a_transaction_takes_all_of_it_back(self, book):
        _save(book, draft("app", "a"))
        with pytest.raises(KeyboardInterrupt), book.transaction():  # noqa: PT012
            book.save(draft("app", "b"))
            book.save(draft("other", "c"))
            book.remove(Reference.parse("app"))
            assert book.drafts() == (draft("other", "c"),)
            raise KeyboardInterrupt
        assert book.drafts() == (draft("app", "a"),)

    def test_writing_outside_a_transaction_is_a_mistake(self, book):
        for write, what in ((book.save, draft("app")), (book.remove, Reference.parse("app"))):
            with pytest.raises(RuntimeError):
                write(what)


def _save(book: DraftBook, *saved: Draft) -> None:
    with book.transaction():
        for each in saved:
            book.save(each)


def _documents(shown: Draft) -> str:
    """Return the entries as JSON, which also has the order and members that equality ignores."""
    return json.dumps([entry.found.to_json() for entry in shown.entries])
