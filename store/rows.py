"""Drafts and observations as rows, and the decoding of stored values.

A draft is one row, and one row for each of its entries; an entry keeps what its image says (found)
apart from what the user set (overrides). A stored value that does not parse is damage, because only
values that parsed were ever written.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar

from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.drafts.draft import Draft, Entry, ListType
from manyfest.domain.drafts.overrides import NO_OVERRIDES, Overrides
from manyfest.domain.drafts.overrides_json import (
    index_overrides_from_json,
    index_overrides_to_json,
    overrides_from_json,
    overrides_to_json,
)
from manyfest.domain.encoding.timestamps import format_utc, parse_utc
from manyfest.domain.errors import DamagedStoreError, DocumentError, InputError
from manyfest.domain.references import Home, Reference
from manyfest.store.sqlite.database import Row

if TYPE_CHECKING:  # drafts do not need it
    from manyfest.domain.history.observation import Observation

OBSERVATION_COLUMNS = "home, tag, digest, last_seen, first_seen, claimed"
# A row is a span of time in which a tag pointed to one digest. Another digest begins a new row.
INSERT_OBSERVATION = """
    INSERT INTO observations (home, tag, digest, first_seen, last_seen, claimed)
    VALUES (:home, :tag, :digest, :first, :last, :claimed)"""
CLAIM_COLUMNS = "home, tag, digest, last_seen, first_seen, 1, source"

# True if `o`, a row of observations, is the newest of its tag. The table has its full name, because
# the views that use this are TEMP and would look in temp first. CASE is for PostgreSQL: it takes an
# equation for true of few rows, and would sort all of them for each page.
IS_NEWEST = """
    CASE WHEN o.id = (SELECT id FROM main.observations WHERE home = o.home AND tag = o.tag
        ORDER BY last_seen DESC, id DESC LIMIT 1) THEN TRUE ELSE FALSE END"""

_GROUP_BYTES = 2 * 1024 * 1024
_Row = TypeVar("_Row")

_PARSE_ERRORS = (InputError, DocumentError, ValueError, TypeError, AttributeError)


def groups(
    rows: Iterable[_Row], size: Callable[[_Row], int], limit: int = 100
) -> Iterator[list[_Row]]:
    """Yield ``rows`` in groups that take little memory: at most ``limit``, of 2 MiB or alone."""
    group: list[_Row] = []
    total = 0
    for row in rows:
        if group and (len(group) == limit or total + size(row) > _GROUP_BYTES):
            yield group
            group, total = [], 0
        group.append(row)
        total += size(row)
    if group:
        yield group


@contextmanager
def damage_if_unreadable(path: object, description: str) -> Iterator[None]:
    """Report a value that does not parse inside the block as damage.

    Raises DamagedStoreError: "``description`` cannot be read", of the store at ``path``.
    """
    try:
        yield
    except _PARSE_ERRORS as error:
        raise DamagedStoreError(str(path), f"{description} cannot be read") from error


def observation_of(row: Row, path: object) -> "Observation":
    """Decode ``OBSERVATION_COLUMNS`` or ``CLAIM_COLUMNS`` of the store at ``path``.

    Raises DamagedStoreError.
    """
    from manyfest.domain.history.observation import Observation

    home, tag, digest, last_seen, first_seen, claimed, *more = row
    try:
        last = parse_utc(last_seen)
        first = last if first_seen == last_seen else parse_utc(first_seen)
        place = Reference(home_of(home), tag or None)
        source = more[0] if more else ""
        return Observation(place, Digest.parse(digest), last, first, bool(claimed), source=source)
    except _PARSE_ERRORS as error:
        name = f"{home}:{tag}" if tag else home
        reason = f"the observation of {name} cannot be read"
        raise DamagedStoreError(str(path), reason) from error


def tag_key(reference: Reference) -> dict[str, str]:
    """Return the home and tag, by which rows are found."""
    return {"home": str(reference.home), "tag": reference.tag or ""}


def observation_row(added: "Observation") -> dict[str, str]:
    """Encode an observation."""
    times = {"first": format_utc(added.first_seen), "last": format_utc(added.seen_at)}
    facts = {"digest": str(added.digest), "claimed": str(int(added.is_claimed))}
    return tag_key(added.reference) | facts | times


def claim_row(claim: "Observation") -> dict[str, str]:
    """Encode what a server claims."""
    return observation_row(claim) | {"source": claim.source}


def draft_row(draft: Draft) -> Row:
    """Encode a draft without its entries.

    The columns: name, times of creation and change, digest pushed, whether the order is kept, list
    type, and as JSON the list's own fields as found and as overridden.
    """
    times = format_utc(draft.created_at), format_utc(draft.changed_at)
    listing = int(draft.keeps_order), draft.list_type.value
    members = json.dumps(dict(draft.index_found)), json.dumps(index_overrides_to_json(draft.index))
    return (str(draft.name), *times, _text_or_none(draft.pushed), *listing, *members)


def entry_rows(draft: Draft) -> Iterator[Row]:
    """Encode the entries: draft's name, position, source, list digest, found, overrides."""
    for position, entry in enumerate(draft.entries):
        list_digest = _text_or_none(entry.list_digest)
        found = json.dumps(entry.found.to_json())
        overrides = "{}"
        if entry.overrides != NO_OVERRIDES:
            overrides = json.dumps(overrides_to_json(entry.overrides))
        yield str(draft.name), position, str(entry.source), list_digest, found, overrides


def draft_of(row: Row, entry_values: Sequence[Row]) -> Draft:
    """Decode a ``draft_row``, and of each of its ``entry_rows`` the columns from source on.

    Raises InputError, DocumentError, ValueError, TypeError or AttributeError when a value does not
    parse; call it within ``damage_if_unreadable``.
    """
    name, created_at, changed_at, pushed, keeps_order, list_type, index_found, index = row
    return Draft(
        name=Reference.parse(name),
        created_at=parse_utc(created_at),
        changed_at=parse_utc(changed_at),
        entries=tuple(_entry(*values) for values in entry_values),
        pushed=_digest_or_none(pushed),
        keeps_order=bool(keeps_order),
        list_type=ListType(list_type),
        index_found=json.loads(index_found),
        index=index_overrides_from_json(json.loads(index), name),
    )


def _entry(source: str, list_digest: str | None, found: str, overrides: str) -> Entry:
    return Entry(
        source=_reference(source),
        found=Descriptor.from_json(json.loads(found), source),
        list_digest=_digest_or_none(list_digest),
        overrides=_overrides(overrides, source),
    )


# Neighbours in a draft mostly have the source, the list and the overrides in common: the cached
# values are shared by up to some 40,000 entries.
@lru_cache(maxsize=64)
def _overrides(text: str, subject: str) -> Overrides:
    return NO_OVERRIDES if text == "{}" else overrides_from_json(json.loads(text), subject)


@lru_cache(maxsize=64)
def _reference(text: str) -> Reference:
    return Reference.parse(text)


@lru_cache(maxsize=512)  # tags come by their homes
def home_of(text: str) -> Home:
    """Return the home that a row names. Raises InvalidReferenceError."""
    return Reference.parse(text).home


def _text_or_none(digest: Digest | None) -> str | None:
    return None if digest is None else str(digest)


@lru_cache(maxsize=64)
def _digest_or_none(text: str | None) -> Digest | None:
    return None if text is None else Digest.parse(text)
