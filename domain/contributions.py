"""What a source contributes to a draft: an image itself, a list its entries, or those wanted."""

from attrs import frozen

from manyfest.domain.attestations import without_attestations
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.drafts import Entry
from manyfest.domain.manifests import Manifest
from manyfest.domain.platform_selection import selected
from manyfest.domain.platforms import Platform
from manyfest.domain.references import Reference


@frozen
class Wanted:
    """What is taken from a source that is a list; an image is always taken whole.

    ``platforms``: only these, all if none are named; attestations follow their image.
    ``attestations``: whether to take them at all. ``nested``: the list itself, as one entry.
    """

    platforms: tuple[Platform, ...] = ()
    attestations: bool = True
    nested: bool = False


EVERYTHING = Wanted()


def entries_of_list(source: Reference, manifest: Manifest, wanted: Wanted) -> tuple[Entry, ...]:
    """The entries that the list at ``source`` contributes, as it describes them, in its order.

    Raises NoSuchPlatformError; DocumentError: an entry is no descriptor.
    """
    if wanted.nested:
        return (Entry(source, manifest.descriptor(), manifest.digest),)
    return tuple(
        Entry(source, descriptor, manifest.digest)
        for descriptor in _taken(source, manifest, wanted)
    )


def _taken(source: Reference, manifest: Manifest, wanted: Wanted) -> tuple[Descriptor, ...]:
    chosen = selected(manifest.entries, wanted.platforms, str(source))
    return chosen if wanted.attestations else without_attestations(chosen)
