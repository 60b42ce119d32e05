"""JSON as Go writes it: lists that we author, and documents that we show.

Docker writes lists with ``json.MarshalIndent(list, "", "   ")`` (``manifestlist.go``): three spaces
of indent, no newline at the end, and ``< > &`` and the two Unicode line separators escaped. The
bytes are docker's for the same content. Golden files in ``tests/golden`` contain them: a change
here changes the digest of every list.
"""

import json
import re

from manyfest.domain.encoding.strict_json import JsonObject

LIST_INDENT = "   "
INDEX_INDENT = "  "  # of indexes by ``docker buildx imagetools``

# Go's encoder escapes these in every string (encoding/json, HTMLEscape).
_GO_ESCAPES = str.maketrans(
    {
        "<": "\\u003c",
        ">": "\\u003e",
        "&": "\\u0026",
        "\u2028": "\\u2028",
        "\u2029": "\\u2029",
    }
)

# A string is taken in runs: matching it character by character costs some 150 bytes for each.
_TOKENS = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[{\[]\s*[}\]]|[{}\[\],:]|[^\s{}\[\],:"]+')
_WHITE_SPACE = " \t\r\n"


def authored_list(document: JsonObject, indent: str = LIST_INDENT) -> bytes:
    """Encode a list that we author, with members in the order of ``document``."""
    text = json.dumps(document, indent=indent, ensure_ascii=False)
    return go_escaped(text).encode("utf-8")


def authored_image(document: JsonObject) -> bytes:
    """Encode an image manifest that we author, as Go's ``json.Marshal`` does: in one line."""
    text = json.dumps(document, separators=(",", ":"), ensure_ascii=False)
    return go_escaped(text).encode("utf-8")


def go_escaped(text: str) -> str:
    """Escape the characters in JSON ``text`` that Go escapes in strings.

    None of them is JSON syntax, so they occur in strings only and the whole text can be translated.
    """
    return text.translate(_GO_ESCAPES)


def indented(text: str, indent: str) -> str:
    """Indent valid JSON ``text``: one member a line, ``indent`` for each level.

    Only white space changes, as with Go's ``json.Indent``: member order, escapes and number forms
    stay, empty objects and arrays stay closed, white space after the document is kept.
    """
    pieces: list[str] = []
    margin = "\n"
    for piece in _TOKENS.findall(text):
        if piece in "{[":
            margin += indent
            pieces += (piece, margin)
        elif piece in "}]":
            margin = margin.removesuffix(indent)
            pieces += (margin, piece)
        elif piece == ",":
            pieces += (piece, margin)
        elif piece == ":":
            pieces.append(": ")
        else:
            pieces.append(piece if piece[0] not in "{[" else piece[0] + piece[-1])
    return "".join(pieces) + text[len(text.rstrip(_WHITE_SPACE)) :]
