"""The words for a difference: its status, and the kinds that ``diff --exit-code`` tells apart."""

from enum import StrEnum


class Status(StrEnum):
    """The result of comparing the second side with the first."""

    SAME = "same"  # the same bytes
    REWRITTEN = "rewritten"  # the same content in other bytes
    CHANGED = "changed"
    ADDED = "added"
    REMOVED = "removed"


class DifferenceKind(StrEnum):
    """A kind of difference; ``BYTES`` is any of them, and that of bytes alone."""

    LIST = "list"  # annotations and order of a list, attestations of images that it lacks
    ENTRIES = "entries"  # images added or removed, and what the list says of an image
    ATTESTATIONS = "attestations"
    MANIFEST = "manifest"  # members of an image's manifest, or its digest if it is not read
    CONFIG = "config"  # what a container runs with, and the platform
    BUILD = "build"  # times, authors and commands of the build
    LAYERS = "layers"
    BYTES = "bytes"


def sided(before: object, after: object) -> Status:
    """Return the status of two things that stand side by side; None where a side has none."""
    if before is None:
        return Status.ADDED
    if after is None:
        return Status.REMOVED
    return Status.SAME if before == after else Status.CHANGED
