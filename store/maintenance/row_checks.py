"""What is wrong with a row, in words; nothing for a row as we wrote it."""

import json
from contextlib import suppress

from manyfest.domain.digests import Digest
from manyfest.domain.errors import InvalidDigestError
from manyfest.domain.media_types import ACCEPTED
from manyfest.store.sqlite.database import Row

# Read as bytes, since damaged text need not be UTF-8, and SQLite need not call them bytes any more.
CONTENT_COLUMNS = "CAST(digest AS BLOB), typeof(data), CAST(data AS BLOB)"
MANIFEST_COLUMNS = f"{CONTENT_COLUMNS}, CAST(media_type AS BLOB)"


def content_fault(row: Row) -> str:
    """What is wrong with ``CONTENT_COLUMNS``."""
    name, kind, data = row
    try:
        digest = Digest.parse(text_of(name))
    except InvalidDigestError:
        return "its digest cannot be read"
    if kind != "blob":
        return f"its bytes became {kind}"
    return "" if Digest.of(data, digest.algorithm) == digest else "other bytes"


def manifest_fault(row: Row) -> str:
    """What is wrong with ``MANIFEST_COLUMNS``; no digest covers the media type."""
    *content, kept = row
    return content_fault(tuple(content)) or _media_type_fault(content[-1], text_of(kept))


def text_of(data: bytes) -> str:
    """The text in the bytes of a column, as far as it is text."""
    return data.decode(errors="replace")


def state_name(home: bytes, tag: bytes) -> str:
    """What a person calls a tag's state; the only image of a layout has no tag."""
    return f"{text_of(home)}:{text_of(tag)}" if tag else text_of(home)


def _media_type_fault(data: bytes, kept: str) -> str:
    if kept not in ACCEPTED:
        return f"kept as {kept!r}, which is no type of manifest"
    stated = None
    with suppress(ValueError, RecursionError):
        document = json.loads(data)
        stated = document.get("mediaType") if isinstance(document, dict) else None
    if isinstance(stated, str) and stated and stated != kept:
        return f"kept as {kept}, but calls itself {stated}"
    return ""
