"""Strict JSON: what Python's reader lets through and other readers see differently is refused."""

import time

import pytest

from manyfest.domain.encoding.strict_json import check_letter_case, parse_object
from manyfest.domain.errors import DocumentError

READ = {
    "empty": (b"{}", {}),
    "white space around": (b' \t\r\n{"a": 1}\n', {"a": 1}),
    "every type": (
        b'{"a": [1, -2, 1.5, 1e3, "t", true, false, null, {}]}',
        {"a": [1, -2, 1.5, 1000.0, "t", True, False, None, {}]},
    ),
    "UTF-8": ('{"a": "é画😀"}'.encode(), {"a": "é画😀"}),
    "escapes": (b'{"a": "\\u00e9\\n\\\\u"}', {"a": "é\n\\u"}),
    "pair of surrogates": (b'{"a": "\\ud83d\\ude00"}', {"a": "😀"}),
    "escaped backslash before a u": (b'{"a": "\\\\ud800"}', {"a": "\\ud800"}),
    "largest size": (b'{"a": 9223372036854775807}', {"a": 2**63 - 1}),
    "19 digits and a sign": (b'{"a": -9223372036854775808}', {"a": -(2**63)}),
    "300 digits": (b'{"a": ' + b"1" * 300 + b"}", {"a": int("1" * 300)}),
    "300 digits and a sign": (b'{"a": -' + b"1" * 300 + b"}", {"a": -int("1" * 300)}),
    "number too small to tell from zero": (b'{"a": 1e-400}', {"a": 0.0}),
    "one key in two objects": (b'{"a": {"a": 1}, "b": {"a": 2}}', {"a": {"a": 1}, "b": {"a": 2}}),
    "brackets in a text": (b'{"a": "' + b"[" * 500 + b'"}', {"a": "[" * 500}),
    "many brackets side by side": (b'{"a": [' + b"[]," * 500 + b"[]]}", {"a": [[]] * 501}),
}

REFUSED = {
    "nothing": (b"", "Expecting value"),
    "text page": (b"<html>", "Expecting value"),
    "list": (b"[]", "not a JSON object"),
    "text": (b'"a"', "not a JSON object"),
    "null": (b"null", "not a JSON object"),
    "byte-order mark": (b"\xef\xbb\xbf{}", "BOM"),
    "UTF-16": ("{}".encode("utf-16"), "not UTF-8"),
    "UTF-16 without a mark": ("{}".encode("utf-16-le"), "not JSON"),
    "UTF-32": ("{}".encode("utf-32"), "not UTF-8"),
    "NaN": (b'{"a": NaN}', "NaN is not a JSON number"),
    "infinity": (b'{"a": Infinity}', "Infinity is not a JSON number"),
    "negative infinity": (b'{"a": -Infinity}', "-Infinity is not a JSON number"),
    "1e400": (b'{"a": 1e400}', "number too large"),
    "-1e400": (b'{"a": -1e400}', "number too large"),
    "301 digits": (b'{"a": ' + b"1" * 301 + b"}", "integer too large"),
    "5,000 digits": (b'{"a": ' + b"1" * 5_000 + b"}", "integer too large"),
    "number with a zero first": (b'{"a": 01}', "not JSON"),
    "key twice": (b'{"a": 1, "b": 2, "a": 1}', "'a' occurs twice"),
    "key twice, once escaped": (b'{"a": 1, "\\u0061": 2}', "'a' occurs twice"),
    "key twice further down": (b'{"x": [{"digest": 1, "digest": 2}]}', "'digest' occurs twice"),
    "bytes after the end": (b"{}{}", "Extra data"),
    "NUL after the end": (b"{}\0", "Extra data"),
    "cut short": (b'{"a": [1', "not JSON"),
    "comma last": (b'{"a": 1,}', "not JSON"),
    "comment": (b"{} // x", "Extra data"),
    "single quotes": (b"{'a': 1}", "not JSON"),
    "line end in a text": (b'{"a": "\n"}', "Invalid control character"),
    "invalid UTF-8": (b'{"a": "\xff"}', "not UTF-8"),
    "overlong UTF-8": (b'{"a": "\xc0\xaf"}', "not UTF-8"),
    "surrogate, raw": (b'{"a": "\xed\xa0\x80"}', "not UTF-8"),
    "surrogate, escaped": (b'{"a": "\\ud800"}', "unpaired surrogate"),
    "low surrogate, escaped": (b'{"a": "\\udc00x"}', "unpaired surrogate"),
    "surrogate in a key": (b'{"\\uD800": 1}', "unpaired surrogate"),
    "nested 101 deep": (b'{"a":' + b"[" * 100 + b"]" * 100 + b"}", "nested deeper than 100"),
    "100,000 lists": (b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested deeper than 100"),
    "100,000 objects": (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "nested deeper than 100"),
    "100,000 lists that do not end": (b"[" * 100_000, "nested deeper than 100"),
    "many keys and one twice": (
        b"{" + b",".join(b'"%d":1' % number for number in range(100_000)) + b',"9":1}',
        "'9' occurs twice",
    ),
    "two million quotes": (b'{"' + b'\\"' * 2_000_000, "Unterminated"),
    "a key of a million letters twice": (
        b'{"' + b"a" * 1_000_000 + b'":1,"' + b"a" * 1_000_000 + b'":1}',
        "occurs twice",
    ),
}


@pytest.mark.parametrize(("data", "value"), READ.values(), ids=READ.keys())
def test_what_every_reader_reads_alike_is_read(data: bytes, value) -> None:
    assert parse_object(data, "x") == value


@pytest.mark.parametrize(("data", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_what_readers_may_see_differently_is_refused_quickly_on_one_line(
    data: bytes, reason: str
) -> None:
    before = time.process_time()
    with pytest.raises(DocumentError, match=reason) as caught:
        parse_object(data, "x")
    assert time.process_time() - before < 1
    assert caught.value.subject == "x"
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 250


def test_100_levels_are_read() -> None:
    assert parse_object(b'{"a":' + b"[" * 99 + b"]" * 99 + b"}", "x")
    assert parse_object(b'{"a":' + b"[" * 99 + b"1" + b"]" * 99 + b"}", "x")


CASES = {
    "capital": "Manifests",
    "upper case": "MANIFESTS",
    "long s, which Go folds to s": "manife\u017fts",
    "letters within": "maniFests",
}


@pytest.mark.parametrize("key", CASES.values(), ids=CASES.keys())
def test_a_known_member_in_another_letter_case_is_refused(key: str) -> None:
    with pytest.raises(DocumentError, match="is 'manifests' in another letter case"):
        check_letter_case({"manifests": [], key: []}, {"manifests"}, "x")


def test_unknown_members_are_of_any_letter_case() -> None:
    check_letter_case({"manifests": 1, "Other": 2, "manifest": 3}, {"manifests", "layers"}, "x")
