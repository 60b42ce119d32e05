"""What a source contributes to a draft: an image itself, a list its entries, or those wanted."""

from collections.abc import Sequence

from attrs import evolve, frozen

from manyfest.domain.descriptors import Descriptor
from manyfest.domain.drafts.draft import Entry
from manyfest.domain.lists.attestations import with_attestations, without_attestations
from manyfest.domain.lists.platform_selection import matches_platform, select_entries
from manyfest.domain.manifests import Manifest
from manyfest.domain.platforms import Platform
from manyfest.domain.references import Reference


@frozen
class ListSelection:
    """What is taken from a source that is a list; an image is always taken whole.

    ``platforms``: only these, all if none are named; attestations follow their image.
    ``attestations``: whether to take them at all. ``nested``: the list itself, as one entry.
    """

    platforms: tuple[Platform, ...] = ()
    attestations: bool = True
    nested: bool = False


EVERYTHING = ListSelection()


def entries_of_list(
    source: Reference, manifest: Manifest, wanted: ListSelection
) -> tuple[Entry, ...]:
    """The entries that the list at ``source`` contributes, as it describes them, in its order.

    Raises NoSuchPlatformError; DocumentError: an entry is no descriptor.
    """
    if wanted.nested:
        return (Entry(source, manifest.descriptor(), manifest.digest),)
    return tuple(
        Entry(source, descriptor, manifest.digest)
        for descriptor in _selected_children(source, manifest, wanted)
    )


def _selected_children(
    source: Reference, manifest: Manifest, wanted: ListSelection
) -> tuple[Descriptor, ...]:
    chosen = select_entries(manifest.entries, wanted.platforms, str(source))
    return chosen if wanted.attestations else without_attestations(chosen)


def merged_with_previous(
    entries: Sequence[Entry], before: Sequence[Entry], listed: Manifest, wanted: ListSelection
) -> tuple[Entry, ...]:
    """``entries`` of the list ``listed``, and those it gave ``before`` for other platforms.

    In the list's order; what it does not describe so any more comes first, as it was. Where no
    platforms are named, all of the list is wanted, so that what it gave before does not count.
    """
    if not wanted.platforms or wanted.nested or not listed.is_list:
        return tuple(entries)
    kept = _for_other_platforms([entry for entry in before if entry.came_from_list], wanted)
    given = {entry.found: entry for entry in (*kept, *entries)}
    described = set(listed.entries)
    return (
        *(entry for entry in kept if entry.found not in described),
        *(
            evolve(given[each], found=each, list_digest=listed.digest)
            for each in listed.entries
            if each in given
        ),
    )


def _for_other_platforms(entries: Sequence[Entry], wanted: ListSelection) -> tuple[Entry, ...]:
    found = [entry.found for entry in entries]
    named = [each for each in found if each.platform and _is_named(each.platform, wanted)]
    renewed = set(with_attestations(found, named))
    return tuple(entry for entry in entries if entry.found not in renewed)


def _is_named(platform: Platform, wanted: ListSelection) -> bool:
    return any(matches_platform(platform, asked) for asked in wanted.platforms)
