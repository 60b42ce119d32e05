"""Properties of digests."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from manyfest.domain.digests import Digest, verified, verified_chunks
from manyfest.domain.errors import DigestMismatchError, IntegrityError, InvalidDigestError
from tests.property import strategies


class TestTextForm:
    """Digest: "always valid, ``str()`` is its text"."""

    @given(strategies.digests)
    def test_parse_reads_back_what_str_writes(self, digest: Digest) -> None:
        assert Digest.parse(str(digest)) == digest

    @given(st.text() | strategies.syntax | strategies.syntax.map("sha256:{}".format))
    def test_any_text_is_a_digest_or_refused(self, text: str) -> None:
        with suppress(InvalidDigestError):
            assert str(Digest.parse(text)) == text


class TestBytes:
    """image-spec, descriptor.md, "Digests": a collision-resistant hash of the bytes."""

    @given(st.binary(), st.binary())
    def test_digests_are_equal_where_bytes_are(self, first: bytes, second: bytes) -> None:
        assert (Digest.of(first) == Digest.of(second)) == (first == second)

    @given(st.binary(), st.sampled_from(["sha256", "sha512"]))
    def test_bytes_pass_under_their_own_digest(self, data: bytes, algorithm: str) -> None:
        assert verified(data, Digest.of(data, algorithm), len(data), "x") is data

    @given(st.binary(min_size=1), st.data())
    def test_no_flipped_bit_passes(self, data: bytes, draw: st.DataObject) -> None:
        bit = draw.draw(st.integers(0, len(data) * 8 - 1))
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises(DigestMismatchError):
            verified(bytes(flipped), Digest.of(data), len(data), "x")


class TestChunks:
    """verified_chunks: "The same chunks, counted and hashed as they pass"."""

    @given(st.lists(st.binary()))
    def test_the_cuts_do_not_count(self, chunks: list[bytes]) -> None:
        whole = b"".join(chunks)
        assert list(verified_chunks(chunks, Digest.of(whole), len(whole), "x")) == chunks

    @given(st.lists(st.binary()), st.lists(st.binary()))
    def test_other_bytes_do_not_pass(self, expected: list[bytes], actual: list[bytes]) -> None:
        whole = b"".join(expected)
        passing = verified_chunks(actual, Digest.of(whole), len(whole), "x")
        if b"".join(actual) == whole:
            assert list(passing) == actual
        else:
            with pytest.raises(IntegrityError):
                list(passing)
