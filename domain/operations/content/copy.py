"""Copy an image or a list with all that it names."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

from attr import field

from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest, verified
from manyfest.domain.errors import ManifestUnknownError, PartMissingError
from manyfest.domain.events import ManifestPut, OnEvent, TransferPlanned, ignore
from manyfest.domain.lists.distributable_blobs import foreign_layers
from manyfest.domain.lists.platform_selection import require_platform, restricted_to
from manyfest.domain.manifests import Manifest
from manyfest.domain.operations.resolve import Resolved, resolve, with_config
from manyfest.domain.operations.steps.attached_copies import AttachedCopies, attached_copies
from manyfest.domain.operations.steps.conditional_put import TagDigests
from manyfest.domain.operations.steps.find_attached import find_attached, may_be_subject
from manyfest.domain.operations.steps.metered_reader import MeteredReader
from manyfest.domain.operations.steps.missing_children import (
    Child,
    children_in_place,
    missing_children,
    repairs,
)
from manyfest.domain.operations.steps.put_manifest import put_manifest
from manyfest.domain.operations.steps.put_referrers import ReferrerCopy, put_referrers
from manyfest.domain.operations.steps.record import record
from manyfest.domain.operations.steps.transfer import (
    BlobCopy,
    Copy,
    ManifestCopy,
    blob_copies,
    copy_blob,
    entry_blob,
    is_complete,
    manifest_copies,
    put_copies,
    put_copy,
)
from manyfest.domain.operations.steps.tree import Node, below, is_blob
from manyfest.domain.platforms import Platform
from manyfest.domain.ports import Ports
from manyfest.domain.ports.registry import BlobReader, ManifestReader, Registry
from manyfest.domain.references import Home, Reference, Repository
from manyfest.domain.values import frozen


@frozen
class CopyPlan:
    """The writes of a copy from ``source`` to ``target``: blobs, ``below``, then ``manifest``.

    ``manifest`` is the source's own, or a list of some of its entries. ``current`` is the digest
    that ``target`` has before, as far as a HEAD tells. Before the tag comes what is ``attached``;
    what that lists is in ``below``. ``left`` are entries that stay behind, since nothing can be
    verified against their digests.
    """

    source: Resolved
    target: Reference
    manifest: Manifest
    current: Digest | None
    below: tuple[ManifestCopy, ...] = ()
    blobs: tuple[BlobCopy, ...] = ()
    attached: AttachedCopies = field(factory=AttachedCopies)
    left: tuple[Reference, ...] = ()

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
        return not (self.blobs or self.below or attached or self.writes_target)

    @property
    def foreign_layers(self) -> tuple[Descriptor, ...]:
        """The foreign layers of what is written that do not come along."""
        written = (*(copy.manifest for copy in self.manifests), self.manifest)
        brought = {blob.target.digest for blob in self.blobs}
        layers = () if self.writes_nothing else foreign_layers(written)
        return tuple(layer for layer in layers if layer.digest not in brought)

    @property
    def manifests(self) -> Iterator[ManifestCopy]:
        """All manifests to be put but the target's own."""
        yield from (*self.below, *self.attached.manifests)


def plan_copy(
    source: Reference,
    target: Reference,
    *,
    ports: Ports,
    platforms: Sequence[Platform] = (),
    with_referrers: bool = False,
    with_foreign: bool = False,
) -> CopyPlan:
    """Plan the copy of ``source`` to ``target``. Writes nothing.

    With ``platforms``, only their entries are copied, with their attestations, in a new list. With
    ``with_referrers``, the referrers and digest tags of the list and of its images are copied too;
    a new list has none. ``with_foreign`` layers, those with ``urls``, they are copied, too. Uses
    the ports registry, contents, layers and fan_out.

    Raises ManifestUnknownError: the source; PartMissingError: a child, which the target lacks too;
    SizeMismatchError, DocumentError: such a child is not as its list describes it;
    NoSuchPlatformError; DigestMismatchError: ``target`` has another digest; TooManyBytesError; what
    reading raises.
    """
    registry = ports.registry
    reader = MeteredReader(registry, str(source))
    found = resolve(source, registry)
    manifest = chosen(found, platforms, registry)
    if target.digest is not None:
        verified(manifest.data, target.digest, None, str(target))
    tags = TagDigests(registry)
    if source.home == target.home:
        look, children = partial(tags.at, target), children_in_place(target, manifest)
        if not (manifest.is_list or isinstance(target.home, Repository)):
            children = (Child(manifest.descriptor(), target, target.home),)  # its blobs are files
        missing = missing_children(children, ports=ports, meanwhile=[look])
        copies = repairs(missing, ports=ports)
        repaired = manifest_copies(copies), blob_copies(copies, with_foreign=with_foreign)
        return CopyPlan(found, target, manifest, look(), *repaired)
    top = Node(source.at(manifest.digest), manifest)
    nodes = tuple(below(source, manifest, reader))
    attached = AttachedCopies()
    if with_referrers:
        subjects = nodes if manifest is not found.manifest else (*nodes, top)
        there = find_attached(
            tuple(filter(may_be_subject, subjects)),
            registry=registry,
            reader=MeteredReader(registry, str(source)),
            fan_out=ports.fan_out,
        )
        if there.failures:
            raise there.failures[0]
        attached = attached_copies(there, target.home, registry=registry, fan_out=ports.fan_out)
    lacking = partial(_lacking, source=source, target=target.home, registry=registry, reader=reader)
    if with_foreign:
        lacking = partial(_lacking_with_foreign, lacking, target.home, registry, reader)
    everything = (*nodes, *attached.nodes_below(reader))

    def look_up(node: Node | None) -> Copy | None:
        """Ask for a node, or (None) for the target's tag: all in one round trip."""
        if node is None:
            tags.at(target)
            return None
        return lacking(node)

    first = (None,) if manifest.is_list else (None, top)
    rest = (node for node in everything if node.is_verifiable)
    answers = ports.fan_out(look_up, [*first, *rest])
    own, copies = _present(answers[: len(first)]), _present(answers[len(first) :])
    blobs = blob_copies((*copies, *own, *attached.manifests), with_foreign=with_foreign)
    left = tuple(node.source for node in nodes if not node.is_verifiable)
    below_it = manifest_copies(copies)
    return CopyPlan(found, target, manifest, tags.at(target), below_it, blobs, attached, left)


