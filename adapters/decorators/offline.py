"""A registry with nothing behind it: it answers from the content store, as things last were."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Never

from attrs import evolve

from manyfest.adapters.decorators.freshness import OnUnconfirmed, ignore
from manyfest.adapters.registry_parts import blob_digest, open_bytes
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest, verified_chunks
from manyfest.domain.errors import NeverSeenError, NotCachedError, UnreachableError
from manyfest.domain.expectations import Expectation
from manyfest.domain.manifests import Manifest
from manyfest.domain.ports.content_store import ContentStore
from manyfest.domain.ports.layer_store import LayerStore
from manyfest.domain.ports.registry import BlobSource, Registry
from manyfest.domain.references import Home, Reference


class OfflineRegistry(Registry):
    """Reads what ``contents`` holds, wherever it was seen; a tag points to what it last did.

    Of that ``tell`` hears. Raises NeverSeenError for other manifests, NotHeldError for other blobs,
    and UnreachableError for what would write and for referrers: who refers to what is not kept.
    """

    def __init__(
        self, contents: ContentStore, layers: LayerStore, tell: OnUnconfirmed = ignore
    ) -> None:
        self._contents = contents
        self._layers = layers
        self._tell = tell

    def get_manifest(self, reference: Reference) -> Manifest:
        digest = reference.digest or self._last_seen(reference)
        held = self._contents.manifest(digest)
        if held is None:
            raise NeverSeenError(str(reference))
        return evolve(held, name=str(reference))

    def head_manifest(self, reference: Reference) -> Descriptor:
        return self.get_manifest(reference).descriptor()

    def tags(self, home: Home) -> tuple[str, ...]:
        seen = (each.reference for each in self._contents.latest())
        return tuple(
            reference.tag for reference in seen if reference.home == home and reference.tag
        )

    def referrers(self, reference: Reference) -> Never:
        reason = f"offline: what refers to {reference} is not kept, only layouts can be asked"
        raise UnreachableError(str(reference.home), reason)

    def head_blob(self, reference: Reference) -> int:
        size = self._layers.size(blob_digest(reference))
        return len(self._blob(reference)) if size is None else size

    @contextmanager
    def open_blob(self, reference: Reference, size: int) -> Iterator[Iterator[bytes]]:
        digest = blob_digest(reference)
        if self._layers.size(digest) is None:
            with open_bytes(self._blob(reference), reference, size) as chunks:
                yield chunks
        else:
            with self._layers.open(digest) as chunks:
                yield verified_chunks(chunks, digest, size, str(reference))

    def put_manifest(
        self,
        reference: Reference,
        manifest: Manifest,  # noqa: ARG002
        expected: Expectation | None = None,  # noqa: ARG002
    ) -> Never:
        _refuse(reference)

    def mount_blob(self, reference: Reference, origin: Home) -> Never:  # noqa: ARG002
        _refuse(reference)

    def write_blob(self, reference: Reference, size: int, source: BlobSource) -> Never:  # noqa: ARG002
        _refuse(reference)

    def _last_seen(self, reference: Reference) -> Digest:
        observation = self._contents.last_observation(reference)
        if observation is None:
            raise NeverSeenError(str(reference))
        self._tell(observation, None)
        return observation.digest

    def _blob(self, reference: Reference) -> bytes:
        data = self._contents.blob(blob_digest(reference))
        if data is None:
            raise NotCachedError((str(reference),))
        return data


def _refuse(reference: Reference) -> Never:
    raise UnreachableError(str(reference.home), f"offline: {reference} cannot be written")
