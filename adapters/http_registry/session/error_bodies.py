"""Error bodies: the words in them, as text that nobody vouches for. Pure.

Registries send the distribution-spec's list of errors. Token servers send that, or OAuth 2's error
(RFC 6749 §5.2), or an object of their own: Docker Hub ``details``, Quay ``error``, JFrog
``message``.
"""

import json
import re
from collections.abc import Iterator

from manyfest.domain.encoding.strict_json import Json
from manyfest.domain.values import frozen

# Members of an error object that is no element of a list, in the order in which they are shown.
_MEMBERS = ("code", "error", "error_description", "message", "details", "detail", "reason")

_DETAIL_LIMIT = 160  # characters
_DEPTH_LIMIT = 3

_REPOSITORY_UNKNOWN = "NAME_UNKNOWN"
_NO_REPOSITORY = "the registry has no such repository"

# Codes and sentences that say no more than "no such manifest".
_NOT_FOUND_CODES = ("", "MANIFEST_UNKNOWN", _REPOSITORY_UNKNOWN, "BLOB_UNKNOWN", "NOT_FOUND")
_NAMES = re.compile(
    r"((tag|name|revision|digest|reference|repository|manifest)=[^,=]*(, )?)+", re.IGNORECASE
)
_NOT_FOUND = re.compile(r"unknown|not found|not known|no such|(n.t|not) exist", re.IGNORECASE)


@frozen
class ErrorWords:
    """One error: its code, and its sentences (message and detail) without repetitions."""

    code: str
    sentences: tuple[str, ...]

    @property
    def text(self) -> str:
        """The words, joined by colons."""
        return ": ".join(filter(None, (self.code, *self.sentences)))

    @property
    def beyond_not_found(self) -> str:
        """The words that add something to the status 404; empty if none do."""
        if self.code.upper() not in _NOT_FOUND_CODES:
            return self.text
        usual = (_NOT_FOUND.search(each) or _NAMES.fullmatch(each) for each in self.sentences)
        more = (each for each, is_usual in zip(self.sentences, usual, strict=True) if not is_usual)
        lead = _NO_REPOSITORY if self.code.upper() == _REPOSITORY_UNKNOWN else ""
        return ": ".join(filter(None, (lead, *more)))


def errors_in(text: str) -> tuple[ErrorWords, ...]:
    """Parse the errors of a body; none if it is not JSON, or none that we know."""
    try:
        document: Json = json.loads(text)
        if not isinstance(document, dict):
            return ()
        listed = document.get("errors")
        found = map(_listed, listed) if isinstance(listed, list) else [_single(document)]
        return tuple(error for error in found if error.text)
    except (ValueError, RecursionError):
        return ()


def joined(texts: tuple[str, ...], limit: int) -> str:
    """Join the first texts that fit into ``limit`` characters, and count the others."""
    shown: list[str] = []
    for position, text in enumerate(texts):
        if shown and len("; ".join([*shown, text])) > limit:
            return f"{'; '.join(shown)}; and {len(texts) - position} more"
        shown.append(text)
    return "; ".join(shown)


def _listed(error: Json) -> ErrorWords:
    if isinstance(error, str):
        return ErrorWords("", (error,))
    if not isinstance(error, dict):
        return ErrorWords("", ())
    code, message = error.get("code"), error.get("message")
    return _words(code, message, error.get("detail"))


def _single(document: dict[str, Json]) -> ErrorWords:
    code, *sentences = (document.get(name) for name in _MEMBERS)
    return _words(code, *sentences)


def _words(code: Json, *sentences: Json) -> ErrorWords:
    """Keep a code that is a text, and the sentences that say something new."""
    shown: list[str] = []
    for text in (_shown(sentence, 0) for sentence in sentences):
        if text and not any(text.lower() in known.lower() for known in shown):
            shown.append(text if not shown else text[:_DETAIL_LIMIT])
    return ErrorWords(code if isinstance(code, str) else "", tuple(shown))


def _shown(value: Json, depth: int) -> str:
    """Show a text as it is, and an object as ``name=value, …`` without its empty members."""
    if isinstance(value, str):
        return value.strip()
    if value is None or depth > _DEPTH_LIMIT:
        return ""
    if isinstance(value, dict):
        return ", ".join(_members(value, depth))
    if isinstance(value, list):
        return "; ".join(filter(None, (_shown(item, depth + 1) for item in value)))
    return json.dumps(value)


def _members(value: dict[str, Json], depth: int) -> Iterator[str]:
    for name, inner in value.items():
        if text := _shown(inner, depth + 1):
            yield f"{name}={text}"
