"""Keeping what a command read, so that it can be shown again without a network."""

from collections.abc import Iterable
from datetime import datetime

from manyfest.domain.digests import Digest
from manyfest.domain.errors import DocumentError
from manyfest.domain.history.observation import Observation
from manyfest.domain.manifests import Manifest
from manyfest.domain.operations.resolve import Resolved
from manyfest.domain.ports.content_store import ContentStore


def record(contents: ContentStore, found: Iterable[Resolved], now: datetime) -> None:
    """Keep manifests, configs, what each tag pointed to, and what was asked for by digest.

    An entry of a list that was read with it was not. Call within a transaction; ``now`` is in UTC.
    Raises StoreError.
    """
    found = tuple(found)
    contents.keep_manifests(resolved.manifest for resolved in found)
    contents.keep_blobs(resolved.config for resolved in found if resolved.config is not None)
    contents.observe(
        Observation(resolved.reference, resolved.manifest.digest, now)
        for resolved in found
        if resolved.reference.digest is None
    )
    listed = {digest for resolved in found for digest in _listed(resolved.manifest)}
    by_digest = {each.manifest.digest for each in found if each.reference.digest is not None}
    contents.record_digest_reads(by_digest - listed, now)


def _listed(manifest: Manifest) -> tuple[Digest, ...]:
    """Of a list that cannot be gone by, and was only looked at, nothing was read."""
    try:
        return tuple(entry.digest for entry in manifest.entries)
    except DocumentError:
        return ()
