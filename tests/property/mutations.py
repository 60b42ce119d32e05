"""Damaged documents: valid ones, changed a little in their bytes or in their values."""

import json

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from tests.property import strategies

# What people and programs put where something else belongs.
_ODD_VALUES = st.sampled_from(
    [
        *(None, True, False, 0, -1, 2, 2**63, 2**70, 1.0, "", [], {}, [[]], [{}], {"": ""}),
        *("2", "../../etc/passwd", "sha256:", f"sha256:{'0' * 64}", "\0", "\u202e", "x" * 500),
    ]
)
_values = _ODD_VALUES | strategies.json_values

_PIECES = st.sampled_from(
    [
        *(b"{", b"}", b"[", b"]", b'"', b",", b":", b"\\", b"\n", b"\0", b"\xff", b"\xef\xbb\xbf"),
        *(b"1e400", b"NaN", b"-", b"0" * 40, b"9" * 5_000, rb"\ud800", rb"\u0000", b"null"),
        *(b"[" * 3_000, b'{"a":' * 3_000, b"# ", b"=", b"'", b"- ", b"? ", b"&a ", b"*a", b"!!x "),
        *(b'"\\UFFFFFFFF"', b"%YAML 1.1\n", b"---\n", b"\t", b"\r", b"\xc2\x85", b"<<: "),
    ]
)


@st.composite
def damaged(draw: st.DrawFn, originals: SearchStrategy[bytes]) -> bytes:
    """One of ``originals`` with up to four pieces cut out, repeated or put in."""
    data = draw(originals)
    for _ in range(draw(st.integers(1, 4))):
        start, end = sorted(draw(st.tuples(*[st.integers(0, len(data))] * 2)))
        middle = draw(st.just(b"") | _PIECES | st.binary(max_size=4) | st.just(data[start:end] * 2))
        data = data[:start] + middle + data[draw(st.sampled_from([start, end])) :]
    return data


@st.composite
def changed(draw: st.DrawFn, original: object) -> object:
    """``original``, a JSON value, with some of what it holds replaced, left out or renamed."""
    if draw(st.integers(0, 9)) == 0:
        return draw(_values)
    if isinstance(original, list):
        return [draw(changed(item)) for item in original for _ in range(draw(_TIMES))]
    if isinstance(original, dict):
        return {
            draw(_name(key)): draw(changed(value))
            for key, value in original.items()
            if draw(_TIMES)
        }
    return original


_TIMES = st.sampled_from([1, 1, 1, 1, 1, 1, 1, 0])


def _name(key: str) -> SearchStrategy[str]:
    return st.sampled_from([key] * 12 + [key.upper(), key.title(), f"{key}s", ""])


def json_texts(*originals: object) -> SearchStrategy[bytes]:
    """Bytes that are nearly one of ``originals``: changed in their values, in their bytes, both."""
    whole = st.sampled_from(originals)
    texts = (whole | whole.flatmap(changed)).map(lambda value: json.dumps(value).encode())
    return texts | damaged(texts) | st.binary(max_size=40)
