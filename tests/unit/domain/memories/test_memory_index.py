"""Indexes of memories that say something else, or too much, are refused in a sentence."""

import gzip
import json

import pytest

from manyfest.domain.digests import Digest
from manyfest.domain.errors import DocumentError
from manyfest.domain.memories.memory_index import decode_index

DIGEST = str(Digest.of(b"x"))
EARLY, LATE = "2026-01-01T00:00:00+00:00", "2026-01-02T00:00:00+00:00"
SPAN = {"digest": DIGEST, "firstSeen": EARLY, "lastSeen": LATE}
GOOD = {
    "version": 1,
    "tags": {"r.example/app:1": [SPAN]},
    "manifests": {DIGEST: "application/x"},
    "configs": [DIGEST],
    "covers": [],
}


def packed(**members: object) -> bytes:
    return gzip.compress(json.dumps(GOOD | members).encode())


def test_a_good_one_is_read() -> None:
    (span,) = decode_index(packed(), "i").observations
    assert (str(span.reference), str(span.digest)) == ("r.example/app:1", DIGEST)
    assert not span.is_claimed


@pytest.mark.parametrize(
    "members",
    [
        {"version": 2},
        {"version": None},
        {"tags": {"oci:/srv/images:1": [SPAN]}},
        {"tags": {f"r.example/app@{DIGEST}": [SPAN]}},
        {"tags": {"r.example/APP:1": [SPAN]}},
        {"tags": {"r.example/app:1": SPAN}},
        {"tags": {"r.example/app:1": [SPAN | {"digest": "sha256:12"}]}},
        {"tags": {"r.example/app:1": [SPAN | {"digest": "md5:" + 32 * "0"}]}},
        {"tags": {"r.example/app:1": [SPAN | {"firstSeen": "yesterday"}]}},
        {"tags": {"r.example/app:1": [SPAN | {"firstSeen": LATE, "lastSeen": EARLY}]}},
        {"tags": {"r.example/app:1": [{"digest": DIGEST}]}},
        {"tags": []},
        {"manifests": [DIGEST]},
        {"configs": [1]},
        {"covers": None},
    ],
)
def test_another_form_is_refused(members: dict[str, object]) -> None:
    with pytest.raises(DocumentError, match="^i: "):
        decode_index(packed(**members), "i")


OTHER_BYTES = {
    "nothing": b"",
    "not compressed": b"plain",
    "cut off": packed()[:-9],
    "more behind": packed() + b"x",
    "two": packed() + packed(),
    "a list": gzip.compress(b"[]"),
}


@pytest.mark.parametrize("data", OTHER_BYTES.values(), ids=OTHER_BYTES)
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(DocumentError):
        decode_index(data, "i")


def test_one_that_expands_too_far_is_not_expanded() -> None:
    with pytest.raises(DocumentError, match="larger than 1000 bytes"):
        decode_index(gzip.compress(bytes(100_000)), "i", 1000)
