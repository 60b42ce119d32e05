import pytest

from manyfest.domain.digests import Digest
from manyfest.domain.errors import DocumentError, LockError
from manyfest.domain.references import Reference
from manyfest.domain.specs.list_spec import EntrySpec, ListSpec
from manyfest.domain.specs.lock import Lock

ONE, TWO = Digest.of(b"1"), Digest.of(b"2")
LOCK = Lock({"a:1": ONE, "b:1": TWO}, {"l:1": ONE})


def spec(*sources: str) -> ListSpec:
    entries = (EntrySpec(source, Reference.parse(source)) for source in sources)
    return ListSpec("l:1", Reference.parse("l:1"), tuple(entries))


def test_a_lock_is_written_and_read_alike() -> None:
    assert LOCK.to_json() == {
        "version": 1,
        "sources": {"a:1": str(ONE), "b:1": str(TWO)},
        "lists": {"l:1": str(ONE)},
    }
    assert Lock.from_json(LOCK.to_json(), "lock") == LOCK


def test_names_are_written_in_one_order() -> None:
    turned = Lock(dict(reversed(LOCK.sources.items())), LOCK.lists)
    assert list(turned.to_json()["sources"]) == ["a:1", "b:1"]


OTHER_MEMBERS = "not a lock: it has other members than ['lists', 'sources', 'version']"

# Name, document, what is said of it.
BAD = {
    "not an object": ([], f"spec.lock: {OTHER_MEMBERS}"),
    "names of members alone": (["version", "sources", "lists"], f"spec.lock: {OTHER_MEMBERS}"),
    "a member more": (LOCK.to_json() | {"x": 1}, f"spec.lock: {OTHER_MEMBERS}"),
    "a member less": ({"version": 1, "lists": {}}, f"spec.lock: {OTHER_MEMBERS}"),
    "another version": (LOCK.to_json() | {"version": 2}, "spec.lock: a lock of version 2"),
    "no digest": (
        LOCK.to_json() | {"lists": {"a": "sha256:1"}},
        "spec.lock: lists: invalid digest 'sha256:1': invalid checksum digest length",
    ),
    "no texts": (
        LOCK.to_json() | {"sources": {"a": 1}},
        "spec.lock: sources: not an object of digests",
    ),
    "no table": (
        LOCK.to_json() | {"sources": None},
        "spec.lock: sources: not an object of digests",
    ),
}


@pytest.mark.parametrize(("document", "words"), BAD.values(), ids=BAD.keys())
def test_what_is_no_lock_is_refused(document, words: str) -> None:
    with pytest.raises(DocumentError) as caught:
        Lock.from_json(document, "spec.lock")
    assert str(caught.value).startswith(words)


def test_sources_are_pinned_by_name_and_others_left_out() -> None:
    pinned = LOCK.pinned(spec("a:1", "c:1"))
    assert [str(entry.source) for entry in pinned.entries] == [f"docker.io/library/a:1@{ONE}"]
    assert LOCK.unknown_sources([spec("a:1", "c:1"), spec("c:1")]) == ("c:1",)


def test_a_spec_that_asks_for_another_digest_is_refused() -> None:
    entry = EntrySpec("a:1", Reference.parse(f"a:1@{TWO}"))
    with pytest.raises(LockError, match=f"{entry.written}.*{ONE}"):
        LOCK.pinned(ListSpec("l:1", Reference.parse("l:1"), (entry,)))


@pytest.mark.parametrize(("written", "words"), [("l:1", f"would be {TWO}"), ("m:1", "no digest")])
def test_another_list_is_refused(written: str, words: str) -> None:
    LOCK.check_list("l:1", ONE)
    with pytest.raises(LockError, match=words):
        LOCK.check_list(written, TWO)
