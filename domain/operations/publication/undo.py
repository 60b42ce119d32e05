"""Putting a past state back under its tag, if the tag is still what was seen last."""

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
    """``manifest`` is to be put under ``tag``, which points to ``standing`` before."""

    tag: Reference
    manifest: Manifest
    standing: Digest

    @property
    def is_empty(self) -> bool:
        """Whether the tag points to it already."""
        return self.standing == self.manifest.digest


def plan_undo(
    tag: Reference,
    wanted: StateSelector = PREVIOUS,
    *,
    ports: Ports,
) -> UndoPlan:
    """What putting the ``wanted`` state back under ``tag`` writes. Writes nothing.

    Raises NeverSeenError, NoSuchStateError: the store knows of no such state; TagMovedError: the
    tag is not what was seen last; PartGoneError: what the state names is not there any more; what
    reading raises.
    """
    history = ports.contents.history(tag)
    number = index_of(wanted, tag, history)
    last, digest = history[0].digest, history[number].digest
    past = evolve(tag, digest=digest)
    manifest = ports.contents.manifest(digest) or ports.registry.get_manifest(past)
    standing = current_digest(tag, ports.registry)
    if standing == digest:
        return UndoPlan(tag, manifest, digest)
    Expectation(last).check(tag, standing)
    _require_parts(past, manifest, ports)
    return UndoPlan(tag, manifest, last)


def undo(plan: UndoPlan, *, ports: Ports) -> None:
    """Put the state back, and keep that it was: now it is the newest.

    What it replaces is the one before it then, so that undoing twice changes nothing. ``pause``
    waits so many seconds; ``clock`` tells the time in UTC. Raises TagMovedError, what writing
    raises, and StoreError: it is put back, but not noted.
    """
    if not plan.is_empty:
        expected = Expectation(plan.standing)
        conditional_put(plan.tag, plan.manifest, expected, ports=ports)
    with ports.contents.transaction():
        record(ports.contents, [Resolved(plan.tag, plan.manifest)], ports.clock())


def _require_parts(past: Reference, manifest: Manifest, ports: Ports) -> None:
    """All that it names must be there, or registries refuse it, or take it and it is broken."""
    try:
        images = [node.source for node in below(past, manifest, ports.registry)]
        ports.fan_out(partial(_require_image, registry=ports.registry), images)
        ports.fan_out(ports.registry.head_blob, _blobs(past, manifest))
    except (ManifestUnknownError, BlobUnknownError) as error:
        raise PartMissingError(str(past), error.reference) from error


def _require_image(image: Reference, registry: Registry) -> None:
    """A registry keeps the blobs of an image that it has; the files of a layout come and go."""
    registry.head_manifest(image)
    if isinstance(image.home, Layout):
        for blob in _blobs(image, registry.get_manifest(image)):
            registry.head_blob(blob)


def _blobs(image: Reference, manifest: Manifest) -> tuple[Reference, ...]:
    return tuple(image.at(blob.digest) for _, blob in Located(manifest).blobs)
