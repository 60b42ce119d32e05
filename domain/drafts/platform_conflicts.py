"""Conflicts: entries for one platform, of which clients find only one.

The first match wins (image-spec, image-index.md, "manifests"). Docker does not report conflicts.
"""

from collections.abc import Callable, Iterator, Sequence

from manyfest.domain.annotations import ZSTD_MARK
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.drafts.draft import Draft, Entry
from manyfest.domain.errors import PlatformConflictError
from manyfest.domain.lists.attestations import attested_digest
from manyfest.domain.lists.platform_normalisation import normalised
from manyfest.domain.platforms import Platform

Conflict = tuple[Entry, Entry]


def conflicts(entries: Sequence[Entry]) -> tuple[Conflict, ...]:
    """Return pairs of the first entry for a platform, and each later one.

    Podman lists an image in two compressions, and its clients choose by the mark of zstd. So
    entries whose marks differ do not conflict, wherever they come from.
    """
    return tuple(_conflicts(entries, _compression))


def refuse_conflicts(draft: Draft) -> None:
    """Raise PlatformConflictError if two entries of ``draft`` conflict."""
    for first, second in conflicts(draft.entries):
        platform = str(second.descriptor.platform)
        names = str(first.content), str(second.content)
        raise PlatformConflictError(str(draft.name), platform, *names)


def shadowed_by_later(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """Return the entries whose platform a later entry has too.

    The compressions of one source are one image, which another source replaces whole.
    """
    found = _conflicts(tuple(reversed(entries)), lambda _entry: "")
    return tuple(later for first, later in found if not _are_twins(first, later))


def _conflicts(entries: Sequence[Entry], distinction: Callable[[Entry], str]) -> Iterator[Conflict]:
    first: dict[tuple[Platform, str], Entry] = {}
    for entry in entries:
        platform = occupied_platform(entry.descriptor)
        if platform is None:
            continue
        key = platform, distinction(entry)
        if first.setdefault(key, entry) is not entry:
            yield first[key], entry


def _compression(entry: Entry) -> str:
    return entry.descriptor.annotations.get(ZSTD_MARK, "")


def _are_twins(one: Entry, other: Entry) -> bool:
    return one.source == other.source and _compression(one) != _compression(other)


def occupied_platform(descriptor: Descriptor) -> Platform | None:
    """Return the normalised platform; None for attestations and without one."""
    platform = descriptor.platform
    if platform is None or not platform.os or attested_digest(descriptor) is not None:
        return None
    return normalised(platform)


def platform_mismatch(entry: Entry) -> tuple[Platform, Platform] | None:
    """Return the config's and the annotated platform, if they contradict.

    Only for an image that is its own source: the configs of a list's entries are not read.
    """
    said, annotated = entry.found.platform, entry.descriptor.platform
    if entry.list_digest is not None or said is None or annotated is None or not said.os:
        return None
    first, second = normalised(said), normalised(annotated)
    both_say = said.variant and annotated.variant
    same = (first.os, first.architecture) == (second.os, second.architecture) and (
        not both_say or first.variant == second.variant
    )
    return None if same else (said, annotated)
