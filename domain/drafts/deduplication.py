"""Entries that say again what another says: the same image for the same platform."""

from collections.abc import Sequence

from manyfest.domain.digests import Digest
from manyfest.domain.drafts.draft import Entry
from manyfest.domain.drafts.overrides import Overrides
from manyfest.domain.lists.platform_normalisation import normalised
from manyfest.domain.platforms import Platform

_Key = tuple[Digest, Platform]


def deduplicated(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """``entries`` in their order; what a list says again, or what a list says better, is left out.

    Of entries with one digest and platform, the one stays that was annotated, else the one that
    says more, else the image that was named itself, else the first. Images that were named
    themselves all stay, unless a list's entry says more: docker lists what it is told, twice too.
    What one list says twice it means so, or else that list could not keep its digest.
    """
    best: dict[_Key, Entry] = {}
    for entry in entries:
        best[_key(entry)] = max(best.get(_key(entry), entry), entry, key=_preference)
    return tuple(entry for entry in entries if _stays(entry, best[_key(entry)]))


def _key(entry: Entry) -> _Key:
    return entry.found.digest, normalised(entry.descriptor.platform or Platform())


def _preference(entry: Entry) -> tuple[bool, bool, bool]:
    """``max`` keeps the first of equals."""
    is_annotated = entry.overrides != Overrides()
    return is_annotated, bool(entry.found.others), not entry.came_from_list


def _stays(entry: Entry, best: Entry) -> bool:
    return entry.source == best.source or not (entry.came_from_list or best.came_from_list)
