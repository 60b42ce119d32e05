"""The content store port: verbatim bytes by digest, and what tags were seen to point to.

Reading is possible from several threads at once; writing is for the thread that made the object.
All methods may raise StoreError (cannot be opened, read or written; locked for too long) and
DamagedStoreError.
"""

from collections.abc import Iterable
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from manyfest.domain.digests import Digest
from manyfest.domain.history.observation import Observation
from manyfest.domain.manifests import Manifest
from manyfest.domain.references import Reference


class ContentStore(Protocol):
    """Keeps what passed. Bytes are hashed again when read: damage is an error, never an answer."""

    def transaction(self) -> AbstractContextManager[None]:
        """All writes inside happen together when it ends, or none when it raises.

        Other processes' writes happen wholly before or wholly after: what is read inside stays true
        until the end. Not to be nested. Shared with the draft book of the same store.
        """
        ...

    def manifest(self, digest: Digest) -> Manifest | None:
        """The manifest kept under ``digest``, if any."""
        ...

    def blob(self, digest: Digest) -> bytes | None:
        """The small blob (an image config) kept under ``digest``, if any."""
        ...

    def last_observation(self, reference: Reference) -> Observation | None:
        """The newest observation of exactly this home and tag, if any; a digest is ignored."""
        ...

    def history(self, reference: Reference) -> tuple[Observation, ...]:
        """All that exactly this home and tag was seen to point to, newest first.

        Neighbours have different digests, and times that do not overlap; a digest that came back
        has a place for each time.
        A digest in ``reference`` is ignored.
        """
        ...

    def latest(self) -> tuple[Observation, ...]:
        """The newest observation of every home and tag, in the order of homes and then of tags."""
        ...

    def keep_manifests(self, manifests: Iterable[Manifest]) -> None:
        """Keep these manifests, verbatim; of those held already only damaged ones are replaced.

        Call within ``transaction``.
        """
        ...

    def keep_blobs(self, blobs: Iterable[bytes]) -> None:
        """Keep these small blobs under their sha256, verbatim. Call within ``transaction``."""
        ...

    def observe(self, observations: Iterable[Observation]) -> None:
        """Add these observations; their manifests are kept before. Call within ``transaction``.

        What was seen before or between others, as an import may bring it, takes its place there
        (``observations.merged``), and adding the same once more changes nothing. A digest in their
        references is ignored. Raises StoreError: a manifest is not kept.
        """
        ...

    def record_digest_reads(self, digests: Iterable[Digest], now: datetime) -> None:
        """Note that somebody asked for these by digest, and no tag; ``now`` is in UTC.

        They are garbage no earlier than what a tag is seen to point to ``now``, and neither are the
        tags that were last seen to point to them. Call within ``transaction``.
        """
        ...
