"""The change of one entry between two lists."""

from collections.abc import Iterator

from manyfest.domain import media_types
from manyfest.domain.comparison.entries import Pair
from manyfest.domain.comparison.images import ImageChange, descriptor_fields
from manyfest.domain.comparison.json_differences import Difference, differences
from manyfest.domain.comparison.status import DifferenceKind, Status
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.values import frozen


@frozen
class EntryChange:
    """The change of the entries for one platform.

    ``descriptor`` are the differences between the descriptors, ``image`` those between the images,
    if both sides have one and the digests differ.
    """

    pair: Pair
    descriptor: tuple[Difference, ...] = ()
    image: ImageChange | None = None

    @property
    def status(self) -> Status:
        """The status of the entry."""
        if self.pair.before is None:
            return Status.ADDED
        if self.pair.after is None:
            return Status.REMOVED
        if self.descriptor or self.pair.attestations or self.image:
            return Status.CHANGED
        return Status.SAME if self.image is None else Status.REWRITTEN

    @property
    def kinds(self) -> Iterator[DifferenceKind]:
        """The kinds of its differences, but for BYTES."""
        if self.descriptor or not self.pair.both:
            yield DifferenceKind.ENTRIES
        if self.pair.attestations:
            yield DifferenceKind.ATTESTATIONS
        if self.image:
            yield from self.image.kinds


def differing(pair: Pair) -> tuple[Descriptor, Descriptor] | None:
    """Return both entries, if they differ and are manifests that can be read."""
    both = pair.both
    if both is None or both[0].digest == both[1].digest:
        return None
    return both if all(map(_is_readable, both)) else None


def _is_readable(entry: Descriptor) -> bool:
    return media_types.is_manifest(entry.media_type) and entry.digest.is_verifiable


def digest_change(pair: Pair) -> ImageChange | None:
    """Return the change of entries that are compared by digest alone."""
    both = pair.both
    digests = [str(entry.digest) for entry in both or ()]
    if len(set(digests)) < 2:  # noqa: PLR2004 - both are there, and differ
        return None
    return ImageChange(manifest=differences({"digest": digests[0]}, {"digest": digests[1]}))


def description_change(pair: Pair) -> tuple[Difference, ...]:
    """Compare the descriptors of both entries."""
    both = pair.both
    return differences(descriptor_fields(both[0]), descriptor_fields(both[1])) if both else ()
