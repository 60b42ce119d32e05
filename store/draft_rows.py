"""Drafts as rows: one for the draft, one for each entry, facts apart from overrides."""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from attrs import asdict

from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.drafts import Draft, Entry, Overrides
from manyfest.domain.references import Reference
from manyfest.store.columns import time_text
from manyfest.store.database import Row


def draft_row(draft: Draft) -> Row:
    """Name, times of creation and change, digest pushed."""
    times = time_text(draft.created_at), time_text(draft.changed_at)
    return (str(draft.name), *times, _text_or_none(draft.pushed))


def entry_rows(draft: Draft) -> Iterator[Row]:
    """For each entry the draft's name, its place, source, list digest, found, overrides."""
    for position, entry in enumerate(draft.entries):
        list_digest = _text_or_none(entry.list_digest)
        found, overrides = json.dumps(entry.found.to_json()), _overrides_text(entry.overrides)
        yield str(draft.name), position, str(entry.source), list_digest, found, overrides


def draft_of(row: Row, entry_values: Sequence[Row]) -> Draft:
    """The draft in a ``draft_row``, and what each of its ``entry_rows`` holds from the source on.

    Raises what parsing raises when a value is not as it was written.
    """
    name, created_at, changed_at, pushed = row
    return Draft(
        name=Reference.parse(name),
        created_at=datetime.fromisoformat(created_at),
        changed_at=datetime.fromisoformat(changed_at),
        entries=tuple(_entry(*values) for values in entry_values),
        pushed=_digest_or_none(pushed),
    )


def _entry(source: str, list_digest: str | None, found: str, overrides: str) -> Entry:
    return Entry(
        source=Reference.parse(source),
        found=Descriptor.from_json(json.loads(found), source),
        list_digest=_digest_or_none(list_digest),
        overrides=_overrides(overrides),
    )


def _overrides_text(overrides: Overrides) -> str:
    """Only what was annotated: a member that Overrides gains later needs no migration."""
    return json.dumps({name: value for name, value in asdict(overrides).items() if value})


def _overrides(text: str) -> Overrides:
    members: dict[str, Any] = {}
    for name, value in json.loads(text).items():
        members[name] = tuple(value) if isinstance(value, list) else value
    return Overrides(**members)


def _text_or_none(digest: Digest | None) -> str | None:
    return None if digest is None else str(digest)


def _digest_or_none(text: str | None) -> Digest | None:
    return None if text is None else Digest.parse(text)
