"""Digests: the grammar of go-digest, digests of bytes, and bytes that are checked as they pass."""

import hashlib

import pytest

from manyfest.domain.digests import Digest, VerifiedChunks, verified, verified_chunks
from manyfest.domain.errors import (
    DigestMismatchError,
    InvalidDigestError,
    SizeMismatchError,
    UnverifiableError,
)

HEX = "0123456789abcdef" * 4
OF_NOTHING = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

VALID = {
    "sha256": f"sha256:{HEX}",
    "sha512": f"sha512:{HEX}{HEX}",
    "sha256 of zeros": "sha256:" + "0" * 64,
}

FORMAT = "invalid checksum digest format"
LENGTH = "invalid checksum digest length"
ALGORITHM = "unsupported digest algorithm"

# Name, text, reason. The reasons are go-digest's.
INVALID = {
    "nothing": ("", FORMAT),
    "colon alone": (":", FORMAT),
    "no algorithm": (f":{HEX}", FORMAT),
    "no colon": (HEX, FORMAT),
    "no result": ("sha256:", FORMAT),
    "two colons": (f"sha256:{HEX}:{HEX}", FORMAT),
    "one digit short": (f"sha256:{HEX[:-1]}", LENGTH),
    "one digit long": (f"sha256:{HEX}0", LENGTH),
    "sha512 as long as sha256": (f"sha512:{HEX}", LENGTH),
    "sha256 as long as sha512": (f"sha256:{HEX}{HEX}", LENGTH),
    "upper case hex": (f"sha256:{HEX.upper()}", FORMAT),
    "upper case algorithm": (f"SHA256:{HEX}", FORMAT),
    "not hex": (f"sha256:{HEX[:-1]}g", FORMAT),
    "base64 alphabet": (f"sha256:{HEX[:-1]}=", FORMAT),
    "unknown algorithm": (f"md5:{HEX[:32]}", ALGORITHM),
    "unregistered sha384": (f"sha384:{HEX}{HEX[:32]}", ALGORITHM),
    "sha3": (f"sha3-256:{HEX}", ALGORITHM),
    "algorithm in parts": (f"sha256+b64:{HEX}", ALGORITHM),
    "algorithm in three parts": ("sha256+foo-bar:abcdef", ALGORITHM),
    "algorithm that ends in a separator": (f"sha256+:{HEX}", FORMAT),
    "algorithm with two separators": (f"sha256..b64:{HEX}", FORMAT),
    "path": ("sha256:../../etc/passwd", FORMAT),
    "path as the whole": ("../../etc/passwd", FORMAT),
    "blank first": (f" sha256:{HEX}", FORMAT),
    "line end last": (f"sha256:{HEX}\n", FORMAT),
    "NUL": (f"sha256:{HEX[:-1]}\0", FORMAT),
    "full-width digits": (f"sha256:{HEX[:-1]}\uff10", FORMAT),
    "a million digits": ("sha256:" + "a" * 1_000_000, LENGTH),
    "a million parts": ("a+" * 1_000_000, FORMAT),
}


@pytest.mark.parametrize("text", VALID.values(), ids=VALID.keys())
def test_a_digest_is_read_and_written_alike(text: str) -> None:
    digest = Digest.parse(text)
    assert str(digest) == text
    assert digest == Digest(*text.split(":"))


@pytest.mark.parametrize(("text", "reason"), INVALID.values(), ids=INVALID.keys())
def test_what_is_no_digest_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(InvalidDigestError) as caught:
        Digest.parse(text)
    assert (caught.value.text, caught.value.reason) == (text, reason)
    assert len(str(caught.value)) < 200


UNREGISTERED = {
    "md5": f"md5:{HEX[:32]}",
    "blake3": f"blake3:{HEX}",
    "parts": f"sha256+b64u:{HEX[:43]}",
    "base58": "multihash+base58:QmRZxt2b1FVZPNqd8hsiykDL3TdBDeTSPX9Kv46HmX4Gx8",
}


@pytest.mark.parametrize("text", UNREGISTERED.values(), ids=UNREGISTERED.keys())
def test_a_digest_of_an_unregistered_algorithm_passes_and_verifies_nothing(text: str) -> None:
    digest = Digest.parse_any(text)
    assert (str(digest), digest.is_verifiable) == (text, False)
    with pytest.raises(UnverifiableError, match=f"^x: .*{digest.algorithm.split('+')[0]}"):
        verified(b"", digest, 0, "x")
    with pytest.raises(UnverifiableError):
        list(verified_chunks([], digest, 0, "x"))


@pytest.mark.parametrize(
    "text",
    [text for text, reason in INVALID.values() if reason != ALGORITHM]
    + ["blake3:../x", "blake3:" + "a" * 300],
)
def test_what_is_no_digest_of_any_algorithm_is_refused(text: str) -> None:
    with pytest.raises(InvalidDigestError):
        Digest.parse_any(text)


def test_no_invalid_digest_can_be_made() -> None:
    with pytest.raises(InvalidDigestError):
        Digest("sha256", "../../etc/passwd")


def test_the_digest_of_bytes_is_sha256_unless_another_is_named() -> None:
    assert str(Digest.of(b"")) == OF_NOTHING
    assert Digest.of(b"", "sha512").algorithm == "sha512"


