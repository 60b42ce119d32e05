"""What ``--offline`` cannot do, said before anything is read or written."""

from collections.abc import Iterable

from manyfest.cli.wiring import Session
from manyfest.domain.errors import BlobUnknownError, NotCachedError, UnreachableError
from manyfest.domain.operations.steps.transfer import BlobCopy
from manyfest.domain.ports.registry import BlobReader
from manyfest.domain.references import Layout, Reference


def require_reachable(targets: Iterable[Reference], session: Session) -> None:
    """Offline, only layouts are written to. Raises UnreachableError."""
    for target in targets:
        if session.offline and not isinstance(target.home, Layout):
            reason = f"offline: {target} cannot be written, only layouts can"
            raise UnreachableError(str(target.home), reason)


def require_held(blobs: Iterable[BlobCopy], session: Session) -> None:
    """Offline, all that is to be copied is in the store, or at its target already.

    Raises NotHeldError, which names all that is not.
    """
    if not session.offline:
        return
    lacking = [blob.source for blob in blobs if not _is_at_hand(blob, session.registry)]
    if lacking:
        raise NotCachedError(tuple(map(str, lacking)))


def _is_at_hand(blob: BlobCopy, registry: BlobReader) -> bool:
    for place in (blob.source, blob.target):
        try:
            registry.head_blob(place)
        except (NotCachedError, BlobUnknownError):
            continue
        return True
    return False
