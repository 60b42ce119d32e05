"""Locks that are nearly right: read, or DocumentError."""

from contextlib import suppress

from hypothesis import given

from manyfest.domain.encoding.strict_json import parse_object
from manyfest.domain.errors import DocumentError
from manyfest.domain.specs.lock import Lock
from tests.property.mutations import json_texts

DIGEST = f"sha256:{'0' * 64}"
WHOLE = {"version": 1, "sources": {"r.example/a:1": DIGEST}, "lists": {"r.example/l:1": DIGEST}}


@given(json_texts(WHOLE))
def test_a_damaged_lock_is_read_or_refused(data: bytes) -> None:
    with suppress(DocumentError):
        lock = Lock.from_json(parse_object(data, "x"), "x")
        assert Lock.from_json(lock.to_json(), "x") == lock


def test_what_is_damaged_was_whole() -> None:
    assert Lock.from_json(WHOLE, "x").to_json() == WHOLE