def test_only_registered_algorithms_make_digests() -> None:
    with pytest.raises(InvalidDigestError):
        Digest.of(b"", "md5")


def test_digests_sort_as_their_texts() -> None:
    digests = [
        Digest.of(data, kind) for data in (b"a", b"b", b"c") for kind in ("sha512", "sha256")
    ]
    assert [str(digest) for digest in sorted(digests)] == sorted(map(str, digests))


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_good_bytes_pass(algorithm: str) -> None:
    digest = Digest.of(b"hello", algorithm)
    assert verified(b"hello", digest, 5, "x") == b"hello"
    assert verified(b"hello", digest, None, "x") == b"hello"


def test_bytes_of_another_size_are_refused_before_they_are_hashed() -> None:
    with pytest.raises(SizeMismatchError) as caught:
        verified(b"hello", Digest.of(b"other"), 6, "x")
    assert (caught.value.subject, caught.value.expected, caught.value.actual) == ("x", 6, 5)


def test_other_bytes_are_refused_and_both_digests_named() -> None:
    expected, actual = Digest.of(b"hello"), Digest.of(b"olleh")
    with pytest.raises(DigestMismatchError) as caught:
        verified(b"olleh", expected, 5, "x")
    assert (caught.value.expected, caught.value.actual) == (str(expected), str(actual))


CUTS = {
    "one chunk": [b"hello"],
    "a chunk a byte": [b"h", b"e", b"l", b"l", b"o"],
    "empty chunks": [b"", b"hel", b"", b"lo", b""],
}


@pytest.mark.parametrize("chunks", CUTS.values(), ids=CUTS.keys())
@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_good_chunks_pass_unchanged(chunks: list[bytes], algorithm: str) -> None:
    passing = verified_chunks(chunks, Digest.of(b"hello", algorithm), 5, "x")
    assert list(passing) == chunks


def test_nothing_passes_as_nothing() -> None:
    assert list(verified_chunks([], Digest.parse(OF_NOTHING), 0, "x")) == []


# Name, chunks, error, what was expected and what came.
BAD_CUTS = {
    "one byte missing": ([b"hel", b"l"], SizeMismatchError, (5, 4)),
    "nothing": ([], SizeMismatchError, (5, 0)),
    "one byte more": ([b"hello", b"!"], SizeMismatchError, (5, 6)),
    "one byte changed": (
        [b"hel", b"la"],
        DigestMismatchError,
        (str(Digest.of(b"hello")), str(Digest.of(b"hella"))),
    ),
}


@pytest.mark.parametrize(("chunks", "error", "facts"), BAD_CUTS.values(), ids=BAD_CUTS.keys())
def test_bad_chunks_end_in_an_error_with_the_facts(chunks, error, facts) -> None:
    with pytest.raises(error) as caught:
        list(verified_chunks(chunks, Digest.of(b"hello"), 5, "x"))
    assert (caught.value.subject, caught.value.expected, caught.value.actual) == ("x", *facts)


def test_an_endless_stream_ends_with_the_first_byte_too_many() -> None:
    passed = []

    def endless():
        while True:
            passed.append(b"aa")
            yield b"aa"

    with pytest.raises(SizeMismatchError) as caught:
        list(verified_chunks(endless(), Digest.of(b"aaaaa"), 5, "x"))
    assert caught.value.actual == 6
    assert len(passed) == 3


def test_chunks_are_handed_on_one_by_one() -> None:
    source = iter([b"he", b"llo"])
    passing = verified_chunks(source, Digest.of(b"hello"), 5, "x")
    assert next(passing) == b"he"
    assert next(source) == b"llo"


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sizes of what is hashed, piece by piece."""
    sizes: list[int] = []

    class Counted:
        def __init__(self, algorithm: str, data: bytes = b"") -> None:
            self._hash = new(algorithm, data)

        def update(self, data: bytes) -> None:
            sizes.append(len(data))
            self._hash.update(data)

        def hexdigest(self) -> str:
            return self._hash.hexdigest()

    new = hashlib.new
    monkeypatch.setattr(hashlib, "new", Counted)
    return sizes


def test_chunks_are_hashed_once_however_often_they_are_verified(hashed: list[int]) -> None:
    digest = Digest.of(b"hello")
    once = verified_chunks([b"he", b"llo"], digest, 5, "x")
    assert isinstance(once, VerifiedChunks)
    passed = once.passed_by(lambda chunks: (chunk for chunk in chunks))
    assert list(verified_chunks(passed, digest, 5, "y")) == [b"he", b"llo"]
    assert hashed == [2, 3]


@pytest.mark.parametrize(("digest", "size"), [(Digest.of(b"other"), 5), (Digest.of(b"hello"), 6)])
def test_chunks_that_are_verified_as_others_are_hashed_again(digest: Digest, size: int) -> None:
    once = verified_chunks([b"hello"], Digest.of(b"hello"), 5, "x")
    with pytest.raises((DigestMismatchError, SizeMismatchError)):
        list(verified_chunks(once, digest, size, "y"))


def test_the_rest_of_verified_chunks_is_not_the_whole() -> None:
    digest = Digest.of(b"hello")
    once = verified_chunks([b"he", b"llo"], digest, 5, "x")
    assert next(once) == b"he"
    with pytest.raises(SizeMismatchError):
        list(verified_chunks(once, digest, 5, "y"))
