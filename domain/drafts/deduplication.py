"""Deduplication: entries of the same image for the same platform."""

from collections.abc import Sequence

from manyfest.domain.digests import Digest
from manyfest.domain.drafts.draft import Entry
from manyfest.domain.drafts.overrides import NO_OVERRIDES
from manyfest.domain.lists.platform_normalisation import normalised
from manyfest.domain.platforms import Platform

_Key = tuple[Digest, Platform]


def deduplicated(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """Drop duplicates, and keep the order.

    Duplicates have the same digest and platform. The preference is: annotated by the user, then a
    descriptor with more members, then an image named directly, then the first.

    Two exceptions. Images that were named directly all stay, unless a list's entry is preferred:
    docker lists an image twice if it is named twice. Duplicates within one source list stay, or
    that list would lose its digest.
    """
    best: dict[_Key, Entry] = {}
    keyed = [(_key(entry), entry) for entry in entries]
    for key, entry in keyed:
        if (before := best.setdefault(key, entry)) is not entry:
            best[key] = max(before, entry, key=_preference)
    return tuple(entry for key, entry in keyed if _stays(entry, best[key]))


def united(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """Keep one of the duplicates, wherever they come from, in the place of the first.

    The preference is: annotated by the user, then a descriptor with more members, then the first.
    Duplicates within one source list stay.
    """
    best: dict[_Key, Entry] = {}
    first: dict[_Key, Entry] = {}
    keyed = [(_key(entry), entry) for entry in entries]
    for key, entry in keyed:
        best[key] = max(best.setdefault(key, entry), entry, key=lambda each: _preference(each)[:2])
    kept = []
    for key, entry in keyed:
        if first.setdefault(key, entry) is entry:
            kept.append(best[key])
        elif entry.came_from_list and entry.source == first[key].source:
            kept.append(entry)
    return tuple(kept)


def _key(entry: Entry) -> _Key:
    return entry.found.digest, normalised(entry.descriptor.platform or Platform())


def _preference(entry: Entry) -> tuple[bool, bool, bool]:
    """Order by preference; of equals, ``max`` returns the first."""
    is_annotated = entry.overrides != NO_OVERRIDES
    return is_annotated, bool(entry.found.others), not entry.came_from_list


def _stays(entry: Entry, best: Entry) -> bool:
    return entry.source == best.source or not (entry.came_from_list or best.came_from_list)
