"""Indexes of memories that say something else, or too much, are refused in a sentence."""

import gzip
import json

import pytest

from manyfest.domain.digests import Digest
from manyfest.domain.errors import DocumentError
from manyfest.domain.memories.memory_index import MemoryIndex, decode_index, expand_index

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


def read(data: bytes) -> MemoryIndex:
    return decode_index(expand_index(data, "i"), "i")


def test_a_good_one_is_read() -> None:
    (span,) = read(packed()).observations
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
        read(packed(**members))


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
        read(data)


def test_one_that_expands_too_far_is_not_expanded() -> None:
    with pytest.raises(DocumentError, match="larger than 1000 bytes"):
        expand_index(gzip.compress(bytes(100_000)), "i", 1000)


def test_one_that_expands_as_no_index_does_is_not_expanded() -> None:
    digests = [str(Digest.of(b"%d" % number)) for number in range(20_000)]
    assert len(read(packed(configs=digests)).configs) == 20_000, "digests hardly compress"
    data = gzip.compress(bytes(16 * 1024 * 1024))
    with pytest.raises(DocumentError, match="larger than 4[0-9]{6} bytes"):
        read(data)


def test_one_of_empty_members_is_not_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("manyfest.domain.memories.memory_index.parse_object", None)
    text = json.dumps(GOOD | {"configs": [[]] * 10_000}).encode()
    with pytest.raises(DocumentError, match="empty members"):
        decode_index(text, "i")
