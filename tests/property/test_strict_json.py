"""Properties of strict JSON."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from manyfest.domain.encoding.strict_json import parse_object
from manyfest.domain.errors import DocumentError
from tests.property import strategies

# The characters that JSON gives a meaning to.
FRAGMENTS = '{}[]":,0123456789eE-+.\\/udDfnrtalsNI \n'


class TestReading:
    """RFC 8259 §9: a parser must accept all texts that conform to the grammar."""

    @given(strategies.json_objects, st.fixed_dictionaries({"ensure_ascii": st.booleans()}))
    def test_what_json_writes_is_read_as_it_was(self, document, escapes) -> None:
        data = json.dumps(document, **escapes).encode()
        assert parse_object(data, "x") == document


class TestRefusal:
    """RFC 8259 §9: an implementation may set limits. Ours all end in DocumentError."""

    @given(st.binary() | st.text(FRAGMENTS).map(str.encode))
    def test_any_bytes_are_an_object_or_refused(self, data: bytes) -> None:
        with suppress(DocumentError):
            assert isinstance(parse_object(data, "x"), dict)

    @given(strategies.json_objects, st.data())
    def test_what_is_cut_short_is_refused(self, document, draw: st.DataObject) -> None:
        data = json.dumps(document).encode()
        with pytest.raises(DocumentError):
            parse_object(data[: draw.draw(st.integers(0, len(data) - 1))], "x")

    @given(strategies.json_objects, strategies.texts)
    def test_a_key_that_stands_twice_is_refused(self, document, key: str) -> None:
        member = f"{json.dumps(key)}: 1"
        rest = json.dumps({k: v for k, v in document.items() if k != key})[1:-1]
        data = "{" + ", ".join(filter(None, [member, rest, member])) + "}"
        with pytest.raises(DocumentError, match="occurs twice"):
            parse_object(data.encode(), "x")