def copy(
    plan: CopyPlan,
    *,
    ports: Ports,
    on_event: OnEvent = ignore,
) -> tuple[ReferrerCopy, ...]:
    """Execute ``plan``: children before parents, subjects before referrers, the tag last.

    Then record it. Returns the referrers that were put and that the target does not list, although
    they were put again. If it fails, the tag keeps its digest. Content that is there already is not
    written again. Uses the ports registry, contents, fan_out, pause and now. Raises what writing
    raises, and StoreError once all is copied.
    """
    blobs, size = len(plan.blobs), sum(blob.size for blob in plan.blobs)
    on_event(TransferPlanned(blobs, size, len(tuple(plan.manifests)) + plan.writes_target))
    ports.fan_out(partial(copy_blob, registry=ports.registry, on_event=on_event), plan.blobs)
    put_copies(plan.below, ports.registry, ports.fan_out, on_event)
    unlisted = _put_attached(plan, ports, on_event)
    if plan.writes_target:
        put_manifest(ports.registry, plan.target, plan.manifest)
        on_event(ManifestPut(plan.target))
    with ports.contents.transaction():
        record(ports.contents, _read_and_written(plan), ports.now)
    return unlisted


def _put_attached(plan: CopyPlan, ports: Ports, on_event: OnEvent) -> tuple[ReferrerCopy, ...]:
    """Put digest tags and referrers; before these, by digest, their subject if that is new."""
    place, registry = plan.target.at(plan.manifest.digest), ports.registry
    if plan.writes_target and any(each.subject == place for each in plan.attached.referrers):
        put_manifest(registry, place, plan.manifest)
    ports.fan_out(partial(put_copy, registry=registry, on_event=on_event), plan.attached.tags)
    return put_referrers(plan.attached.referrers, ports=ports, on_event=on_event)


def chosen(found: Resolved, platforms: Sequence[Platform], blobs: BlobReader) -> Manifest:
    """Return the manifest to copy; an image is copied whole or not at all."""
    if not platforms or found.manifest.is_list:
        return restricted_to(found.manifest, platforms, str(found.reference))
    require_platform(platforms, with_config(found, blobs).platform, str(found.reference))
    return found.manifest


def _lacking(
    node: Node, source: Reference, target: Home, registry: Registry, reader: ManifestReader
) -> Copy | None:
    there, listed = Reference(target, None, node.source.digest), node.listed
    if listed is not None and is_blob(node.source, listed, registry):
        blob = entry_blob(node.source, listed, target)
        return blob if registry.probe_blob(there) is None else None
    if is_complete(there, registry):
        return None
    try:
        return ManifestCopy(node.source, there, node.read(reader))
    except ManifestUnknownError as error:
        platform = node.listed and node.listed.platform
        shown = str(platform) if platform else ""
        raise PartMissingError(str(source), str(node.source), shown) from error


def _lacking_with_foreign(
    lacking: Callable[[Node], Copy | None],
    target: Home,
    registry: Registry,
    reader: ManifestReader,
    node: Node,
) -> Copy | None:
    """As ``lacking``, but a manifest without its foreign layers counts as missing."""
    if (copy := lacking(node)) is not None:
        return copy
    if node.listed is not None and is_blob(node.source, node.listed, registry):
        return None
    there, manifest = Reference(target, None, node.source.digest), node.read(reader)
    layers = [there.at(layer.digest) for layer in foreign_layers([manifest])]
    is_whole = all(registry.probe_blob(layer) is not None for layer in layers)
    return None if is_whole else ManifestCopy(node.source, there, manifest)


def _present(copies: Iterable[Copy | None]) -> tuple[Copy, ...]:
    return tuple(copy for copy in copies if copy is not None)


def _read_and_written(plan: CopyPlan) -> Iterator[Resolved]:
    yield plan.source
    yield Resolved(plan.target, plan.manifest)
    for copied in plan.manifests:
        yield Resolved(copied.target, copied.manifest)
