"""Annotate an entry of a draft, or the list itself."""

from attr import evolve

from manyfest.domain.drafts.draft import Draft, Entry
from manyfest.domain.drafts.entry_lookup import canonical_name, find_entry
from manyfest.domain.drafts.overrides import IndexOverrides, Overrides
from manyfest.domain.errors import (
    DraftUnknownError,
    EntryUnknownError,
    UnsupportedPlatformError,
)
from manyfest.domain.lists.platform_normalisation import is_supported
from manyfest.domain.platforms import Platform
from manyfest.domain.ports import Ports
from manyfest.domain.references import Reference
from manyfest.domain.values import frozen


@frozen
class Annotated:
    """The draft with the annotated entry."""

    draft: Draft
    entry: Entry


def annotate(
    name: Reference,
    entry: str,
    overrides: Overrides,
    *,
    ports: Ports,
) -> Annotated:
    """Apply ``overrides`` to the entry of the draft ``name`` that ``entry`` finds, and save it.

    As docker's ``annotate``: members that are not given stay, features are added, and if the
    platform changes, its operating system and architecture must be a pair that Go knows.
    Uses the ports drafts and now. Raises InvalidReferenceError: ``entry`` is no name, whether or
    not there is a draft; EntryUnknownError: no such draft or entry; AmbiguousEntryError;
    UnsupportedPlatformError; StoreError.
    """
    with ports.drafts.transaction():
        draft = ports.drafts.find(name)
        if draft is None:
            canonical_name(entry)
            raise EntryUnknownError(entry, str(name))
        found = find_entry(draft, entry)
        combined = found.overrides.followed_by(overrides)
        check_pair(found.descriptor.platform, combined.applied_to(found.found).platform)
        annotated = draft.annotated(found, overrides, ports.now)
        if annotated.entries == draft.entries:
            return Annotated(draft, found)
        ports.drafts.save(annotated)
        return Annotated(annotated, evolve(found, overrides=combined))


def annotate_index(name: Reference, overrides: IndexOverrides, *, ports: Ports) -> Draft:
    """Apply ``overrides`` to the members of the list itself, and save the draft ``name``.

    Uses the ports drafts and now. Raises InvalidMediaTypeError: the artifact type is not one of
    RFC 6838; DraftUnknownError, StoreError.
    """
    overrides.check_artifact_type()
    with ports.drafts.transaction():
        draft = ports.drafts.find(name)
        if draft is None:
            raise DraftUnknownError(str(name))
        annotated = draft.index_annotated(overrides, ports.now)
        if annotated.index != draft.index:
            ports.drafts.save(annotated)
            return annotated
    return draft


def check_pair(before: Platform | None, after: Platform | None) -> None:
    """Raise UnsupportedPlatformError if the platform changes to a pair that Go does not know."""
    if after is None or after == before:
        return
    if not is_supported(after.os, after.architecture):
        raise UnsupportedPlatformError(after.os, after.architecture)
