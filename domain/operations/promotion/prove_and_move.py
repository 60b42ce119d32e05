"""Prove that all of several promotions arrived, and only then move their tags."""

from collections.abc import Callable, Sequence
from functools import partial

from manyfest.domain.descriptors import Descriptor
from manyfest.domain.errors import OvertakenError, TagMovedError
from manyfest.domain.expectations import Expectation
from manyfest.domain.images.attachments import Attachment
from manyfest.domain.operations.promotion.inventory import Inventory, take_inventory
from manyfest.domain.operations.promotion.outcomes import Failure, inner_fan_out, on_each
from manyfest.domain.operations.promotion.plan import PromotionPlan, TagMove
from manyfest.domain.operations.resolve import Resolved, resolve
from manyfest.domain.operations.steps.conditional_put import current_digest, put_and_read_back
from manyfest.domain.operations.steps.put_manifest import put_manifest
from manyfest.domain.operations.steps.record import record
from manyfest.domain.ports import Ports
from manyfest.domain.ports.fan_out import FanOut
from manyfest.domain.ports.registry import Registry
from manyfest.domain.references import Reference
from manyfest.domain.values import frozen


@frozen
class Proof:
    """The comparison of both sides: ``manifests`` and ``attached`` are on both, byte for byte.

    ``lacking`` says what the target lacks, in the order of the source.
    """

    manifests: tuple[Descriptor, ...]
    attached: tuple[Attachment, ...]
    lacking: tuple[str, ...] = ()


@frozen
class Proved:
    """The ``proofs`` of all promotions; none if there are ``failures``."""

    proofs: tuple[Proof, ...] = ()
    failures: tuple[Failure, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether all arrived, so that the tags move."""
        return not (self.failures or any(proof.lacking for proof in self.proofs))


@frozen
class StoppedMoves:
    """The tags that have ``moved``, ``may_have_moved`` and have not (``unmoved``) at a failure."""

    moved: tuple[Reference, ...] = ()
    may_have_moved: tuple[Reference, ...] = ()
    unmoved: tuple[Reference, ...] = ()


def _ignore(_: StoppedMoves) -> None:
    pass


def prove_and_move(
    plans: Sequence[PromotionPlan],
    *,
    ports: Ports,
    origins: Registry,
    on_stopped: Callable[[StoppedMoves], None] = _ignore,
) -> Proved:
    """Read all targets back from ``origins`` and compare; if all are whole, move and record tags.

    No tag moves if another writer has moved one since the plan. If moving fails, ``on_stopped`` is
    told how far it came. Uses the ports registry, contents, fan_out, pause and now. Raises, of the
    only one, what reading raises; what writing raises; TagMovedError; OvertakenError: a tag moved
    that the caller does not guard, before any was written; StoreError.
    """
    inner = inner_fan_out(plans, ports.fan_out)
    sources = [plan.source.found.reference for plan in plans]
    prove = partial(_prove, origins=origins, fan_out=inner)
    proved = Proved(*on_each(prove, plans, sources, ports.fan_out))
    if proved.is_whole:
        moves = [move for plan in plans for move in plan.moves]
        are_due = ports.fan_out(partial(_is_due, registry=ports.registry), moves)
        due = [move for move, is_due in zip(moves, are_due, strict=True) if is_due]
        _move(due, ports, on_stopped)
        _record(plans, ports)
    return proved


def _prove(plan: PromotionPlan, origins: Registry, fan_out: FanOut) -> Proof:
    place = plan.copy.target
    source = plan.source.inventory
    target = take_inventory(resolve(place, origins), source.selected, origins, fan_out)
    return _compared(source, target)


def _compared(source: Inventory, target: Inventory) -> Proof:
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


def _move(
    moves: Sequence[TagMove], ports: Ports, on_stopped: Callable[[StoppedMoves], None]
) -> None:
    """Move all tags in parallel; if that fails, tell how far it came."""
    moved: set[Reference] = set()
    begun: set[Reference] = set()

    def move(one: TagMove) -> None:
        begun.add(one.tag)
        _move_tag(one, ports)
        moved.add(one.tag)

    try:
        ports.fan_out(move, moves)
    except BaseException:
        tags = [one.tag for one in moves]
        on_stopped(
            StoppedMoves(
                tuple(tag for tag in tags if tag in moved),
                tuple(tag for tag in tags if tag in begun - moved),
                tuple(tag for tag in tags if tag not in begun),
            )
        )
        raise


def _is_due(move: TagMove, registry: Registry) -> bool:
    """Return whether the tag is still as it was; another job may have promoted the same by now.

    Raises TagMovedError or OvertakenError if it points elsewhere.
    """
    current = current_digest(move.tag, registry)
    if current == move.manifest.digest and not move.is_guarded:
        return False
    try:
        Expectation(move.before).check(move.tag, current)
    except TagMovedError as error:
        if move.is_guarded:
            raise
        raise OvertakenError(error.reference, error.expected, error.actual) from None
    return True


def _move_tag(move: TagMove, ports: Ports) -> None:
    """Put the tag, on condition where the registry can compare; read a guarded one back."""
    expected = Expectation(move.before)
    if move.is_guarded:
        put_and_read_back(move.tag, move.manifest, expected, ports=ports)
    else:
        put_manifest(ports.registry, move.tag, move.manifest, expected)


def _record(plans: Sequence[PromotionPlan], ports: Ports) -> None:
    with ports.contents.transaction():
        found = (Resolved(tag, plan.manifest) for plan in plans for tag in plan.tags)
        record(ports.contents, found, ports.now)
