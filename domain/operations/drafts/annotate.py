"""Changing what a draft says: about one of its entries, or about the list itself."""

from datetime import datetime

from attrs import evolve, frozen

from manyfest.domain.drafts.draft import Draft, Entry
from manyfest.domain.drafts.entry_lookup import find_entry
from manyfest.domain.drafts.overrides import IndexOverrides, Overrides
from manyfest.domain.errors import DraftUnknownError, EntryUnknownError, UnsupportedPlatformError
from manyfest.domain.lists.platform_normalisation import is_supported
from manyfest.domain.platforms import Platform
from manyfest.domain.ports.draft_book import DraftBook
from manyfest.domain.references import Reference


@frozen
class Annotated:
    """The draft, and in it the entry as it is now."""

    draft: Draft
    entry: Entry


def annotate(
    name: Reference,
    entry: str,
    overrides: Overrides,
    *,
    drafts: DraftBook,
    now: datetime,
) -> Annotated:
    """The draft ``name`` with ``overrides`` laid over the entry that ``entry`` finds, saved.

    As docker's ``annotate``: what is not given stays, features are added, and if the platform
    changes, its operating system and architecture must be a pair that Go knows.
    Raises EntryUnknownError: no such draft or entry. AmbiguousEntryError. UnsupportedPlatformError.
    StoreError.
    """
    with drafts.transaction():
        draft = drafts.find(name)
        if draft is None:
            raise EntryUnknownError(entry, str(name))
        found = find_entry(draft, entry)
        laid_over = found.overrides.followed_by(overrides)
        _check_pair(found.descriptor.platform, laid_over.applied_to(found.found).platform)
        annotated = draft.annotated(found, overrides, now)
        if annotated.entries == draft.entries:
            return Annotated(draft, found)
        drafts.save(annotated)
        return Annotated(annotated, evolve(found, overrides=laid_over))


def annotate_index(
    name: Reference, overrides: IndexOverrides, *, drafts: DraftBook, now: datetime
) -> Draft:
    """The draft ``name`` with ``overrides`` laid over what the list says of itself, saved.

    Raises DraftUnknownError, StoreError.
    """
    with drafts.transaction():
        draft = drafts.find(name)
        if draft is None:
            raise DraftUnknownError(str(name))
        annotated = draft.index_annotated(overrides, now)
        if annotated.index != draft.index:
            drafts.save(annotated)
            return annotated
    return draft


def _check_pair(before: Platform | None, after: Platform | None) -> None:
    if after is None or after == before:
        return
    if not is_supported(after.os, after.architecture):
        raise UnsupportedPlatformError(after.os, after.architecture)
