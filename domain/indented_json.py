"""Showing a document that we did not author: its own tokens, only the white space changed."""

import re

_TOKENS = re.compile(r'"(?:[^"\\]|\\.)*"|[{\[]\s*[}\]]|[{}\[\],:]|[^\s{}\[\],:"]+')
_WHITE_SPACE = " \t\r\n"


def indented(text: str, indent: str) -> str:
    """Valid JSON ``text`` with one member a line, each level set in by ``indent``.

    As Go's ``json.Indent``: members, order, escapes and number forms stay as they are, empty objects
    and arrays stay closed, and white space after the document is kept.
    """
    pieces: list[str] = []
    margin = "\n"
    for token in _TOKENS.findall(text):
        if token in "{[":
            margin += indent
            pieces += (token, margin)
        elif token in "}]":
            margin = margin.removesuffix(indent)
            pieces += (margin, token)
        elif token == ",":
            pieces += (token, margin)
        elif token == ":":
            pieces.append(": ")
        else:
            pieces.append(token if token[0] not in "{[" else token[0] + token[-1])
    return "".join(pieces) + text[len(text.rstrip(_WHITE_SPACE)) :]
