"""A registry without network: it answers from the store, with the last observations of tags."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Never

from attr import evolve

from manyfest.adapters.decorators.base import (
    Call,
    RegistryDecorator,
    Result,
    ignore,
)
from manyfest.adapters.registry_parts import blob_digest, open_verified
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest, verified_chunks
from manyfest.domain.errors import (
    NeverSeenError,
    NotCachedError,
    UnavailableError,
    UnreachableError,
)
from manyfest.domain.history.observation import Observation, replaced_look
from manyfest.domain.manifests import Manifest
from manyfest.domain.ports.content_store import ContentStore
from manyfest.domain.ports.layer_store import LayerStore
from manyfest.domain.references import Home, Reference

# As ``OnUnconfirmed``; the second observation is the look that a claim answers in place of.
OnAnswer = Callable[[Observation, UnavailableError | None, Observation | None], None]


class OfflineRegistry(RegistryDecorator):
    """Reads from ``contents`` and ``layers``, whichever home the content was read from.

    A tag points to what it pointed to at its last observation, which is reported to ``on_answer``.
    Referrers are those of the home; other homes that have some are reported to ``on_elsewhere``,
    with the subject. There is no registry to forward to: what is not read here is a write.

    Raises NeverSeenError: the store has no such manifest. NotCachedError: it has no such blob.
    UnreachableError: a write, or referrers of which the store has none.
    """

    def __init__(
        self,
        contents: ContentStore,
        layers: LayerStore,
        on_answer: OnAnswer = ignore,
        on_elsewhere: Callable[[Reference, tuple[Home, ...]], None] = lambda *_: None,
    ) -> None:
        self._contents = contents
        self._layers = layers
        self._on_answer = on_answer
        self._on_elsewhere = on_elsewhere

    def get_manifest(self, reference: Reference) -> Manifest:
        digest = reference.digest or self._last_digest(reference)
        manifest = self._contents.manifest(digest)
        if manifest is None:
            raise NeverSeenError(str(reference))
        return evolve(manifest, name=str(reference))

    def head_manifest(self, reference: Reference) -> Descriptor:
        return self.get_manifest(reference).descriptor()

    def probe_manifest(self, reference: Reference) -> Descriptor | None:
        with suppress(NeverSeenError):
            return self.head_manifest(reference)
        return None

    def is_manifest(self, reference: Reference) -> bool:
        return self._contents.manifest(blob_digest(reference)) is not None

    def tags(self, home: Home) -> tuple[str, ...]:
        return self._contents.tags_of(home)

    def referrers(self, reference: Reference) -> tuple[Descriptor, ...]:
        """Return the cached referrers of this home. Raises UnreachableError: none is known."""
        from manyfest.domain.operations.attached.cached import cached_referrers

        found, elsewhere = cached_referrers(reference, self._contents)
        if elsewhere:
            self._on_elsewhere(reference, elsewhere)
        if found:
            return found
        reason = f"offline: referrers of {reference} are not cached, only layouts can be read"
        raise UnreachableError(str(reference.home), reason)

    def lacks_referrers(self, home: Home) -> bool:  # noqa: ARG002 - no registry is asked
        return False

    def listed_referrers(self, reference: Reference) -> tuple[Descriptor, ...] | None:
        return self.referrers(reference)

    def head_blob(self, reference: Reference) -> int:
        size = self._layers.size(blob_digest(reference))
        return len(self._blob(reference)) if size is None else size

    def probe_blob(self, reference: Reference) -> int | None:
        with suppress(NotCachedError):
            return self.head_blob(reference)
        return None

    @contextmanager
    def open_blob(self, reference: Reference, size: int) -> Iterator[Iterator[bytes]]:
        digest = blob_digest(reference)
        if self._layers.size(digest) is None:
            with open_verified(self._blob(reference), reference, size) as chunks:
                yield chunks
        else:
            with self._layers.open(digest) as chunks:
                yield verified_chunks(chunks, digest, size, str(reference))

    def open_foreign_layer(
        self,
        reference: Reference,
        size: int,
        urls: tuple[str, ...],  # noqa: ARG002 - nothing is asked
    ) -> AbstractContextManager[Iterator[bytes]]:
        return self.open_blob(reference, size)

    def _forward(self, reference: Reference, call: Call[Result]) -> Never:  # noqa: ARG002
        raise UnreachableError(str(reference.home), f"offline: {reference} cannot be written")

    def _last_digest(self, reference: Reference) -> Digest:
        observation = self._contents.last_observation(reference)
        if observation is None:
            raise NeverSeenError(str(reference))
        history = self._contents.history(reference) if observation.is_claimed else ()
        self._on_answer(observation, None, replaced_look(observation, history))
        return observation.digest

    def _blob(self, reference: Reference) -> bytes:
        data = self._contents.blob(blob_digest(reference))
        if data is None:
            raise NotCachedError((str(reference),))
        return data
