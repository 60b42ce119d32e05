from manyfest.domain.encoding.canonical_json import authored_list, go_escaped


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
