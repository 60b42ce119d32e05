"""Preconditions of writing: all that can be refused before anything is written."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from manyfest.domain.errors import (
    BlobUnknownError,
    NotCachedError,
    ReadOnlyError,
    UnreachableError,
)
from manyfest.domain.references import Archive, External, Layout, Reference

if TYPE_CHECKING:
    from manyfest.assembly.session import Session
    from manyfest.domain.operations.steps.transfer import BlobCopy
    from manyfest.domain.ports.registry import BlobReader


def require_writable_store(session: "Session") -> None:
    """Check, before anything is published, that it can be recorded. Raises StoreError."""
    with session.drafts.transaction():
        pass


def require_writable(targets: Iterable[Reference]) -> None:
    """Check that something can write targets at all.

    Raises ReadOnlyError: one is an archive; UnknownSchemeError, ConfigError: no usable adapter
    serves its scheme.
    """
    for target in targets:
        if isinstance(target.home, Archive):
            raise ReadOnlyError(str(target))
        if isinstance(target.home, External):
            from manyfest.assembly.plugins import REGISTRIES, factory_for

            factory_for(REGISTRIES, target.home.scheme)


def require_reachable(targets: Sequence[Reference], session: "Session") -> None:
    """Check that targets can be written: offline, only layouts can.

    Raises UnreachableError: a target is at a registry; as ``require_writable``.
    """
    require_writable(targets)
    for target in targets:
        if session.offline and not isinstance(target.home, Layout):
            reason = f"offline: {target} cannot be written, only layouts can"
            raise UnreachableError(str(target.home), reason)


def require_cached(blobs: "Iterable[BlobCopy]", session: "Session") -> None:
    """Check that, offline, every blob to copy is cached or already at its target.

    Raises NotCachedError, which names the missing ones.
    """
    if not session.offline:
        return
    lacking = [blob.source for blob in blobs if not _is_available(blob, session.registry)]
    if lacking:
        raise NotCachedError(tuple(map(str, lacking)))


def _is_available(blob: "BlobCopy", registry: "BlobReader") -> bool:
    for place in (blob.source, blob.target):
        try:
            registry.head_blob(place)
        except (NotCachedError, BlobUnknownError):
            continue
        return True
    return False
