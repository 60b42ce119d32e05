"""The part of two lists that is compared, and the entry that an image is compared with."""

from collections.abc import Sequence

from attr import evolve

from manyfest.domain.descriptors import Descriptor
from manyfest.domain.errors import NoSuchPlatformError
from manyfest.domain.lists.platform_selection import best_matches, select_entries
from manyfest.domain.platforms import Platform
from manyfest.domain.values import frozen

_Entries = tuple[Descriptor, ...]


@frozen
class Scope:
    """The part of two lists that is compared: the images of ``platforms``, or all.

    Without ``reads_images``, entries are compared by digest alone.
    """

    platforms: tuple[Platform, ...] = ()
    reads_images: bool = True


EVERYTHING = Scope()


def entries_in(scope: Scope, before: _Entries, after: _Entries, subject: str) -> list[_Entries]:
    """Return the entries of both lists for the platforms of the scope, with their attestations.

    One list may lack a platform. Raises NoSuchPlatformError: both do; ``subject`` names the second.
    """
    sides = (before, after)
    if not scope.platforms:
        return [*sides]
    chosen: tuple[set[Descriptor], ...] = (set(), set())
    for platform in scope.platforms:
        found = [_selected(entries, platform) for entries in sides]
        if not any(found):
            select_entries(after, [platform], subject)
        for side, some in zip(chosen, found, strict=True):
            side.update(some)
    return [
        tuple(entry for entry in entries if entry in side)
        for entries, side in zip(sides, chosen, strict=True)
    ]


def entry_for_image(platform: Platform, entries: Sequence[Descriptor]) -> Descriptor | None:
    """Return the first entry for the image's ``platform``; if none has its os.version, of any."""
    listed = [(entry.platform, entry) for entry in entries if entry.platform]
    for wanted in (platform, evolve(platform, os_version="")):
        if found := best_matches(listed, wanted):
            return found[0]
    return None


def _selected(entries: _Entries, platform: Platform) -> _Entries:
    try:
        return select_entries(entries, [platform], "")
    except NoSuchPlatformError:
        return ()
