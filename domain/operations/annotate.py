"""Changing what a draft says about one of its entries."""

from datetime import datetime

from manyfest.domain.drafts import Draft, Overrides
from manyfest.domain.errors import EntryUnknownError, UnsupportedPlatformError
from manyfest.domain.platform_rules import is_supported
from manyfest.domain.platforms import Platform
from manyfest.domain.ports.draft_book import DraftBook
from manyfest.domain.references import Reference


def annotate(
    name: Reference,
    source: Reference,
    overrides: Overrides,
    *,
    drafts: DraftBook,
    now: datetime,
) -> Draft:
    """The draft ``name`` with ``overrides`` laid over the entry that came by ``source``, saved.

    As docker's ``annotate``: what is not given stays, features are added, and the pair of operating
    system and architecture that results must be one that Go knows.
    Raises EntryUnknownError: no such draft or entry. UnsupportedPlatformError. StoreError.
    """
    with drafts.transaction():
        draft = drafts.find(name)
        if draft is None:
            raise EntryUnknownError(str(source), str(name))
        entry = draft.entry(source)
        annotated = draft.annotated(entry, overrides, now)
        _check_pair(annotated.entry(source).descriptor.platform or Platform())
        if annotated.entries != draft.entries:
            drafts.save(annotated)
            return annotated
    return draft


def _check_pair(platform: Platform) -> None:
    if not is_supported(platform.os, platform.architecture):
        raise UnsupportedPlatformError(platform.os, platform.architecture)
