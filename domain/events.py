"""Events of long operations, as values, for progress displays.

Operations call ``on_event`` from all their threads, so a receiver must be thread-safe and quick.
"""

from collections.abc import Callable

from manyfest.domain.digests import Digest
from manyfest.domain.references import Reference
from manyfest.domain.values import frozen

# The location of a blob; only its digest if it is in a bundle.
Blob = Reference | Digest


@frozen
class ReadingPlanned:
    """The number of references to read, each with its whole tree."""

    references: int


@frozen
class ReferenceRead:
    """One of these references was read, or failed; its children may follow."""


@frozen
class TransferPlanned:
    """The number of blobs and manifests to transfer; at most ``size`` bytes."""

    blobs: int
    size: int
    manifests: int


@frozen
class BlobStarted:
    """The transfer of ``blob`` starts, behind the ``start`` bytes that the target has already.

    It starts again if a broken transfer restarts.
    """

    blob: Blob
    start: int = 0


@frozen
class BlobMoved:
    """``count`` more bytes of ``blob`` were transferred."""

    blob: Blob
    count: int


@frozen
class BlobCopied:
    """``blob`` was streamed to its target."""

    blob: Blob
    size: int


@frozen
class BlobMounted:
    """The registry mounted ``blob`` from another repository; no bytes moved."""

    blob: Blob
    size: int


@frozen
class BlobFound:
    """The target already had ``blob``."""

    blob: Blob
    size: int


@frozen
class ManifestPut:
    """The manifest was stored under ``reference``."""

    reference: Reference


@frozen
class TagMoving:
    """The request that moves the tag ``reference`` is sent next."""

    reference: Reference


@frozen
class TagKept:
    """The registry refused to move the tag ``reference``."""

    reference: Reference


@frozen
class TagMoved:
    """The tag ``reference`` points to the published list now."""

    reference: Reference


Event = (
    ReadingPlanned
    | ReferenceRead
    | TransferPlanned
    | BlobStarted
    | BlobMoved
    | BlobCopied
    | BlobMounted
    | BlobFound
    | ManifestPut
    | TagMoving
    | TagKept
    | TagMoved
)
OnEvent = Callable[[Event], None]


def ignore(_event: Event) -> None:
    """Ignore an event, for callers that show no progress."""
