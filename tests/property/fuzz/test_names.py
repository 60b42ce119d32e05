"""References, digests and platforms of any text and length: values or our own errors, soon."""

import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from manyfest.domain.digests import Digest
from manyfest.domain.errors import InputError
from manyfest.domain.platforms import Platform
from manyfest.domain.references import Reference
from tests.property import strategies

PARSERS = [Reference.parse, Digest.parse, Platform.parse]
WHOLE = (strategies.references | strategies.digests | strategies.platforms).map(str)


@st.composite
def damaged(draw: st.DrawFn) -> str:
    text = draw(WHOLE)
    start, end = sorted(draw(st.tuples(*[st.integers(0, len(text))] * 2)))
    middle = draw(strategies.syntax | st.text(max_size=3) | st.just(text[start:end] * 2))
    return text[:start] + middle + text[draw(st.sampled_from([start, end])) :]


@given(damaged())
def test_a_damaged_name_is_a_name_or_refused_in_one_short_line(text: str) -> None:
    for parse in PARSERS:
        said = ""
        try:
            assert parse(str(parse(text))) == parse(text)
        except InputError as error:
            said = str(error)
        assert len(said) < 500


PIECES = [
    "a",
    "a/",
    "a.",
    "a-",
    "a_",
    "__",
    "--",
    ":",
    "@",
    "a:1@",
    "%41+",
    "(",
    "a+",
    "[:",
    "sha256:",
]


@pytest.mark.parametrize("start", ["", "a", "a/", "oci:", "oci:a:", "a@sha256:", "linux("])
@pytest.mark.parametrize("piece", PIECES)
def test_a_long_name_takes_no_longer_than_its_length(start: str, piece: str) -> None:
    text = start + piece * (100_000 // len(piece))
    before = time.process_time()
    for parse in PARSERS:
        for end in ("", "!", "\0"):
            with suppress(InputError):
                parse(text + end)
    assert time.process_time() - before < 3
