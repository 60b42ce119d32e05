"""A registry in front of another: what the content store holds by digest is not fetched again."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from http import HTTPStatus

from attrs import evolve

from manyfest.adapters.decorators.freshness import ALWAYS_ASK, Freshness, OnUnconfirmed, ignore
from manyfest.adapters.registry_parts import blob_digest, open_bytes
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.errors import (
    AccessError,
    DamagedStoreError,
    ManifestUnknownError,
    ProtocolError,
    RefusedError,
    ServerError,
    UnavailableError,
    UnreachableError,
)
from manyfest.domain.expectations import Expectation
from manyfest.domain.history.observation import Observation
from manyfest.domain.manifests import Manifest
from manyfest.domain.ports.content_store import ContentStore
from manyfest.domain.ports.layer_store import LayerStore
from manyfest.domain.ports.registry import BlobSource, Registry
from manyfest.domain.references import Home, Reference, Repository

# What a HEAD may meet that a GET does not, or that a GET explains, for only that has a body.
_RETRY_WITH_GET = (ManifestUnknownError, AccessError, RefusedError, ProtocolError)


class CachedRegistry(Registry):
    """Reads by digest come from ``contents`` where it holds them; all else goes to ``origin``.

    A tag may have moved, so the origin is asked: by HEAD where what the tag was last seen to be is
    held, so that only a manifest that is not held moves (ADR 0020). Only where ``freshness`` lets
    it, that answers unconfirmed, and ``tell`` hears of it. ``is_mirrored`` says of which tags a GET
    at the origin may ask another than a HEAD does; those are asked for by GET.

    The head of anything asks whether something is *there*, and bytes that we hold say nothing about
    it. Nothing is kept here: what was read is recorded when the command has succeeded.
    """

    def __init__(
        self,
        origin: Registry,
        contents: ContentStore,
        layers: LayerStore,
        *,
        freshness: Freshness = ALWAYS_ASK,
        tell: OnUnconfirmed = ignore,
        is_mirrored: Callable[[Reference], bool] = lambda _: False,
    ) -> None:
        self._origin = origin
        self._contents = contents
        self._layers = layers
        self._freshness = freshness
        self._tell = tell
        self._is_mirrored = is_mirrored
        self._away: dict[str, UnavailableError] = {}

    def get_manifest(self, reference: Reference) -> Manifest:
        if reference.digest is not None:
            held = self._held(reference.digest, reference)
            return held or self._origin.get_manifest(reference)
        seen, held = self._last_seen(reference)
        if seen is None or held is None:
            return self._origin.get_manifest(reference)
        if self._freshness.is_fresh(seen):
            self._tell(seen, None)
            return held
        return self._confirmed_or_stale(reference, seen, held)

    def head_manifest(self, reference: Reference) -> Descriptor:
        return self._origin.head_manifest(reference)

    def put_manifest(
        self, reference: Reference, manifest: Manifest, expected: Expectation | None = None
    ) -> None:
        self._origin.put_manifest(reference, manifest, expected)

    def tags(self, home: Home) -> tuple[str, ...]:
        return self._origin.tags(home)

    def referrers(self, reference: Reference) -> tuple[Descriptor, ...]:
        return self._origin.referrers(reference)

    def head_blob(self, reference: Reference) -> int:
        return self._origin.head_blob(reference)

    def open_blob(self, reference: Reference, size: int) -> AbstractContextManager[Iterator[bytes]]:
        digest = blob_digest(reference)
        with suppress(DamagedStoreError):
            if (data := self._contents.blob(digest)) is not None:
                return open_bytes(data, reference, size)
        if self._layers.size(digest) == size:
            return self._layers.open(digest)
        return self._origin.open_blob(reference, size)

    def mount_blob(self, reference: Reference, origin: Home) -> bool:
        return self._origin.mount_blob(reference, origin)

    def write_blob(self, reference: Reference, size: int, source: BlobSource) -> None:
        self._origin.write_blob(reference, size, source)

    def _confirmed_or_stale(
        self, reference: Reference, seen: Observation, held: Manifest
    ) -> Manifest:
        """A registry that cannot be reached is not waited for again where its word is dispensable.

        Any other trouble may be that of one repository.
        """
        if not self._freshness.stale_if_error:
            return self._confirmed(reference)
        host = _host(reference)
        try:
            if host in self._away:
                raise self._away[host]
            return self._confirmed(reference)
        except UnavailableError as error:
            if isinstance(error, UnreachableError):
                self._away[host] = error
            self._tell(seen, error)
            return held

    def _confirmed(self, reference: Reference) -> Manifest:
        """What the tag points to now; by digest only where that can be had."""
        digest = None if self._is_mirrored(reference) else self._digest_now(reference)
        if digest is None:
            return self._origin.get_manifest(reference)
        held = self._held(digest, reference)
        if held is not None:
            return held
        try:
            return self._origin.get_manifest(reference.at(digest))
        except ManifestUnknownError:  # the tag has moved on, or the HEAD told of something else
            return self._origin.get_manifest(reference)

    def _digest_now(self, reference: Reference) -> Digest | None:
        """What a HEAD tells, if it tells anything."""
        try:
            return self._origin.head_manifest(reference).digest
        except _RETRY_WITH_GET:
            return None
        except ServerError as error:
            if error.status == HTTPStatus.NOT_IMPLEMENTED:
                return None
            raise

    def _last_seen(self, reference: Reference) -> tuple[Observation | None, Manifest | None]:
        with suppress(DamagedStoreError):
            seen = self._contents.last_observation(reference)
            return seen, self._held(seen.digest, reference) if seen else None
        return None, None

    def _held(self, digest: Digest, reference: Reference) -> Manifest | None:
        """Damaged bytes are as good as none: the origin has right ones, and keeping those heals."""
        with suppress(DamagedStoreError):
            if held := self._contents.manifest(digest):
                return evolve(held, name=str(reference))
        return None


def _host(reference: Reference) -> str:
    home = reference.home
    return home.registry if isinstance(home, Repository) else str(home)
