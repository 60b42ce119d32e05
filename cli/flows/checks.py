"""Checks that several commands make: warnings about drafts, and what ``--offline`` cannot do."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from manyfest.cli.output import warn
from manyfest.domain.drafts.draft import Draft, Entry
from manyfest.domain.drafts.platform_conflicts import conflicts, platform_mismatch
from manyfest.domain.errors import BlobUnknownError, NotCachedError, UnreachableError
from manyfest.domain.references import Layout, Reference

if TYPE_CHECKING:  # annotate warns, and copies nothing
    from manyfest.cli.wiring import Session
    from manyfest.domain.operations.steps.transfer import BlobCopy
    from manyfest.domain.ports.registry import BlobReader


def warn_of_conflicts(draft: Draft) -> None:
    """Say on stderr which entries stand in each other's way."""
    for first, second in conflicts(draft.entries):
        platform = second.descriptor.platform
        warn(f"two entries are for {platform}: {first.content} and {second.content}")


def warn_of_disagreement(entry: Entry) -> None:
    """Say that an image calls itself something else than it is listed as."""
    disagreeing = platform_mismatch(entry)
    if disagreeing is not None:
        said, listed = disagreeing
        warn(f"{entry.content} says that it is for {said}, and is listed for {listed}")


def require_reachable(targets: Iterable[Reference], session: "Session") -> None:
    """Offline, only layouts are written to. Raises UnreachableError."""
    for target in targets:
        if session.offline and not isinstance(target.home, Layout):
            reason = f"offline: {target} cannot be written, only layouts can"
            raise UnreachableError(str(target.home), reason)


def require_held(blobs: "Iterable[BlobCopy]", session: "Session") -> None:
    """Offline, all that is to be copied is in the store, or at its target already.

    Raises NotCachedError, which names all that is not.
    """
    if not session.offline:
        return
    lacking = [blob.source for blob in blobs if not _is_at_hand(blob, session.registry)]
    if lacking:
        raise NotCachedError(tuple(map(str, lacking)))


def _is_at_hand(blob: "BlobCopy", registry: "BlobReader") -> bool:
    for place in (blob.source, blob.target):
        try:
            registry.head_blob(place)
        except (NotCachedError, BlobUnknownError):
            continue
        return True
    return False
