"""Publish lists as specs declare them: planned together, without drafts."""

from collections.abc import Iterator, Sequence
from functools import partial

from manyfest.domain.drafts.draft_conversion import DraftConversion
from manyfest.domain.errors import LockError
from manyfest.domain.lists.referrers import AttachedMode
from manyfest.domain.operations.publication.compose_specs import compose_specs
from manyfest.domain.operations.publication.plan_push import PushPlan, plan_publications
from manyfest.domain.operations.publication.push import pushed_manifests
from manyfest.domain.operations.resolve import Resolved
from manyfest.domain.operations.steps.conditional_put import TagDigests
from manyfest.domain.operations.steps.record import record_or_report
from manyfest.domain.ports import Ports
from manyfest.domain.references import Reference
from manyfest.domain.specs.list_spec import ListSpec
from manyfest.domain.specs.lock import Lock
from manyfest.domain.values import frozen


@frozen
class ApplyPlan:
    """The manifests read at the sources, the missing sources, and a push plan per list.

    ``conversions`` are those of the specs that want one.
    """

    found: tuple[Resolved, ...]
    missing: tuple[str, ...]
    pushes: tuple[PushPlan, ...]
    conversions: tuple[DraftConversion, ...] = ()


def plan_apply(
    specs: Sequence[ListSpec],
    *,
    ports: Ports,
    ignore_missing: bool = False,
    lock: Lock | None = None,
    attached: AttachedMode = AttachedMode.TRY,
    with_foreign: bool = False,
) -> ApplyPlan:
    """Plan the publication of the lists of ``specs``: of all, or fail. Writes nothing.

    With a ``lock``, sources are read by their locked digests, wherever their tags point. For
    ``attached`` and ``with_foreign`` see ``plan_publications``. Uses the ports registry, contents,
    layers, fan_out and now. Raises LockError: a source is not locked, or a list would not be the
    locked one; what ``compose_specs`` and ``plan_publications`` raise.
    """
    unknown = () if lock is None else lock.unknown_sources(specs)
    if unknown and not ignore_missing:
        raise LockError(unknown[0], "has no digest in the lock")
    tags = TagDigests(ports.registry)
    composed = compose_specs(
        specs if lock is None else tuple(map(lock.pinned, specs)),
        ports=ports,
        ignore_missing=ignore_missing,
        meanwhile=[partial(tags.at, target) for target in _tags_of(specs)],
    )
    pushes = plan_publications(
        composed.publications,
        composed.source_manifest,
        ports=ports,
        tag_digests=tags,
        attached=attached,
        with_foreign=with_foreign,
    )
    if lock is not None:
        for spec, plan in zip(specs, pushes, strict=True):
            lock.check_list(spec.written, plan.manifest.digest)
    missing = (*unknown, *composed.missing)
    return ApplyPlan(composed.found, missing, pushes, composed.conversions)


def _tags_of(specs: Sequence[ListSpec]) -> Iterator[Reference]:
    """Yield the tags to look at; a digest is known once the list is made."""
    for spec in specs:
        if not spec.is_untagged:
            yield from spec.targets


def finish(plan: ApplyPlan, *, ports: Ports) -> None:
    """Record what ``plan`` read and, once its pushes are executed, wrote, in that order.

    Uses the ports contents and now.
    """
    record_or_report(_read_and_written(plan), ports=ports)


def _read_and_written(plan: ApplyPlan) -> Iterator[Resolved]:
    yield from plan.found
    for push in plan.pushes:
        yield from pushed_manifests(push)
