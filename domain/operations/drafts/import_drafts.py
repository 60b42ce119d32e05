"""Taking over a draft that another program made: its entries as they stand, ready to be pushed."""

from collections.abc import Sequence
from datetime import datetime

from attrs import frozen

from manyfest.domain.descriptors import Descriptor
from manyfest.domain.drafts.draft import Draft, Entry
from manyfest.domain.drafts.overrides import Overrides
from manyfest.domain.errors import ConflictError, InvalidReferenceError
from manyfest.domain.manifests import Manifest
from manyfest.domain.platforms import Platform
from manyfest.domain.ports.content_store import ContentStore
from manyfest.domain.ports.draft_book import DraftBook
from manyfest.domain.references import Reference


@frozen
class ForeignEntry:
    """An entry as another program kept it: what it came by, what is listed, and the child itself.

    ``manifest`` has been checked to be what ``descriptor`` names.
    """

    source: Reference
    descriptor: Descriptor
    manifest: Manifest


def import_draft(
    name: Reference,
    entries: Sequence[ForeignEntry],
    *,
    contents: ContentStore,
    drafts: DraftBook,
    now: datetime,
    force: bool = False,
) -> Draft:
    """The draft ``name`` with these entries, saved, and their manifests kept; asks no registry.

    What was found and what was annotated cannot be told apart any more, so the platform counts as
    annotated too: it outlives ``create --amend``. A draft of this name is replaced if it was pushed
    and not touched since, or with ``force``. Raises InvalidReferenceError: ``name`` has a digest.
    ConflictError; StoreError.
    """
    if name.digest is not None:
        raise InvalidReferenceError(str(name), "a list is named by a tag, not by a digest")
    draft = Draft(name, now, now, tuple(map(_entry, entries)))
    with drafts.transaction():
        existing = drafts.find(name)
        if existing is not None and existing.pushed is None and not force:
            raise ConflictError(f"{name} is a draft already, and was not pushed")
        contents.keep_manifests(entry.manifest for entry in entries)
        drafts.save(draft)
    return draft


def _entry(foreign: ForeignEntry) -> Entry:
    platform = foreign.descriptor.platform or Platform()
    annotated = Overrides(
        os=platform.os,
        architecture=platform.architecture,
        variant=platform.variant,
        os_version=platform.os_version,
        os_features=platform.os_features,
    )
    return Entry(foreign.source, foreign.descriptor, overrides=annotated)
