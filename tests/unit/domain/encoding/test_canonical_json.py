import json

import pytest

from manyfest.domain.encoding.canonical_json import authored_list, go_escaped, indented

DOCUMENTS = {
    "empty object": "{}",
    "empty array": "[]",
    "empties within": '{"a":[],"b":{},"c":[[[]],[{}]]}',
    "syntax in texts": r'{"a":"x:{,\"}]","b":["\\"]}',
    "deep": '{"a":{"b":[1,{"c":[true,null]}]}}',
}


def test_lists_are_set_in_by_three_spaces_and_end_without_newline() -> None:
    document = {"schemaVersion": 2, "manifests": [], "annotations": {}}
    wanted = b'{\n   "schemaVersion": 2,\n   "manifests": [],\n   "annotations": {}\n}'
    assert authored_list(document) == wanted


def test_what_go_escapes_is_escaped_and_nothing_else() -> None:
    assert go_escaped('"<>&\u2028\u2029é\x7f/"') == ('"\\u003c\\u003e\\u0026\\u2028\\u2029é\x7f/"')


def test_control_characters_are_escaped_as_go_does() -> None:
    assert authored_list({"a": '\b\f\n\r\t\x00\x1f"\\'}) == (
        b'{\n   "a": "\\b\\f\\n\\r\\t\\u0000\\u001f\\"\\\\"\n}'
    )


@pytest.mark.parametrize("indent", ["   ", "\t"], ids=["spaces", "tab"])
@pytest.mark.parametrize("text", DOCUMENTS.values(), ids=DOCUMENTS.keys())
def test_white_space_is_as_any_indenter_sets_it(text: str, indent: str) -> None:
    wanted = json.dumps(json.loads(text), indent=indent)
    assert indented(text, indent) == wanted
    assert indented(wanted, indent) == wanted
    assert indented(json.dumps(json.loads(text), indent=1), indent) == wanted


def test_tokens_stay_as_they_are_spelled() -> None:
    assert indented(r'{ "é\u00e9" : [ 1.50e+3 , -0 ] , "a" : { } }', " ") == (
        '{\n "é\\u00e9": [\n  1.50e+3,\n  -0\n ],\n "a": {}\n}'
    )


def test_white_space_after_the_document_is_kept_and_before_it_dropped() -> None:
    assert indented('\r\n {"a":1}\n\n', "\t") == '{\n\t"a": 1\n}\n\n'
