"""Masking: take secrets out of text from servers before a message shows it. Pure.

A registry, or a proxy before it, may echo what it was sent: in an error's body, a header, a status
line, a realm, a media type. Messages end up in logs that more people read. Masked are a secret
itself and the forms in which servers usually echo it: in base64, in a URL, in JSON, in HTML, in the
``repr`` of bytes or of text (which messages of ours show, too), in lower case (as media types are
compared), and its beginning where a text was cut. A server that wants to hide an echo can; it has
the secret anyway.
"""

import base64
import json
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus

MASK = "***"

# Shorter ones are parts of many words.
_MINIMUM_LENGTH = 4
_CUT = "…"
_MINIMUM_CUT = 8


def masked(text: str, secrets: Iterable[str]) -> str:
    """Return ``text`` with ``***`` for each form of each of the secrets."""
    forms = {form for secret in secrets for form in _forms(secret)}
    for form in sorted(forms, key=len, reverse=True):
        text = text.replace(form, MASK)
        if _CUT in text:
            text = _without_beginning(text, form)
    return text


def _forms(secret: str) -> Iterator[str]:
    if len(secret) < _MINIMUM_LENGTH:
        return
    data = secret.encode("utf-8", "surrogateescape")
    yield secret
    yield base64.b64encode(data).decode().rstrip("=")
    yield base64.urlsafe_b64encode(data).decode().rstrip("=")
    yield quote(data, safe="")
    yield quote_plus(data)
    for written in (json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]):
        yield written
        yield written.replace("/", "\\/")
    for quotation in ("&quot;", "&#34;"):
        yield _in_html(secret, quotation)
    yield repr(data)[2:-1]
    yield repr(secret)[1:-1]
    yield secret.lower()
    yield repr(secret.lower())[1:-1]


def _in_html(text: str, quotation: str) -> str:
    for character, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', quotation)):
        text = text.replace(character, entity)
    return text


def _without_beginning(text: str, form: str) -> str:
    for length in range(len(form) - 1, _MINIMUM_CUT - 1, -1):
        text = text.replace(form[:length] + _CUT, MASK + _CUT)
    return text
