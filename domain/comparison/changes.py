"""The change of one entry between two lists."""

from enum import StrEnum

from manyfest.domain.comparison.entries import Pair
from manyfest.domain.comparison.images import ImageChange
from manyfest.domain.comparison.json_differences import Difference
from manyfest.domain.values import frozen


class Status(StrEnum):
    """The result of comparing the second side with the first."""

    SAME = "same"  # the same bytes
    REWRITTEN = "rewritten"  # the same content in other bytes
    CHANGED = "changed"
    ADDED = "added"
    REMOVED = "removed"


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
