"""Making a draft from images and lists, all or nothing."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from attrs import evolve

from manyfest.domain.drafts import Draft, Entry
from manyfest.domain.errors import DraftExistsError, InvalidReferenceError
from manyfest.domain.operations.each import Each
from manyfest.domain.operations.remember import remember
from manyfest.domain.operations.resolve import Resolved, resolve_with_config
from manyfest.domain.ports.content_store import ContentStore
from manyfest.domain.ports.draft_book import DraftBook
from manyfest.domain.ports.registry import Registry
from manyfest.domain.references import Reference


def create(
    name: Reference,
    sources: Sequence[Reference],
    *,
    registry: Registry,
    contents: ContentStore,
    drafts: DraftBook,
    each: Each,
    now: datetime,
    amend: bool = False,
    keep_order: bool = False,
) -> Draft:
    """The draft ``name`` with an entry for every source, saved with all that was read.

    An image gives one entry, a list all of its own. With ``amend`` an existing draft is kept, and
    the sources it already has are read anew; without, only a draft that was pushed and not touched
    since may be there, and it is replaced. ``keep_order`` lists entries as they are given, now and
    when more are added. Nothing is saved when anything fails.

    Raises InvalidReferenceError: ``name`` has a digest. DraftExistsError. What reading a source
    raises. StoreError.
    """
    if name.digest is not None:
        raise InvalidReferenceError(str(name), "a list is named by a tag, not by a digest")
    _starting_point(name, drafts, now, amend=amend)  # refused before anything is asked for
    distinct = tuple(dict.fromkeys(sources))
    found = each(partial(resolve_with_config, registry=registry), distinct)
    with drafts.transaction():
        draft = _starting_point(name, drafts, now, amend=amend)
        for resolved in found:
            draft = draft.with_source(resolved.reference, entries_of(resolved), now)
        if keep_order:
            draft = draft.keeping_order(now)
        remember(contents, found, now)
        drafts.save(draft)
    return draft


def entries_of(resolved: Resolved) -> tuple[Entry, ...]:
    """What a source contributes: an image itself, a list its own entries, as it describes them."""
    manifest = resolved.manifest
    if manifest.is_list:
        return tuple(
            Entry(resolved.reference, descriptor, manifest.digest)
            for descriptor in manifest.entries
        )
    described = evolve(manifest.descriptor(), platform=resolved.platform)
    return (Entry(resolved.reference, described),)


def _starting_point(name: Reference, drafts: DraftBook, now: datetime, *, amend: bool) -> Draft:
    existing = drafts.find(name)
    if existing is None or (existing.pushed and not amend):
        return Draft(name, created_at=now, changed_at=now)
    if not amend:
        raise DraftExistsError(str(name))
    return existing
