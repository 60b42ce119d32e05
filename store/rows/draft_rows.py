"""Drafts as rows: one for the draft, one for each entry, facts apart from overrides."""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime

from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.drafts.draft import Draft, Entry, ListType
from manyfest.domain.drafts.overrides_json import (
    index_overrides_from_json,
    index_overrides_to_json,
    overrides_from_json,
    overrides_to_json,
)
from manyfest.domain.encoding.timestamps import format_utc
from manyfest.domain.references import Reference
from manyfest.store.sqlite.database import Row


def draft_row(draft: Draft) -> Row:
    """Name, times of creation and change, digest pushed, order, type, the list's own members."""
    times = format_utc(draft.created_at), format_utc(draft.changed_at)
    listing = int(draft.keeps_order), draft.list_type.value
    members = json.dumps(dict(draft.index_found)), json.dumps(index_overrides_to_json(draft.index))
    return (str(draft.name), *times, _text_or_none(draft.pushed), *listing, *members)


def entry_rows(draft: Draft) -> Iterator[Row]:
    """For each entry the draft's name, its place, source, list digest, found, overrides."""
    for position, entry in enumerate(draft.entries):
        list_digest = _text_or_none(entry.list_digest)
        found = json.dumps(entry.found.to_json())
        overrides = json.dumps(overrides_to_json(entry.overrides))
        yield str(draft.name), position, str(entry.source), list_digest, found, overrides


def draft_of(row: Row, entry_values: Sequence[Row]) -> Draft:
    """The draft in a ``draft_row``, and what each of its ``entry_rows`` holds from the source on.

    Raises what parsing raises when a value is not as it was written.
    """
    name, created_at, changed_at, pushed, keeps_order, list_type, index_found, index = row
    return Draft(
        name=Reference.parse(name),
        created_at=datetime.fromisoformat(created_at),
        changed_at=datetime.fromisoformat(changed_at),
        entries=tuple(_entry(*values) for values in entry_values),
        pushed=_digest_or_none(pushed),
        keeps_order=bool(keeps_order),
        list_type=ListType(list_type),
        index_found=json.loads(index_found),
        index=index_overrides_from_json(json.loads(index), name),
    )


def _entry(source: str, list_digest: str | None, found: str, overrides: str) -> Entry:
    return Entry(
        source=Reference.parse(source),
        found=Descriptor.from_json(json.loads(found), source),
        list_digest=_digest_or_none(list_digest),
        overrides=overrides_from_json(json.loads(overrides), source),
    )


def _text_or_none(digest: Digest | None) -> str | None:
    return None if digest is None else str(digest)


def _digest_or_none(text: str | None) -> Digest | None:
    return None if text is None else Digest.parse(text)
