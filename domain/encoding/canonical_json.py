"""The exact bytes of the documents we author, which are docker's for the same content.

Docker writes lists with Go's ``json.MarshalIndent(list, "", "   ")`` (``manifestlist.go``): three
spaces, no newline at the end, and ``< > &`` and the two Unicode line separators escaped. Golden
files in ``tests/golden`` hold these bytes: changing one here changes the digest of every list.
"""

import json
import re

from manyfest.domain.encoding.strict_json import JsonObject

LIST_INDENT = "   "

# Go's encoder escapes these wherever they stand in a text (encoding/json, HTMLEscape).
_GO_ESCAPES = str.maketrans(
    {
        "<": "\\u003c",
        ">": "\\u003e",
        "&": "\\u0026",
        "\u2028": "\\u2028",
        "\u2029": "\\u2029",
    }
)

_TOKENS = re.compile(r'"(?:[^"\\]|\\.)*"|[{\[]\s*[}\]]|[{}\[\],:]|[^\s{}\[\],:"]+')
_WHITE_SPACE = " \t\r\n"


def authored_list(document: JsonObject) -> bytes:
    """The bytes of a list that we author, members in the order of ``document``."""
    text = json.dumps(document, indent=LIST_INDENT, ensure_ascii=False)
    return go_escaped(text).encode("utf-8")


def go_escaped(text: str) -> str:
    """JSON ``text`` with the characters that Go escapes in texts escaped.

    None of them is JSON syntax, so they stand in texts only and the whole can be translated.
    """
    return text.translate(_GO_ESCAPES)


def indented(text: str, indent: str) -> str:
    """Valid JSON ``text`` with one member a line, each level set in by ``indent``.

    As Go's ``json.Indent``: members, order, escapes and number forms stay as they are, empty
    objects and arrays stay closed, and white space after the document is kept.
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
