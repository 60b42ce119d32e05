"""Copy an image or a list with all that it names."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial

from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest, verified
from manyfest.domain.errors import (
    RefusedError,
    SparseRefusedError,
    reason_text,
)
from manyfest.domain.events import ManifestPut, OnEvent, TransferPlanned, ignore
from manyfest.domain.lists.distributable_blobs import foreign_layers
from manyfest.domain.lists.platform_selection import require_platform, restricted_to
from manyfest.domain.lists.referrers import AttachedMode
from manyfest.domain.manifests import Manifest
from manyfest.domain.operations.attached.copies import (
    NO_COPIES,
    AttachedCopies,
    look_for_attached,
    plan_attached,
)
from manyfest.domain.operations.attached.find import may_be_subject
from manyfest.domain.operations.attached.put import Brought, put_attached
from manyfest.domain.operations.resolve import Resolved, resolve, with_config
from manyfest.domain.operations.steps.conditional_put import TagDigests
from manyfest.domain.operations.steps.lacking import look_at_target
from manyfest.domain.operations.steps.late_copy import LateCopy, bring_late
from manyfest.domain.operations.steps.metered_reader import MeteredReader
from manyfest.domain.operations.steps.missing_children import (
    Child,
    children_in_place,
    missing_children,
    repairs,
)
from manyfest.domain.operations.steps.put_manifest import put_manifest
from manyfest.domain.operations.steps.record import record
from manyfest.domain.operations.steps.transfer import (
    BlobCopy,
    Copy,
    ManifestCopy,
    blob_copies,
    copy_blob,
    manifest_copies,
    put_copies,
)
from manyfest.domain.operations.steps.tree import Node, below
from manyfest.domain.platforms import Platform
from manyfest.domain.ports import Ports
from manyfest.domain.ports.fan_out import Remembered
from manyfest.domain.ports.registry import BlobReader, Registry
from manyfest.domain.references import Reference, Repository
from manyfest.domain.values import frozen


@frozen
class CopyRules:
    """The choices of a copy, or of each copy of a repository's tags.

    With ``platforms``, only their entries are copied, with their attestations, in a new list; if it
    ``is_sparse``, in the source's own list, which then names images that the target lacks. Foreign
    layers, those with ``urls``, are copied ``with_foreign``. ``with_blobs`` asks for those that the
    target has lost, too (``lost_blobs``). Of tags, only what was created ``since`` a time, or
    within such a duration, is copied, or has no date; a time without a zone is in UTC.
    """

    platforms: tuple[Platform, ...] = ()
    attached: AttachedMode = AttachedMode.TRY
    with_foreign: bool = False
    is_sparse: bool = False
    with_blobs: bool = False
    is_dry_run: bool = False
    since: datetime | timedelta | None = None


@frozen
class CopyPlan:
    """The writes of a copy from ``source`` to ``target``: blobs, ``below``, then ``manifest``.

    ``manifest`` is the source's own, or a list of some of its entries. ``current`` is the digest
    that ``target`` has before, as far as a HEAD tells. Before the tag comes what is ``attached``;
    what that lists is in ``below``. ``left`` are entries that stay behind, since nothing can be
    verified against their digests. ``absent`` are entries that the target's list names and does
    not get: the copy is sparse. ``late`` images are read when they are written, with their foreign
    layers if ``with_foreign``.
    """

    source: Resolved
    target: Reference
    manifest: Manifest
    current: Digest | None
    below: tuple[ManifestCopy, ...] = ()
    blobs: tuple[BlobCopy, ...] = ()
    attached: AttachedCopies = NO_COPIES
    left: tuple[Reference, ...] = ()
    absent: tuple[Descriptor, ...] = ()
    late: tuple[LateCopy, ...] = ()
    with_foreign: bool = False

    @property
    def changes_digest(self) -> bool:
        """Whether the target gets another digest than the source has."""
        return self.manifest is not self.source.manifest

    @property
    def writes_target(self) -> bool:
        """Whether the target has another digest before."""
        return self.current != self.manifest.digest

    @property
    def writes_nothing(self) -> bool:
        """Whether the target has everything already."""
        attached = self.attached.manifests
        return not (self.blobs or self.below or self.late or attached or self.writes_target)

    @property
    def foreign_layers(self) -> tuple[Descriptor, ...]:
        """The foreign layers of what is written that do not come along."""
        written = (*(copy.manifest for copy in self.manifests), self.manifest)
        brought = {blob.target.digest for blob in (*self.blobs, *self.attached.blobs)}
        layers = () if self.writes_nothing else foreign_layers(written)
        return tuple(layer for layer in layers if layer.digest not in brought)

    @property
    def manifests(self) -> Iterator[ManifestCopy]:
        """All manifests to be put but the target's own."""
        yield from (*self.below, *self.attached.below, *self.attached.manifests)


