"""Copy an image or a list with all that it names."""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from attrs import evolve, frozen

from manyfest.domain.digests import Digest, verified
from manyfest.domain.errors import ManifestUnknownError, PartMissingError
from manyfest.domain.events import ManifestPut, OnEvent, TransferPlanned, ignore
from manyfest.domain.lists.platform_selection import require_platform, restricted_to
from manyfest.domain.manifests import Manifest
from manyfest.domain.operations.resolve import Resolved, resolve, with_config
from manyfest.domain.operations.steps.conditional_put import TagDigests
from manyfest.domain.operations.steps.find_referrers import Referrer, all_referrers
from manyfest.domain.operations.steps.missing_children import (
    children_in_place,
    missing_children,
    repairs,
)
from manyfest.domain.operations.steps.record import record
from manyfest.domain.operations.steps.transfer import (
    BlobCopy,
    ManifestCopy,
    blob_copies,
    copy_blob,
    is_complete,
    put_copies,
)
from manyfest.domain.operations.steps.tree import Node, below, tree
from manyfest.domain.platforms import Platform
from manyfest.domain.ports import Ports
from manyfest.domain.ports.fan_out import FanOut
from manyfest.domain.ports.registry import BlobReader, ManifestReader, Registry
from manyfest.domain.references import Home, Reference


@frozen
class CopyPlan:
    """The writes of a copy from ``source`` to ``target``: blobs, ``below``, then ``manifest``.

    ``manifest`` is the source's own, or a list of some of its entries. ``current`` is the digest
    that ``target`` has before, as far as a HEAD tells. ``referrers`` are those that the target does
    not list yet; their manifests are in ``below``.
    """

    source: Resolved
    target: Reference
    manifest: Manifest
    current: Digest | None
    below: tuple[ManifestCopy, ...] = ()
    blobs: tuple[BlobCopy, ...] = ()
    referrers: tuple[Referrer, ...] = ()

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
        return not (self.blobs or self.below or self.writes_target)


def plan_copy(
    source: Reference,
    target: Reference,
    *,
    ports: Ports,
    platforms: Sequence[Platform] = (),
    with_referrers: bool = False,
) -> CopyPlan:
    """Plan the copy of ``source`` to ``target``. Writes nothing.

    With ``platforms``, only their entries are copied, with their attestations, in a new list. With
    ``with_referrers``, the referrers of the list and of its images are copied too; a new list has
    none. Uses the ports registry, contents, layers and fan_out.

    Raises ManifestUnknownError: the source; PartMissingError: a child, which the target lacks too;
    SizeMismatchError, DocumentError: such a child is not as its list describes it;
    NoSuchPlatformError; DigestMismatchError: ``target`` has another digest; what reading raises.
    """
    registry = ports.registry
    found = resolve(source, registry)
    manifest = _chosen(found, platforms, registry)
    if target.digest is not None:
        verified(manifest.data, target.digest, None, str(target))
    tags = TagDigests(registry)
    if source.home == target.home:
        look, children = partial(tags.at, target), children_in_place(target, manifest)
        missing = missing_children(children, ports=ports, meanwhile=[look])
        copies = repairs(missing, ports=ports)
        return CopyPlan(found, target, manifest, look(), copies, blob_copies(copies))
    current = tags.at(target)
    top = Node(source.at(manifest.digest), manifest)
    nodes = tuple(below(source, manifest, registry))
    subjects = nodes if manifest is not found.manifest else (*nodes, top)
    referrers = (
        _new_referrers(subjects, target.home, registry, ports.fan_out) if with_referrers else ()
    )
    lacking = partial(_lacking, source=source, target=target.home, registry=registry)
    copies = _present(ports.fan_out(lacking, (*nodes, *_trees(referrers, registry))))
    own = () if manifest.is_list else _present([lacking(top)])
    return CopyPlan(
        found, target, manifest, current, copies, blob_copies((*copies, *own)), referrers
    )


def copy(
    plan: CopyPlan,
    *,
    ports: Ports,
    on_event: OnEvent = ignore,
) -> None:
    """Execute ``plan``: children before parents, the tag last; then record it.

    If it fails, the tag keeps its digest. Content that is there already is not written again. Uses
    the ports registry, contents, fan_out and now. Raises what writing raises, and StoreError once
    all is copied.
    """
    blobs, size = len(plan.blobs), sum(blob.size for blob in plan.blobs)
    on_event(TransferPlanned(blobs, size, len(plan.below) + plan.writes_target))
    ports.fan_out(partial(copy_blob, registry=ports.registry, on_event=on_event), plan.blobs)
    put_copies(plan.below, ports.registry, ports.fan_out, on_event)
    if plan.writes_target:
        ports.registry.put_manifest(plan.target, plan.manifest)
        on_event(ManifestPut(plan.target))
    with ports.contents.transaction():
        record(ports.contents, _read_and_written(plan), ports.now)


def _chosen(found: Resolved, platforms: Sequence[Platform], blobs: BlobReader) -> Manifest:
    """The manifest to copy; an image is copied whole or not at all."""
    if not platforms or found.manifest.is_list:
        return restricted_to(found.manifest, platforms, str(found.reference))
    require_platform(platforms, with_config(found, blobs).platform, str(found.reference))
    return found.manifest


def _new_referrers(
    subjects: Iterable[Node], target: Home, registry: Registry, fan_out: FanOut
) -> tuple[Referrer, ...]:
    found = all_referrers([node.source for node in subjects], target, registry, fan_out)
    return tuple(referrer for referrer in found if not referrer.is_listed)


def _trees(referrers: Iterable[Referrer], registry: ManifestReader) -> Iterator[Node]:
    for referrer in referrers:
        *under, itself = tree(referrer.source, referrer.media_type, registry)
        yield from under
        yield evolve(itself, is_new=True)  # the target may have it, but does not list it


def _lacking(
    node: Node, source: Reference, target: Home, registry: Registry
) -> ManifestCopy | None:
    there = Reference(target, None, node.source.digest)
    if not node.is_new and is_complete(there, registry):
        return None
    try:
        return ManifestCopy(node.source, there, node.read(registry))
    except ManifestUnknownError as error:
        platform = node.listed and node.listed.platform
        shown = str(platform) if platform else ""
        raise PartMissingError(str(source), str(node.source), shown) from error


def _present(copies: Iterable[ManifestCopy | None]) -> tuple[ManifestCopy, ...]:
    return tuple({copy.target: copy for copy in copies if copy is not None}.values())


def _read_and_written(plan: CopyPlan) -> Iterator[Resolved]:
    yield plan.source
    yield Resolved(plan.target, plan.manifest)
    for copied in plan.below:
        yield Resolved(copied.target, copied.manifest)
