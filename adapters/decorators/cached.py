"""A registry in front of another: content that the store has by digest is not fetched again.

Theory of operation. Three kinds of reads meet the store differently:

- *By digest* (manifests and blobs): the bytes cannot change, so the store answers without a
  request. Damaged bytes count as missing; the right ones come from the origin, and are recorded.
- *By tag*: the origin is asked, by HEAD if the store has the manifest of the last observation, so
  that only a manifest it lacks is transferred. ``cache_decision`` decides each step, and this
  module takes it: it reads the store and sends the request.
- *Heads* of manifests and blobs ask whether something exists at the origin, about which our own
  bytes say nothing: they are forwarded, and so are listings and writes. A manifest that the origin
  showed or took in this command exists there: a head of it by digest is answered without asking.

Nothing is stored here. Operations record what they read when the command has succeeded, and answers
that the registry did not confirm are not recorded as observations: those are reported to
``on_unconfirmed``, from which ``confirmed_observations`` knows them.

Two facts live as long as the command. A host that could not be reached, after a stale answer was
served in its place, is not waited for a second time; any other failure may be that of one
repository. And the manifests that the origin has, by its own word, are not asked for again; that of
a mirror says nothing about the origin. Threads share both dictionaries; at worst, two of them wait
for the same host, or ask for the same manifest, at once.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress

from attr import evolve

from manyfest.adapters.decorators.base import (
    Call,
    OnUnconfirmed,
    RegistryDecorator,
    Result,
    ignore,
)
from manyfest.adapters.decorators.cache_decision import (
    ALWAYS_ASK,
    Ask,
    Freshness,
    Get,
    KnownTag,
    ServeUnconfirmed,
    Step,
    TagFacts,
    after_failure,
    after_head,
    after_route,
    first_step,
)
from manyfest.adapters.registry_parts import blob_digest, open_verified
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.errors import DamagedStoreError, ManyfestError, UnreachableError
from manyfest.domain.expectations import Expectation
from manyfest.domain.manifests import Manifest
from manyfest.domain.ports.content_store import ContentStore
from manyfest.domain.ports.layer_store import LayerStore
from manyfest.domain.ports.registry import BlobReader, Registry
from manyfest.domain.references import Home, Reference, Repository

_KNOWN_LIMIT = 10_000  # manifests at origins; a command over 100,000 references stays small


class CachedRegistry(RegistryDecorator):
    """Reads by digest come from ``contents`` and ``layers`` where these have them.

    A tag is confirmed at ``origin``, unless ``freshness`` allows an answer without that; such an
    answer is reported to ``on_unconfirmed``. ``is_mirrored`` tells the tags for which a GET may
    reach a mirror while a HEAD reaches the origin: those are asked for by GET. It may raise
    BlockedError.
    """

    def __init__(
        self,
        origin: Registry,
        contents: ContentStore,
        layers: LayerStore,
        *,
        freshness: Freshness = ALWAYS_ASK,
        on_unconfirmed: OnUnconfirmed = ignore,
        is_mirrored: Callable[[Reference], bool] = lambda _: False,
    ) -> None:
        self._origin = origin
        self._contents = contents
        self._layers = layers
        self._freshness = freshness
        self._on_unconfirmed = on_unconfirmed
        self._is_mirrored = is_mirrored
        self._unreachable: dict[str, UnreachableError] = {}
        self._at_origin: dict[tuple[Home, Digest], Descriptor] = {}

    def get_manifest(self, reference: Reference) -> Manifest:
        if reference.digest is None:
            return self._read_tag(reference)
        stored = self._stored(reference.digest, reference)
        return stored or self._get(reference)

    def head_manifest(self, reference: Reference) -> Descriptor:
        known = self._known_at_origin(reference)
        return known or self._noted(reference, self._origin.head_manifest(reference))

    def probe_manifest(self, reference: Reference) -> Descriptor | None:
        known = self._known_at_origin(reference)
        found = known or self._origin.probe_manifest(reference)
        return found and self._noted(reference, found)

    def put_manifest(
        self, reference: Reference, manifest: Manifest, expected: Expectation | None = None
    ) -> None:
        self._origin.put_manifest(reference, manifest, expected)
        self._noted(reference, manifest.descriptor())

    def delete_tag(self, reference: Reference, expected: Expectation) -> bool:
        self._at_origin.clear()  # a registry may delete more than it was asked to
        return self._origin.delete_tag(reference, expected)

    def delete_manifest(self, reference: Reference) -> None:
        self._at_origin.clear()
        self._origin.delete_manifest(reference)

    def is_manifest(self, reference: Reference) -> bool:
        digest = blob_digest(reference)
        if self._stored(digest, reference) is not None:
            return True
        return self._layers.size(digest) is None and self._origin.is_manifest(reference)

    def open_blob(self, reference: Reference, size: int) -> AbstractContextManager[Iterator[bytes]]:
        digest = blob_digest(reference)
        with suppress(DamagedStoreError):
            if (data := self._contents.blob(digest)) is not None:
                return open_verified(data, reference, size)
        if self._layers.size(digest) == size:
            return self._layers.open(digest)
        return self._origin.open_blob(reference, size)

    def open_foreign_layer(
        self, reference: Reference, size: int, urls: tuple[str, ...]
    ) -> AbstractContextManager[Iterator[bytes]]:
        if self._layers.size(blob_digest(reference)) == size:
            return self._layers.open(blob_digest(reference))
        return self._origin.open_foreign_layer(reference, size, urls)

    def open_rest(
        self, reference: Reference, size: int, start: int, urls: tuple[str, ...] = ()
    ) -> AbstractContextManager[Iterator[bytes]]:
        if self._layers.size(blob_digest(reference)) == size:
            return BlobReader.open_rest(self, reference, size, start, urls)
        return self._origin.open_rest(reference, size, start, urls)

    def _forward(self, reference: Reference, call: Call[Result]) -> Result:
        return call(self._origin, reference)

    def _known_at_origin(self, reference: Reference) -> Descriptor | None:
        digest = reference.digest
        return self._at_origin.get((reference.home, digest)) if digest else None

    def _read_tag(self, reference: Reference) -> Manifest:
        tag = TagFacts(self._cached_tag(reference), self._unreachable.get(_host(reference)))
        step = first_step(tag, self._freshness)
        while not isinstance(step, Manifest):
            step = self._take(step, tag, reference)
        return step

    def _take(self, step: Step, tag: TagFacts, reference: Reference) -> Step:
        """Take a step, and return the next one; the last one is a manifest, or raises."""
        match step:
            case Ask.LOOK_UP_ROUTE:
                return after_route(is_mirrored=self._is_mirrored(reference))
            case ServeUnconfirmed(cached, error):
                if isinstance(error, UnreachableError):
                    self._unreachable[_host(reference)] = error
                self._on_unconfirmed(cached.observation, error)
                return cached.manifest
            case ManyfestError():
                raise step
        try:
            return self._request(step, reference)
        except ManyfestError as error:
            return after_failure(tag, self._freshness, step, error)

    def _request(self, step: Step, reference: Reference) -> Step:
        if isinstance(step, Get):
            target = reference if step.digest is None else reference.at(step.digest)
            return self._get(target)
        digest = self.head_manifest(reference).digest
        return after_head(digest, self._stored(digest, reference))

    def _get(self, reference: Reference) -> Manifest:
        manifest = self._origin.get_manifest(reference)
        if not self._is_mirrored(reference):
            self._noted(reference, manifest.descriptor())
        return manifest

    def _noted(self, reference: Reference, found: Descriptor) -> Descriptor:
        if len(self._at_origin) >= _KNOWN_LIMIT:
            self._at_origin.clear()
        self._at_origin[reference.home, found.digest] = found
        return found

    def _cached_tag(self, reference: Reference) -> KnownTag | None:
        with suppress(DamagedStoreError):
            observation = self._contents.last_observation(reference)
            if observation and (manifest := self._stored(observation.digest, reference)):
                return KnownTag(observation, manifest)
        return None

    def _stored(self, digest: Digest, reference: Reference) -> Manifest | None:
        """The manifest in the store, None if it is missing or damaged."""
        with suppress(DamagedStoreError):
            if manifest := self._contents.manifest(digest):
                return evolve(manifest, name=str(reference))
        return None


def _host(reference: Reference) -> str:
    home = reference.home
    return home.registry if isinstance(home, Repository) else str(home)