def plan_copy(
    source: Reference,
    target: Reference,
    rules: CopyRules,
    *,
    ports: Ports,
    found: Resolved | None = None,
) -> CopyPlan:
    """Plan the copy of ``source``, as it was ``found`` if it is read already, to ``target``.

    Writes nothing.

    What is attached to the list and to its images comes along to another home; to a new list
    nothing is. Uses the ports registry, contents, layers and fan_out.

    Raises ManifestUnknownError: the source; PartMissingError: a child, which the target lacks too;
    SizeMismatchError, DocumentError: such a child is not as its list describes it;
    NoSuchPlatformError; DigestMismatchError: ``target`` has another digest; TooManyBytesError; what
    reading raises.
    """
    registry = ports.registry
    found = found or resolve(source, registry)
    selected = chosen(found, rules.platforms, registry)
    manifest = found.manifest if rules.is_sparse else selected
    attached, with_foreign = rules.attached, rules.with_foreign
    if target.digest is not None:
        verified(manifest.data, target.digest, None, str(target))
    if source.home == target.home:
        return _plan_in_place(found, target, manifest, ports=ports, with_foreign=with_foreign)
    tags, reader = TagDigests(registry), MeteredReader(registry, str(source))
    top = Node(source.at(manifest.digest), manifest)
    nodes = tuple(below(source, selected, reader))
    subjects = nodes if manifest is not found.manifest else (*nodes, top)
    subjects = tuple(filter(may_be_subject, subjects))
    look_at = look_at_target(
        source, target.home, nodes, registry, reader, with_foreign=with_foreign
    )
    first = () if manifest.is_list else (top,)
    rest = (node for node in nodes if node.is_verifiable)
    looks = Remembered(look_at, [*first, *rest])
    there = look_for_attached(
        subjects, attached, ports=ports, meanwhile=[partial(tags.at, target), *looks.calls]
    )
    late = tuple(each for each in looks.results if isinstance(each, LateCopy))
    results = [None if isinstance(each, LateCopy) else each for each in looks.results]
    own, copies = results[: len(first)], _present(results[len(first) :])
    brought = plan_attached(there, target.home, attached, ports=ports, with_foreign=with_foreign)
    blobs = blob_copies((*copies, *_present(own)), with_foreign=with_foreign)
    left = tuple(node.source for node in nodes if not node.is_verifiable)
    below_it, kept = manifest_copies(copies), set(selected.entries)
    absent = tuple(entry for entry in manifest.entries if entry not in kept)
    writes = tags.at(target), below_it, blobs, brought
    return CopyPlan(found, target, manifest, *writes, left, absent, late, with_foreign)


def _plan_in_place(
    source: Resolved, target: Reference, manifest: Manifest, *, ports: Ports, with_foreign: bool
) -> CopyPlan:
    """Plan a copy within a home, which has the content: only what it has lost is to be written."""
    look = partial(TagDigests(ports.registry).at, target)
    children = children_in_place(target, manifest)
    if not (manifest.is_list or isinstance(target.home, Repository)):
        children = (Child(manifest.descriptor(), target, target.home),)  # its blobs are files
    missing = missing_children(children, ports=ports, meanwhile=[look])
    copies = repairs(missing, ports=ports)
    repaired = manifest_copies(copies), blob_copies(copies, with_foreign=with_foreign)
    return CopyPlan(source, target, manifest, look(), *repaired, with_foreign=with_foreign)


def copy(plan: CopyPlan, *, ports: Ports, on_event: OnEvent = ignore) -> Brought:
    """Execute ``plan`` as ``write``, and record it.

    Uses the ports registry, contents, fan_out, pause and now. Raises what writing raises, and
    StoreError once all is copied.
    """
    brought = write(plan, ports=ports, on_event=on_event)
    with ports.contents.transaction():
        record(ports.contents, read_and_written(plan, brought), ports.now)
    return brought


def write(plan: CopyPlan, *, ports: Ports, on_event: OnEvent = ignore) -> Brought:
    """Write as ``plan`` says: children before parents, subjects before referrers, the tag last.

    Returns what of the attached did not come, although it was tried again. If it fails, the tag
    keeps its digest. Content that is there already is not written again. Uses the ports registry,
    fan_out and pause. Raises what writing raises.
    """
    blobs = (*plan.blobs, *plan.attached.blobs)
    size, manifests = sum(blob.size for blob in blobs), len([*plan.manifests, *plan.late])
    on_event(TransferPlanned(len(blobs), size, manifests + plan.writes_target))
    if plan.absent and plan.writes_target:
        _require_taken_sparse(plan, ports.registry)
    ports.fan_out(partial(copy_blob, registry=ports.registry, on_event=on_event), plan.blobs)
    named, with_foreign = str(plan.source.reference), plan.with_foreign
    bring_late(plan.late, named, ports=ports, with_foreign=with_foreign, on_event=on_event)
    put_copies(plan.below, ports.registry, ports.fan_out, on_event)
    place = plan.target.at(plan.manifest.digest)
    is_subject = plan.writes_target and plan.attached.are_about(place)
    if is_subject:
        put_manifest(ports.registry, place, plan.manifest)
    brought = put_attached(plan.attached, ports=ports, on_event=on_event)
    if plan.writes_target:
        if not is_subject or plan.target != place:
            put_manifest(ports.registry, plan.target, plan.manifest)
        on_event(ManifestPut(plan.target))
    return brought


def _require_taken_sparse(plan: CopyPlan, registry: Registry) -> None:
    """Put the list by digest, before anything else: a registry may refuse one with absent images.

    Raises SparseRefusedError.
    """
    try:
        registry.put_manifest(plan.target.at(plan.manifest.digest), plan.manifest)
    except RefusedError as error:
        reason = reason_text(error)
        raise SparseRefusedError(error.host, str(plan.target), reason, error.status) from error


def chosen(found: Resolved, platforms: Sequence[Platform], blobs: BlobReader) -> Manifest:
    """Return the manifest to copy; an image is copied whole or not at all."""
    if not platforms or found.manifest.is_list:
        return restricted_to(found.manifest, platforms, str(found.reference))
    require_platform(platforms, with_config(found, blobs).platform, str(found.reference))
    return found.manifest


def _present(copies: Iterable[Copy | None]) -> tuple[Copy, ...]:
    return tuple(copy for copy in copies if copy is not None)


def read_and_written(plan: CopyPlan, brought: Brought) -> Iterator[Resolved]:
    """Yield what an executed plan read and wrote, to be recorded."""
    yield plan.source
    yield Resolved(plan.target, plan.manifest)
    for copied in plan.manifests:
        if copied.target not in brought.lost:
            yield Resolved(copied.target, copied.manifest)
