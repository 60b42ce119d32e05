"""What became of one entry of a list in another."""

from enum import StrEnum

from attrs import frozen

from manyfest.domain.comparison.entries import Pair
from manyfest.domain.comparison.images import ImageChange
from manyfest.domain.comparison.json_differences import Difference


class Status(StrEnum):
    """How the second side compares with the first."""

    SAME = "same"  # the same bytes
    REWRITTEN = "rewritten"  # the same content in other bytes
    CHANGED = "changed"
    ADDED = "added"
    REMOVED = "removed"


@frozen
class EntryChange:
    """What two sides have for one platform.

    ``descriptor`` are the differences of what the lists say about it, ``image`` those of the images
    themselves where both sides have one and the digests differ.
    """

    pair: Pair
    descriptor: tuple[Difference, ...] = ()
    image: ImageChange | None = None

    @property
    def status(self) -> Status:
        """What became of the entry."""
        if self.pair.before is None:
            return Status.ADDED
        if self.pair.after is None:
            return Status.REMOVED
        if self.descriptor or self.pair.attestations or self.image:
            return Status.CHANGED
        return Status.SAME if self.image is None else Status.REWRITTEN
