"""Put a past state back under its tag, if the tag is as it was recorded last."""

from collections.abc import Iterator, Sequence
from functools import partial

from attr import evolve

from manyfest.domain.digests import Digest
from manyfest.domain.errors import (
    BlobUnknownError,
    ManyfestError,
    PartMissingError,
    RetaggedError,
)
from manyfest.domain.expectations import Expectation
from manyfest.domain.history.observation import Observation
from manyfest.domain.history.revision import (
    StateSelector,
    index_before,
    index_of,
    last_seen,
)
from manyfest.domain.lists.distributable_blobs import distributable_blobs
from manyfest.domain.manifests import Manifest
from manyfest.domain.operations.resolve import Resolved
from manyfest.domain.operations.steps.conditional_put import (
    conditional_put,
    current_digest,
)
from manyfest.domain.operations.steps.missing_children import (
    children_in_place,
    missing_children,
    repairs,
)
from manyfest.domain.operations.steps.record import record
from manyfest.domain.operations.steps.stored_blobs import StoredBlobs
from manyfest.domain.operations.steps.transfer import (
    BlobCopy,
    ManifestCopy,
    blob_copies,
    copy_blob,
    manifest_copies,
    put_copies,
)
from manyfest.domain.ports import Ports
from manyfest.domain.ports.registry import BlobReader
from manyfest.domain.references import Reference
from manyfest.domain.values import frozen


@frozen
class UndoPlan:
    """``manifest`` is to be put under ``tag``, which points to ``current`` (None: it is gone).

    ``blobs`` and ``children`` are those that the registry lost and the store has; they come first.
    """

    tag: Reference
    manifest: Manifest
    current: Digest | None
    blobs: tuple[BlobCopy, ...] = ()
    children: tuple[ManifestCopy, ...] = ()

    @property
    def moves_tag(self) -> bool:
        """Whether the tag points elsewhere before."""
        return self.current != self.manifest.digest

    @property
    def is_empty(self) -> bool:
        """Whether the tag points to it already, and all that it names is there."""
        return not (self.moves_tag or self.blobs or self.children)


def plan_undo(
    tag: Reference,
    wanted: StateSelector | None = None,
    *,
    ports: Ports,
) -> UndoPlan:
    """Plan to put the ``wanted`` state back under ``tag``. Writes nothing.

    By default it is the state before the present one, as seen from here: a state that only a bundle
    claims has to be named. Of a tag that is gone, or was taken away from here, it is the last one.
    Uses the ports registry, contents, layers and fan_out. Raises NeverSeenError, NoSuchStateError,
    RemovedStateError, OnlyClaimedError: the store has no such state; TagMovedError: the tag is not
    as it was recorded last (RetaggedError: as gone); PartMissingError: content of the state is in
    neither registry nor store; what reading raises.
    """
    history = ports.contents.history(tag)
    current = current_digest(tag, ports.registry) if history else None
    number = _number_of(wanted, tag, history, is_gone=current is None)
    digest = history[number].digest
    past = evolve(tag, digest=digest)
    manifest = ports.contents.manifest(digest) or ports.registry.get_manifest(past)
    if current is not None and current != digest:
        _require_recorded(tag, current, history, is_named=wanted is not None)
    missing = missing_children(children_in_place(past, manifest), ports=ports)
    copies = repairs(missing, ports=ports)
    blobs = (*blob_copies(copies), *_missing_blobs(past, manifest, ports))
    children = manifest_copies(copies)
    return UndoPlan(tag, manifest, current, blobs, children)


def _number_of(
    wanted: StateSelector | None,
    tag: Reference,
    history: Sequence[Observation],
    *,
    is_gone: bool,
) -> int:
    if wanted is not None:
        return index_of(wanted, tag, history)
    was_removed = bool(history) and history[0].is_removal
    if history and (is_gone or was_removed) and not (last := last_seen(history)).is_claimed:
        return history.index(last)
    return index_before(tag, history)


def _require_recorded(
    tag: Reference, current: Digest, history: Sequence[Observation], *, is_named: bool
) -> None:
    """Check that ``current`` was seen from here last; for a named state a bundle may claim it.

    Raises TagMovedError, RetaggedError.
    """
    newest, seen = history[0], last_seen(history).digest
    if newest.is_removal and current != seen:
        raise RetaggedError(str(tag), str(current))
    if not (is_named and current == newest.digest):
        Expectation(seen).check(tag, current)


def undo(plan: UndoPlan, *, ports: Ports) -> None:
    """Put the state back and record it: it is the newest state then.

    The state that it replaces becomes the previous one, so undoing twice changes nothing. Uses the
    ports registry, contents, fan_out, pause and clock. Raises TagMovedError, what writing raises,
    and StoreError: it is put back, but not recorded.
    """
    ports.fan_out(partial(copy_blob, registry=ports.registry), plan.blobs)
    put_copies(plan.children, ports.registry, ports.fan_out)
    if plan.moves_tag:
        expected = Expectation(plan.current)
        conditional_put(plan.tag, plan.manifest, expected, ports=ports)
    with ports.contents.transaction():
        record(ports.contents, [Resolved(plan.tag, plan.manifest)], ports.clock())


def _missing_blobs(past: Reference, manifest: Manifest, ports: Ports) -> Iterator[BlobCopy]:
    """Yield the blobs of an image that the registry lost. Raises PartMissingError: the store, too.

    Without them, registries refuse the image or serve it broken.
    """
    stored = StoredBlobs(ports.contents, ports.layers, with_layers=True)
    blobs = tuple(distributable_blobs(manifest))
    references = [past.at(blob.digest) for blob in blobs]
    lost = ports.fan_out(partial(_is_lost, registry=ports.registry), references)
    lacking = frozenset(stored.knowing([manifest]).lacking(manifest)) if any(lost) else ()
    for blob, reference, is_lost in zip(blobs, references, lost, strict=True):
        if is_lost and blob.digest in lacking:
            raise PartMissingError(str(past), str(reference))
        if is_lost:
            yield BlobCopy(reference, reference, blob.size)


def _is_lost(blob: Reference, registry: BlobReader) -> bool:
    """Whether the registry confirms that it lacks the blob; any other failure decides nothing."""
    try:
        registry.head_blob(blob)
    except BlobUnknownError:
        return True
    except ManyfestError:
        return False
    return False
