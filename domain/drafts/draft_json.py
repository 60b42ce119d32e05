"""The JSON file of drafts in a bundle.

::

    {"version": 1, "drafts": [{
      "name": REFERENCE, "created": TIME, "changed": TIME, "pushed": DIGEST or null,
      "keepsOrder": BOOL, "type": "auto" | "docker" | "oci",
      "index": {"found": {MEMBER: ...}, "overrides": {...}},
      "entries": [{"source": REFERENCE, "list": DIGEST or null,
                   "found": DESCRIPTOR, "overrides": {...}}]}]}

References are canonical, times are RFC 3339 in UTC, ``found`` is verbatim. ``overrides`` have only
the fields that are set, named as in ``Overrides`` and ``IndexOverrides``; annotations are pairs.
Written by hand and not with cattrs: ADR 0030.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.drafts.draft import Draft, Entry, ListType
from manyfest.domain.drafts.overrides_json import (
    index_overrides_from_json,
    index_overrides_to_json,
    overrides_from_json,
    overrides_to_json,
)
from manyfest.domain.encoding.strict_json import Json, JsonObject, parse_object
from manyfest.domain.encoding.timestamps import format_utc, parse_utc
from manyfest.domain.errors import DocumentError, InputError
from manyfest.domain.references import Reference

_VERSION = 1
_T = TypeVar("_T")


def encode_drafts(drafts: Iterable[Draft]) -> bytes:
    """Encode the file, with drafts sorted by name."""
    documents = [_draft_to_json(draft) for draft in sorted(drafts, key=lambda each: str(each.name))]
    document = {"version": _VERSION, "drafts": documents}
    return json.dumps(document, ensure_ascii=False, indent=1).encode() + b"\n"


def decode_drafts(data: bytes, subject: str) -> tuple[Draft, ...]:
    """Decode the file; ``subject`` names it in errors. Raises DocumentError."""
    document = parse_object(data, subject)
    if document.get("version") != _VERSION:
        raise DocumentError(subject, f"has version {document.get('version')!r}, not {_VERSION}")
    with _understood(subject):
        drafts = tuple(_draft(each, subject) for each in _listed(document["drafts"]))
    if len({draft.name for draft in drafts}) < len(drafts):
        raise DocumentError(subject, "two drafts have one name")
    return drafts


def _draft_to_json(draft: Draft) -> dict[str, Json]:
    index = {
        "found": dict(draft.index_found),
        "overrides": index_overrides_to_json(draft.index),
    }
    return {
        "name": str(draft.name),
        "created": format_utc(draft.created_at),
        "changed": format_utc(draft.changed_at),
        "pushed": _text_or_none(draft.pushed),
        "keepsOrder": draft.keeps_order,
        "type": draft.list_type.value,
        "index": index,
        "entries": [_entry_to_json(entry) for entry in draft.entries],
    }


def _entry_to_json(entry: Entry) -> dict[str, Json]:
    return {
        "source": str(entry.source),
        "list": _text_or_none(entry.list_digest),
        "found": entry.found.to_json(),
        "overrides": overrides_to_json(entry.overrides),
    }


def _draft(document: JsonObject, subject: str) -> Draft:
    name = Reference.parse(document["name"])
    if name.digest is not None:
        raise DocumentError(subject, f"{name} has a digest, which the name of a draft cannot have")
    index, place = document["index"], f"{subject}: {name}"
    return Draft(
        name=name,
        created_at=parse_utc(document["created"]),
        changed_at=parse_utc(document["changed"]),
        entries=tuple(_entry(each, place) for each in _listed(document["entries"])),
        pushed=_parsed(Digest.parse, document["pushed"]),
        keeps_order=document["keepsOrder"] is True,
        list_type=ListType(document["type"]),
        index_found=dict(index["found"]),
        index=index_overrides_from_json(index["overrides"], place),
    )


def _entry(document: JsonObject, subject: str) -> Entry:
    return Entry(
        source=Reference.parse(document["source"]),
        found=Descriptor.from_json(document["found"], subject),
        list_digest=_parsed(Digest.parse, document["list"]),
        overrides=overrides_from_json(document["overrides"], subject),
    )


@contextmanager
def _understood(subject: str) -> Iterator[None]:
    """Translate errors of a malformed document to DocumentError."""
    try:
        yield
    except DocumentError:
        raise
    except KeyError as error:
        raise DocumentError(subject, f"a draft has no member {error}") from error
    except (InputError, ValueError, TypeError, AttributeError) as error:
        raise DocumentError(subject, f"no draft: {error}") from error


def _listed(value: Json) -> list[Json]:
    if not isinstance(value, list):
        raise TypeError("not a list")
    return value


def _parsed(parse: Callable[[str], _T], value: Json) -> _T | None:
    return None if value is None else parse(value)


def _text_or_none(digest: Digest | None) -> str | None:
    return None if digest is None else str(digest)
