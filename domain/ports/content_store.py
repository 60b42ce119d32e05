"""The content store port: verbatim bytes by digest, observations of tags.

Reading is possible from several threads at once; writing is for the thread that made the object.
All methods may raise StoreError (cannot be opened, read or written; locked for too long) and
DamagedStoreError.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from enum import Enum
from typing import Protocol

from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.history.observation import Observation
from manyfest.domain.manifests import Manifest
from manyfest.domain.references import Home, Reference
from manyfest.domain.values import frozen


class Role(Enum):
    """The role in which a manifest names a digest."""

    ENTRY = "entry"
    CONFIG = "config"
    LAYER = "layer"
    SUBJECT = "subject"


@frozen
class Predecessor:
    """A kept manifest that names a digest: its own digest, the role, and the position in that."""

    manifest: Digest
    role: Role
    position: int


@frozen
class SharedLayers:
    """The layers that a kept ``manifest`` has in common with others, given in their order.

    ``number`` and ``size`` (bytes) are those of the common ones, each counted once. ``aligned`` is
    the number of those in the same position, and ``total`` the number of all its layers.
    """

    manifest: Digest
    number: int
    size: int
    aligned: int
    total: int


class ContentStore(Protocol):
    """Keeps content. Bytes are hashed again when read: damage is an error."""

    def transaction(self) -> AbstractContextManager[None]:
        """Commit all writes inside together at the end, or none on an error.

        Other processes' writes happen wholly before or wholly after, so that what is read inside
        stays true until the end. Must not be nested. Shared with the draft book of the same store.
        """
        ...

    def manifest(self, digest: Digest) -> Manifest | None:
        """The manifest kept under ``digest``, if any."""
        ...

    def blob(self, digest: Digest) -> bytes | None:
        """The small blob (an image config) kept under ``digest``, if any."""
        ...

    def manifest_groups(self, digests: Iterable[Digest]) -> Iterator[Sequence[Manifest]]:
        """Yield those of these manifests that are kept, in groups that take little memory.

        In the order asked for. A group costs two statements, a hundred manifests or 2 MiB.
        """
        ...

    def blob_sizes(self, digests: Iterable[Digest]) -> Mapping[Digest, int]:
        """The sizes in bytes of those small blobs that are kept; the bytes are not read."""
        ...

    def last_observation(self, reference: Reference) -> Observation | None:
        """The newest observation of this home and tag, if any; digests are ignored."""
        ...

    def history(self, reference: Reference) -> tuple[Observation, ...]:
        """All observations of exactly this home and tag, newest first.

        Neighbours have different digests, and times that do not overlap; a digest that came back
        occurs once for each time. A digest in ``reference`` is ignored.
        """
        ...

    def latest(self) -> Iterator[Observation]:
        """The newest observation of every tag, in the order of homes, then of tags.

        They are read page by page, so that 100,000 need no memory; others may write in between.
        """
        ...

    def tags_of(self, home: Home) -> tuple[str, ...]:
        """The tags of ``home`` that were observed, sorted, without reading those of others."""
        ...

    def observations_of(self, digest: Digest) -> Iterator[Observation]:
        """The observations of all tags that pointed to ``digest``, by home, tag and time.

        They are read as ``latest`` are.
        """
        ...

    def predecessors(self, digest: Digest, role: Role | None = None) -> Iterator[Predecessor]:
        """The kept manifests that name ``digest``, in this role or in any, by role and digest.

        They are found by an index, without reading the manifests, and read as ``latest`` are.
        """
        ...

    def named(self, digests: Iterable[Digest], role: Role) -> frozenset[Digest]:
        """Those of ``digests`` that a kept manifest names in this role, by the same index."""
        ...

    def digests(self, beginning: str, limit: int) -> tuple[Digest, ...]:
        """The first digests of kept manifests, and those named in them, that begin like this.

        ``beginning`` is the text form, cut anywhere behind the colon: ``sha256:0123``.
        """
        ...

    def sharing(self, layers: Sequence[Descriptor]) -> Iterator[SharedLayers]:
        """The kept manifests that have any of ``layers``, found by the same index."""
        ...

    def keep_manifests(self, manifests: Iterable[Manifest]) -> None:
        """Keep these manifests, verbatim; kept ones are replaced only if damaged.

        Call within ``transaction``.
        """
        ...

    def keep_blobs(self, blobs: Iterable[bytes]) -> None:
        """Keep these small blobs under their sha256, verbatim.

        Call within ``transaction``.
        """
        ...

    def observe(self, observations: Iterable[Observation]) -> None:
        """Add these observations; their manifests must be kept before.

        Call within ``transaction``. Observations may be older than those kept, as in an import:
        they are merged (``observation.merge_observations``), and adding one again changes nothing.
        A digest in their references is ignored. A claim with a ``source``, and a removal, is a part
        of the history alone: it needs no manifest, and is not the last observation. Raises
        StoreError: a manifest is not kept.
        """
        ...

    def homes_of(self, digest: Digest) -> tuple[Home, ...]:
        """The homes from which ``digest`` was read by digest, sorted by their names."""
        ...

    def homes_with(self, digests: Sequence[Digest]) -> Mapping[Digest, frozenset[Home]]:
        """The homes that are known to have each of these manifests; none if none is known.

        A home has what was read from it by digest, what a tag of it points or pointed to, and the
        entries of such a list.
        """
        ...

    def record_digest_reads(
        self, digests: Iterable[Digest], now: datetime, home: Home | None = None
    ) -> None:
        """Record that these were read by digest from ``home``, not by tag; ``now`` is in UTC.

        ``home`` is None if it is not known, as in an import. It is forgotten with the content.
        They become garbage no earlier than content that a tag points to ``now``, and so do the tags
        whose last observation points to them. Call within ``transaction``.
        """
        ...
