"""The reads of a merge: tags by HEAD and digest, and the intents that are visible.

See ``merge`` for the protocol that they serve.
"""

from collections.abc import Mapping
from contextlib import suppress

from attr import field

from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.errors import (
    AccessError,
    ConflictError,
    ManifestUnknownError,
    NotFoundError,
    RefusedError,
)
from manyfest.domain.expectations import Expectation
from manyfest.domain.manifests import Manifest
from manyfest.domain.merging.intent import Intent, intent_prefix, parse_intent
from manyfest.domain.operations.drafts.create import contribution
from manyfest.domain.operations.resolve import Resolved, with_config
from manyfest.domain.ports import Ports
from manyfest.domain.ports.registry import Registry
from manyfest.domain.references import Layout, Reference
from manyfest.domain.values import frozen


@frozen
class TagState:
    """The manifest of a tag and its entries; an image counts as one entry."""

    manifest: Manifest | None = None
    entries: tuple[Descriptor, ...] = ()

    @property
    def digest(self) -> Digest | None:
        """The digest of the manifest."""
        return self.manifest.digest if self.manifest else None


class TagReader:
    """Reads the current manifests of tags, each digest once. Thread-safe."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._known: dict[Digest, Manifest] = {}

    def current(self, target: Reference) -> TagState:
        """Return the state of a tag."""
        manifest = self.manifest(target)
        if manifest is None or manifest.is_list:
            return TagState(manifest, manifest.entries if manifest else ())
        image = with_config(Resolved(target, manifest), self._registry)
        return TagState(manifest, tuple(entry.found for entry in contribution(image)))

    def manifest(self, reference: Reference) -> Manifest | None:
        """Return the manifest of a tag, by the digest that a HEAD tells; None if there is none."""
        with suppress(ManifestUnknownError):
            digest = self._registry.head_manifest(reference).digest
            with suppress(ManifestUnknownError):
                return self._by_digest(reference, digest)
            return self._registry.get_manifest(reference)  # the tag moved, the old manifest is gone
        return None

    def _by_digest(self, reference: Reference, digest: Digest) -> Manifest:
        if digest not in self._known:
            self._known[digest] = self._registry.get_manifest(reference.at(digest))
        return self._known[digest]


@frozen
class Intents:
    """The visible intents, and our own unless another took its place.

    A registry that does not list our own lists tags late, and may hide those of others.
    ``misdated`` are those of the future, which do not count.
    """

    all: tuple[Intent, ...]
    is_own_listed: bool = True
    misdated: Mapping[Reference, Intent] = field(factory=dict)


def visible_intents(target: Reference, own: Intent, tags: TagReader, *, ports: Ports) -> Intents:
    """Read the intents for ``target``; ``own`` is ours.

    Uses the ports registry, fan_out and registry_clock.
    """
    if isinstance(target.home, Layout):
        return Intents((own,))
    prefix, place = intent_prefix(own.tag), own.reference(target)
    listed = {
        target.tagged(tag) for tag in ports.registry.tags(target.home) if tag.startswith(prefix)
    }
    places = tuple(sorted({*listed, place}, key=str))
    found = dict(zip(places, ports.fan_out(tags.manifest, places), strict=True))
    read = {at: parse_intent(manifest, own.tag) for at, manifest in found.items() if manifest}
    now = ports.registry_clock(target.home)
    young = {at: intent for at, intent in read.items() if intent and intent.is_live(now)}
    misdated = {at: intent for at, intent in read.items() if intent and intent.is_after(now)}
    return Intents(tuple({place: own, **young}.values()), place in listed, misdated)


def retire(
    misdated: Mapping[Reference, Intent],
    own: Mapping[Reference, Intent],
    tags: TagReader,
    *,
    ports: Ports,
) -> None:
    """Replace intents of the future by our own or by expired ones, if the registry lets us.

    Each is read again just before, since its writer may have replaced it. Uses the ports registry
    and registry_clock.
    """
    for at, found in misdated.items():
        right = own.get(at) or found.expired(ports.registry_clock(at.home))
        with suppress(ConflictError, NotFoundError, AccessError, RefusedError):
            current = tags.manifest(at)
            if current and parse_intent(current, found.tag) == found:
                ports.registry.put_manifest(at, right.manifest, Expectation(current.digest))
