"""Promote an image or a list: copy it by digest, prove that all arrived, and then move the tags.

Theory of operation. The steps of one promotion are functions of their own, because several are
promoted together: no tag of any moves before all of them are proved.

1. ``survey`` resolves the source once, and reads all that it names and that is attached. What
   follows names digests, so a tag of the source that moves meanwhile changes nothing.
2. ``plan_promotion`` compares that with what the target has.
3. ``copy`` writes everything under its digest; no tag moves.
4. ``prove`` reads the target back, from the registry itself, and compares.
5. ``move_tag`` moves one tag.
"""

from collections.abc import Sequence

from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.expectations import Expectation
from manyfest.domain.images.attachments import Attachment
from manyfest.domain.lists.referrers import AttachedMode
from manyfest.domain.manifests import Manifest
from manyfest.domain.operations.content.copy import CopyPlan, plan_copy
from manyfest.domain.operations.content.inventory import Inventory, take_inventory
from manyfest.domain.operations.content.lost_blobs import with_lost_blobs
from manyfest.domain.operations.resolve import Resolved, resolve
from manyfest.domain.operations.steps.conditional_put import conditional_put, current_digest
from manyfest.domain.operations.steps.put_manifest import put_manifest
from manyfest.domain.operations.steps.record import record, record_reads
from manyfest.domain.ports import Ports
from manyfest.domain.ports.fan_out import FanOut
from manyfest.domain.ports.registry import Registry
from manyfest.domain.references import Home, Reference
from manyfest.domain.values import frozen


@frozen
class TagMove:
    """The move of ``tag`` to ``manifest``, if it is where it is ``expected``."""

    tag: Reference
    manifest: Manifest
    expected: Expectation | None = None


@frozen
class Survey:
    """The source as it was ``found``, and the ``inventory`` of all below it."""

    found: Resolved
    inventory: Inventory


@frozen
class PromotionPlan:
    """The promotion of ``source`` by ``copy`` to ``tags``.

    ``current`` are the digests of the tags before. ``expected`` is that of the first tag.
    """

    source: Survey
    copy: CopyPlan
    tags: tuple[Reference, ...] = ()
    current: tuple[Digest | None, ...] = ()
    expected: Expectation | None = None

    @property
    def manifest(self) -> Manifest:
        """The manifest that is promoted."""
        return self.source.found.manifest

    @property
    def moves(self) -> tuple[TagMove, ...]:
        """The tags that have another digest, the first one guarded as ``expected``."""
        guards = (self.expected, *([None] * len(self.tags)))
        return tuple(
            TagMove(tag, self.manifest, guard)
            for tag, before, guard in zip(self.tags, self.current, guards, strict=False)
            if before != self.manifest.digest
        )


@frozen
class Proof:
    """The comparison of both sides: ``manifests`` and ``attached`` are on both, byte for byte.

    ``lacking`` says what the target lacks, in the order of the source.
    """

    manifests: tuple[Descriptor, ...]
    attached: tuple[Attachment, ...]
    lacking: tuple[str, ...] = ()


def survey(source: Reference, registry: Registry, fan_out: FanOut) -> Survey:
    """Resolve ``source`` and take its inventory. Raises as ``resolve`` and ``take_inventory``."""
    found = resolve(source, registry)
    return Survey(found, take_inventory(found, registry, fan_out))


def plan_promotion(
    source: Survey,
    home: Home,
    tags: Sequence[Reference],
    *,
    ports: Ports,
    expected: Expectation | None = None,
    with_foreign: bool = False,
    with_blobs: bool = False,
) -> PromotionPlan:
    """Record ``source``, and plan its promotion to ``tags`` of ``home``.

    It is recorded now, so that nothing is read twice: public registries count pulls. Uses the ports
    registry, contents, layers, fan_out and now. Raises as ``plan_copy``; TagMovedError: the first
    tag is not as ``expected``. ``with_blobs``, the target is asked for each blob of what it has.
    """
    current = ports.fan_out(lambda tag: current_digest(tag, ports.registry), tags)
    if expected is not None:
        expected.check(tags[0], current[0])
    record_reads((source.found, *source.inventory.read), ports=ports)
    digest = source.inventory.root.digest
    planned = plan_copy(
        source.inventory.root,
        Reference(home, None, digest),
        ports=ports,
        attached=AttachedMode.REQUIRE,
        with_foreign=with_foreign,
    )
    if with_blobs:
        planned = with_lost_blobs(planned, ports=ports, with_foreign=with_foreign)
    return PromotionPlan(source, planned, tuple(tags), current, expected)


def prove(plan: PromotionPlan, origins: Registry, fan_out: FanOut) -> Proof:
    """Read the target back from ``origins``, and compare it with the source.

    Raises what reading and listing raise.
    """
    place = plan.copy.target
    target = take_inventory(resolve(place, origins), origins, fan_out)
    return compared(plan.source.inventory, target)


def compared(source: Inventory, target: Inventory) -> Proof:
    """Compare two inventories of one digest; what the target has beyond is its own affair."""
    there, listed = target.manifests, target.attached_digests
    attached: list[Attachment] = []
    gone: list[Attachment] = []
    for one in source.attached:
        is_listed = (one.subject.digest, one.digest) in listed
        (attached if is_listed else gone).append(one)
    return Proof(
        tuple(each for digest, each in source.manifests.items() if there.get(digest) == each),
        tuple(attached),
        (
            *(str(target.root.at(digest)) for digest in source.manifests if digest not in there),
            *(f"{one.kind} {one.tag or one.digest} of {one.subject.digest}" for one in gone),
            *(f"{each}, by which nothing can be verified" for each in source.unverifiable),
        ),
    )


def move_tag(move: TagMove, ports: Ports) -> None:
    """Move one tag. Uses the ports registry and pause.

    Raises what writing raises; TagMovedError.
    """
    if move.expected is None:
        put_manifest(ports.registry, move.tag, move.manifest)
    else:
        conditional_put(move.tag, move.manifest, move.expected, ports=ports)


def record_tags(plans: Sequence[PromotionPlan], *, ports: Ports) -> None:
    """Record what the tags point to now. Uses the ports contents and now. Raises StoreError."""
    with ports.contents.transaction():
        found = (Resolved(tag, plan.manifest) for plan in plans for tag in plan.tags)
        record(ports.contents, found, ports.now)
