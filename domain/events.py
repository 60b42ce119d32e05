"""Events: what happens during a long operation, as values, for whoever shows its progress.

Operations call ``on_event`` from all their threads, so a receiver must be thread-safe and quick.
"""

from collections.abc import Callable

from attrs import frozen

from manyfest.domain.digests import Digest
from manyfest.domain.references import Reference

# Where a blob goes or comes from; its digest alone when it is carried in a bundle.
Blob = Reference | Digest


@frozen
class ReadingPlanned:
    """What is ahead: so many references, to be read with all that they name."""

    references: int


@frozen
class ReferenceRead:
    """One of these was read, or could not be; what it lists may still be to come."""


@frozen
class TransferPlanned:
    """What is ahead: so many blobs, of ``size`` bytes at most, and so many manifests."""

    blobs: int
    size: int
    manifests: int


@frozen
class BlobStarted:
    """The bytes of ``blob`` begin to move; once more when a broken transfer is begun anew."""

    blob: Blob


@frozen
class BlobMoved:
    """``count`` further bytes of ``blob`` have passed."""

    blob: Blob
    count: int


@frozen
class BlobCopied:
    """``blob`` was streamed to its target."""

    blob: Blob
    size: int


@frozen
class BlobMounted:
    """The registry took ``blob`` from another of its repositories; no bytes moved."""

    blob: Blob
    size: int


@frozen
class BlobFound:
    """``blob`` was there already."""

    blob: Blob
    size: int


@frozen
class ManifestPut:
    """The manifest was stored under ``reference``."""

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
)
OnEvent = Callable[[Event], None]


def ignore(_event: Event) -> None:
    """For callers that show no progress."""
