"""Put a past state back under its tag, if the tag is as it was recorded last."""

from functools import partial

from attrs import evolve, frozen

from manyfest.domain.digests import Digest
from manyfest.domain.errors import BlobUnknownError, ManifestUnknownError, PartMissingError
from manyfest.domain.expectations import Expectation
from manyfest.domain.history.revision import StateSelector, index_of
from manyfest.domain.manifests import Manifest
from manyfest.domain.operations.resolve import Resolved
from manyfest.domain.operations.steps.conditional_put import (
    conditional_put,
    current_digest,
)
from manyfest.domain.operations.steps.record import record
from manyfest.domain.operations.steps.tree import below
from manyfest.domain.ports import Ports
from manyfest.domain.ports.registry import Registry
from manyfest.domain.references import Layout, Reference
from manyfest.domain.verification.evaluation import Located

PREVIOUS = StateSelector("1", 1)


@frozen
class UndoPlan:
    """``manifest`` is to be put under ``tag``, which points to ``current`` before."""

    tag: Reference
    manifest: Manifest
    current: Digest

    @property
    def is_empty(self) -> bool:
        """Whether the tag points to it already."""
        return self.current == self.manifest.digest


def plan_undo(
    tag: Reference,
    wanted: StateSelector = PREVIOUS,
    *,
    ports: Ports,
) -> UndoPlan:
    """Plan to put the ``wanted`` state back under ``tag``. Writes nothing.

    Uses the ports registry, contents and fan_out. Raises NeverSeenError, NoSuchStateError: the
    store has no such state; TagMovedError: the tag is not as it was recorded last;
    PartMissingError: content of the state is gone from the registry; what reading raises.
    """
    history = ports.contents.history(tag)
    number = index_of(wanted, tag, history)
    last, digest = history[0].digest, history[number].digest
    past = evolve(tag, digest=digest)
    manifest = ports.contents.manifest(digest) or ports.registry.get_manifest(past)
    current = current_digest(tag, ports.registry)
    if current == digest:
        return UndoPlan(tag, manifest, digest)
    Expectation(last).check(tag, current)
    _require_parts(past, manifest, ports)
    return UndoPlan(tag, manifest, last)


def undo(plan: UndoPlan, *, ports: Ports) -> None:
    """Put the state back and record it: it is the newest state then.

    The state that it replaces becomes the previous one, so undoing twice changes nothing. Uses the
    ports registry, contents, pause and clock. Raises TagMovedError, what writing raises, and
    StoreError: it is put back, but not recorded.
    """
    if not plan.is_empty:
        expected = Expectation(plan.current)
        conditional_put(plan.tag, plan.manifest, expected, ports=ports)
    with ports.contents.transaction():
        record(ports.contents, [Resolved(plan.tag, plan.manifest)], ports.clock())


def _require_parts(past: Reference, manifest: Manifest, ports: Ports) -> None:
    """Check all that it names: without it, registries refuse the manifest or serve it broken."""
    try:
        images = [node.source for node in below(past, manifest, ports.registry)]
        ports.fan_out(partial(_require_image, registry=ports.registry), images)
        ports.fan_out(ports.registry.head_blob, _blobs(past, manifest))
    except (ManifestUnknownError, BlobUnknownError) as error:
        raise PartMissingError(str(past), error.reference) from error


def _require_image(image: Reference, registry: Registry) -> None:
    """Check an image; a registry keeps its blobs, the files of a layout come and go."""
    registry.head_manifest(image)
    if isinstance(image.home, Layout):
        for blob in _blobs(image, registry.get_manifest(image)):
            registry.head_blob(blob)


def _blobs(image: Reference, manifest: Manifest) -> tuple[Reference, ...]:
    return tuple(image.at(blob.digest) for _, blob in Located(manifest).blobs)
