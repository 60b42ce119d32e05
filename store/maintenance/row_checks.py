"""Faults of a single row, in words; the empty string for an intact row."""

import json
from contextlib import suppress

from manyfest.domain.digests import Digest
from manyfest.domain.errors import DamagedStoreError, InvalidDigestError
from manyfest.domain.media_types import is_blob
from manyfest.store.rows import OBSERVATION_COLUMNS, observation_of
from manyfest.store.sqlite.database import Row

# Read as bytes: damaged text need not be UTF-8, and a damaged row may have lost its column's type.
CONTENT_COLUMNS = "CAST(digest AS BLOB), typeof(data), CAST(data AS BLOB)"
MANIFEST_COLUMNS = f"{CONTENT_COLUMNS}, CAST(media_type AS BLOB)"
OBSERVATION_BYTES = ", ".join(f"CAST({name} AS BLOB)" for name in OBSERVATION_COLUMNS.split(", "))


def content_fault(row: Row) -> str:
    """Return the fault of ``CONTENT_COLUMNS``."""
    name, storage_class, data = row
    try:
        digest = Digest.parse(text_of(name))
    except InvalidDigestError:
        return "its digest cannot be read"
    if storage_class != "blob":
        return f"its bytes became {storage_class}"
    return "" if digest.is_of(data) else "other bytes"


def manifest_fault(row: Row) -> str:
    """Return the fault of ``MANIFEST_COLUMNS``; the digest does not cover the media type."""
    *content, media_type = row
    return content_fault(tuple(content)) or _media_type_fault(content[-1], text_of(media_type))


def observation_fault(row: Row, path: object) -> str:
    """Return the fault of ``OBSERVATION_BYTES`` of the store at ``path``."""
    try:
        observation_of(tuple(value.decode() for value in row), path)
    except DamagedStoreError as error:
        return error.reason
    except UnicodeDecodeError:
        return "its texts are not UTF-8"
    return ""


def text_of(data: bytes) -> str:
    """Decode a column's bytes, with replacement characters where they are not UTF-8."""
    return data.decode(errors="replace")


def tag_name(home: bytes, tag: bytes) -> str:
    """Return a tag's name for people; an OCI layout's only image has no tag."""
    return f"{text_of(home)}:{text_of(tag)}" if tag else text_of(home)


def _media_type_fault(data: bytes, kept: str) -> str:
    if not kept or is_blob(kept):
        return f"kept as {kept!r}, which is no type of manifest"
    stated = None
    with suppress(ValueError, RecursionError):
        document = json.loads(data)
        stated = document.get("mediaType") if isinstance(document, dict) else None
    if isinstance(stated, str) and stated and stated != kept:
        return f"kept as {kept}, but calls itself {stated}"
    return ""
