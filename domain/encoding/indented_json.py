"""Showing a document that we did not author: its own tokens, only the white space changed."""

import re

_TOKENS = re.compile(r'"(?:[^"\\]|\\.)*"|[{\[]\s*[}\]]|[{}\[\],:]|[^\s{}\[\],:"]+')
_WHITE_SPACE = " \t\r\n"


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
