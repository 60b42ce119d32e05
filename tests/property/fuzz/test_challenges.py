"""Any ``WWW-Authenticate`` header: challenges, and never an error."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from manyfest.adapters.http_registry.auth.challenge import parse, preferred

PIECES = st.sampled_from(
    [
        *(
            "Bearer ",
            "Basic ",
            "Negotiate ",
            "realm=",
            "scope=",
            '"',
            "\\",
            '\\"',
            ",",
            " ",
            "=",
            "==",
        ),
        *("https://a.example/token", "\t", "\x00", "\xff", "a", "\u212a", "Bearer,", "x=y", '="'),
    ]
)
HEADERS = st.lists(PIECES | st.text(max_size=4), max_size=30).map("".join)


@given(st.lists(HEADERS, max_size=3))
def test_any_header_is_read_as_far_as_it_goes(headers: list[str]) -> None:
    found = parse(headers)
    assert all(each.scheme == each.scheme.lower() for each in found)
    chosen = preferred(found)
    assert chosen is None or chosen.scheme == "basic" or chosen.get("realm")


LONG = ['a="', "a ", "a,", 'a="\\', "a=", 'Basic a="b" ', 'x a="b", ', " ", "=", '"', "a a a,"]


@pytest.mark.parametrize("piece", LONG)
def test_a_long_header_takes_no_longer_than_its_length(piece: str) -> None:
    before = time.process_time()
    parse([piece * (100_000 // len(piece))])
    assert time.process_time() - before < 3
