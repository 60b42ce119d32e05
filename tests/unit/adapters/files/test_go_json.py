"""JSON as Go reads it: which member is which field, and the work that a document can cause."""

import pytest

from manyfest.adapters.files.go_json import GoJsonError, fields_of, parse_object

FIELDS = ("auths", "credsStore")

READ = {
    "the field's own name": (b'{"auths": 1}', {"auths": 1}),
    "another letter case": (b'{"AUTHS": 1, "CREDSSTORE": "x"}', {"auths": 1, "credsStore": "x"}),
    "the last counts": (b'{"auths": 1, "Auths": 2}', {"auths": 2}),
    "objects are merged": (
        b'{"auths": {"a": 1, "b": 2}, "AUTHS": {"b": 3}}',
        {"auths": {"a": 1, "b": 3}},
    ),
    "what is in them is not": (
        b'{"auths": {"a": {"x": 1}, "a": {"y": 2}}}',
        {"auths": {"a": {"y": 2}}},
    ),
    "null changes nothing": (b'{"auths": 1, "auths": null}', {"auths": 1}),
    "other members as they are": (
        b'{"Other": null, "other": {"A": 1}}',
        {"Other": None, "other": {"A": 1}},
    ),
    "hosts keep their letters": (b'{"auths": {"AUTHS": 1}}', {"auths": {"AUTHS": 1}}),
    "blanks around": (b'\r\n\t {"auths": 1} ', {"auths": 1}),
    "a pair of surrogates": (b'{"auths": "\\ud83d\\ude00"}', {"auths": "\U0001f600"}),
    "half of one": (b'{"auths": ["\\ud83d!"]}', {"auths": ["\ufffd!"]}),
    "no UTF-8": (b'{"auths": "\xff"}', {"auths": "\ufffd"}),
}

REFUSED = {
    "half a document": b'{"auths": ',
    "a byte-order mark": b"\xef\xbb\xbf{}",
    "UTF-16": '{"auths": 1}'.encode("utf-16"),
    "not a number": b'{"auths": NaN}',
    "an infinity": b'{"auths": -Infinity}',
    "a control character": b'{"auths": "\n"}',
    "single quotes": b"{'auths': 1}",
    "a comma too many": b'{"auths": 1,}',
    "a text": b'"auths"',
    "true": b"true",
    "too deep": b"[" * 100_000,
    "too deep with escapes": b'{"a": "\\u0000", "b": ' + b"[" * 900 + b"]" * 900 + b"}",
    "a number of thousands of digits": b'{"auths": ' + b"1" * 10_000 + b"}",
}


@pytest.mark.parametrize(("data", "expected"), READ.values(), ids=READ)
def test_members_are_read_as_go_reads_them(data, expected):
    assert parse_object(data, FIELDS) == expected


@pytest.mark.parametrize("data", REFUSED.values(), ids=REFUSED)
def test_what_go_refuses_is_refused(data):
    with pytest.raises(GoJsonError):
        parse_object(data, FIELDS)


def test_a_second_document_is_refused_where_there_may_be_one_only():
    assert parse_object(b"{} {}", FIELDS) == {}
    with pytest.raises(GoJsonError, match="more than one"):
        parse_object(b"{} {}", FIELDS, is_alone=True)


def test_a_member_that_is_repeated_endlessly_is_merged_in_one_pass():
    """Copies of all hosts for each of the repetitions would take minutes."""
    hosts = ",".join(f'"{number}": {{}}' for number in range(20_000))
    more = ',"auths": {}' * 200_000
    found = parse_object(f'{{"auths": {{{hosts}}}{more}}}'.encode(), FIELDS)
    assert len(found["auths"]) == 20_000


def test_a_document_that_was_read_is_not_changed():
    first = parse_object(b'{"auths": {"a": 1}}', ())
    assert fields_of(first, FIELDS) == {"auths": {"a": 1}}
    assert fields_of({"auths": {"a": 1}, "AUTHS": {"b": 2}}, ("other",)) == {
        "auths": {"a": 1},
        "AUTHS": {"b": 2},
    }
