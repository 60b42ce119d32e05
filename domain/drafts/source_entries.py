"""The entries that a source list contributes to a draft."""

from collections.abc import Sequence

from attr import evolve

from manyfest.domain.descriptors import Descriptor
from manyfest.domain.drafts.draft import Entry
from manyfest.domain.lists.attestations import with_attestations, without_attestations
from manyfest.domain.lists.platform_selection import matches_platform, select_entries
from manyfest.domain.manifests import Manifest
from manyfest.domain.platforms import Platform
from manyfest.domain.references import Reference
from manyfest.domain.values import frozen


@frozen
class ListSelection:
    """The selection of entries from a source that is a list.

    A source that is an image is always taken whole.
    ``platforms``: only these, with their attestations; empty selects all. ``attestations``: False
    leaves all attestations out. ``nested``: the list itself, as one entry.
    """

    platforms: tuple[Platform, ...] = ()
    attestations: bool = True
    nested: bool = False


EVERYTHING = ListSelection()


def described(manifest: Manifest, platform: Platform | None = None) -> Descriptor:
    """Return the descriptor that lists ``manifest``, which was built for ``platform``.

    An artifact without a platform is listed by its type (image-spec, descriptor.md) and without
    the member ``platform``, and so are manifests of unknown types. All else is described as docker
    does. Raises DocumentError.
    """
    descriptor, artifact_type = manifest.descriptor(), manifest.artifact_type
    has_platform = platform not in (None, Platform())
    if has_platform or (manifest.is_image and not artifact_type):
        return evolve(descriptor, platform=platform)
    return evolve(descriptor, others={"artifactType": artifact_type} if artifact_type else {})


def entries_of_list(
    source: Reference, manifest: Manifest, selection: ListSelection
) -> tuple[Entry, ...]:
    """Return the selected entries of the list at ``source``, in its order.

    Raises NoSuchPlatformError; DocumentError: an entry is not a descriptor.
    """
    if selection.nested:
        return (Entry(source, described(manifest), manifest.digest),)
    return tuple(
        Entry(source, descriptor, manifest.digest)
        for descriptor in _selected_children(source, manifest, selection)
    )


def _selected_children(
    source: Reference, manifest: Manifest, selection: ListSelection
) -> tuple[Descriptor, ...]:
    chosen = select_entries(manifest.entries, selection.platforms, str(source))
    return chosen if selection.attestations else without_attestations(chosen)


def merged_with_previous(
    entries: Sequence[Entry], before: Sequence[Entry], listed: Manifest, selection: ListSelection
) -> tuple[Entry, ...]:
    """Merge ``entries`` with those that the list gave ``before``.

    Earlier entries for other platforms are kept. The result is in the order of the list ``listed``;
    entries that it no longer describes in the same way come first, unchanged. Without platforms in
    the selection, the whole list is selected and earlier entries do not count.
    """
    if not selection.platforms or selection.nested or not listed.is_list:
        return tuple(entries)
    kept = _for_other_platforms([entry for entry in before if entry.came_from_list], selection)
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


def _for_other_platforms(entries: Sequence[Entry], selection: ListSelection) -> tuple[Entry, ...]:
    found = [entry.found for entry in entries]
    named = [each for each in found if each.platform and _is_named(each.platform, selection)]
    renewed = set(with_attestations(found, named))
    return tuple(entry for entry in entries if entry.found not in renewed)


def _is_named(platform: Platform, selection: ListSelection) -> bool:
    return any(matches_platform(platform, asked) for asked in selection.platforms)
