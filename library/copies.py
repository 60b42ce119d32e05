"""The steps of methods that copy: one image, the tags of a repository, or with a proof."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from manyfest.assembly.preconditions import (
    require_cached,
    require_reachable,
    require_writable_store,
)
from manyfest.assembly.references import promoted_tags
from manyfest.assembly.session import Session
from manyfest.domain.errors import InputError, NotAttachedError, NotProvedError
from manyfest.domain.media_types import Family
from manyfest.domain.operations.content.copy import CopyPlan, CopyRules, copy, plan_copy
from manyfest.domain.operations.content.copy_tags import TagSelection, copy_repository
from manyfest.domain.references import Home, Reference
from manyfest.library import inputs
from manyfest.library.calls import Calls
from manyfest.library.inputs import Name
from manyfest.library.results import Copied, CopiedRepository, Promoted

# Converting, and proofs, are rarely asked for.
if TYPE_CHECKING:
    from manyfest.domain.operations.attached.put import Brought
    from manyfest.domain.operations.promotion.plan import (
        Lack,
        Promotion,
        PromotionPlan,
        PromotionRules,
    )
    from manyfest.domain.operations.promotion.prove_and_move import Proof
    from manyfest.domain.specs.promotions import PromotedImage


def copy_one(
    source: Name, target: Reference, rules: CopyRules, family: Family | None, calls: Calls
) -> Copied:
    """Copy an image or a list. Raises as ``Client.copy``."""
    with calls.writing() as session:
        require_reachable([target], session)
        plan = _planned(inputs.source(source, session), target, rules, family, session)
        require_cached(plan.blobs, session)
        if rules.is_dry_run:
            return copied(plan)
        on_event = session.checking_deadline(calls.on_event)
        return copied(plan, copy(plan, ports=session, on_event=on_event))


def copy_many(
    source: Home,
    target: Home,
    selection: TagSelection,
    rules: CopyRules,
    calls: Calls,
    *,
    finds_extra: bool,
) -> CopiedRepository:
    """Copy the selected tags of a repository. Raises as ``Client.copy_repository``."""
    if source == target:
        raise InputError(f"source and target are the same repository: {source}")
    with calls.writing() as session:
        require_reachable([Reference(target)], session)
        if not rules.is_dry_run:
            require_writable_store(session)
        outcome = copy_repository(
            source,
            target,
            selection,
            rules,
            ports=session,
            threads=session.within_threads(),
            on_event=session.checking_deadline(calls.on_event),
            on_slice=session.restart_deadline,
            finds_extra=finds_extra,
        )
    return CopiedRepository(
        str(source),
        str(target),
        tuple(copied(each.plan, each.brought) for each in outcome.copies if each.plan),
        {Reference(source, each.tag): each.error for each in outcome.copies if each.error},
        tuple(Reference(target, tag) for tag in outcome.extra),
        tuple(Reference(source, each.tag) for each in outcome.copies if each.is_older),
        tuple(Reference(source, each.tag) for each in outcome.copies if each.is_undated),
    )


def promote(
    source: Name,
    target: Name,
    tags: Sequence[str],
    rules: "PromotionRules",
    calls: Calls,
    *,
    is_dry_run: bool,
) -> Promoted:
    """Promote ``source`` to tags of ``target``. Raises as ``Client.promote``."""
    places = promoted_tags(str(target), tags)
    with calls.writing() as session:
        one = _promotion(inputs.source(source, session), places[0].home, places, session)
        return _promoted([one], rules, session, calls, is_dry_run=is_dry_run)[0]


def promote_many(
    images: "Sequence[PromotedImage]",
    source: str,
    target: str,
    rules: "PromotionRules",
    calls: Calls,
    *,
    is_dry_run: bool,
) -> tuple[Promoted, ...]:
    """Promote ``images`` together. Raises as ``Client.promote_file``."""
    with calls.writing() as session:
        promotions = []
        for image in images:
            origin, place = image.between(source, target)
            named = inputs.named(place)
            tags = tuple(map(named.tagged, image.tags))
            found = inputs.source(origin, session)
            promotions.append(_promotion(found, named.home, tags, session))
        return _promoted(promotions, rules, session, calls, is_dry_run=is_dry_run)


def copied(plan: CopyPlan, brought: "Brought | None" = None) -> Copied:
    """Return the result of ``plan``, executed or not."""
    failures = (*plan.attached.failures, *(brought.failures if brought else ()))
    return Copied(
        plan.source.reference,
        plan.target,
        plan.manifest,
        len(plan.blobs) + len(plan.attached.blobs),
        len(tuple(plan.manifests)) + plan.writes_target,
        failures,
    )


def _planned(
    source: Reference,
    target: Reference,
    rules: CopyRules,
    family: Family | None,
    session: Session,
) -> CopyPlan:
    plan = family and _converted(source, target, rules, family, session)
    plan = plan or plan_copy(source, target, rules, ports=session)
    if not rules.with_blobs:
        return plan
    from manyfest.domain.operations.content.lost_blobs import with_lost_blobs

    return with_lost_blobs(plan, ports=session)


def _converted(
    source: Reference, target: Reference, rules: CopyRules, family: Family, session: Session
) -> CopyPlan | None:
    from manyfest.domain.operations.content.convert_copy import plan_converted_copy

    made = plan_converted_copy(source, target, family, rules, ports=session)
    return None if made is None else made.plan


def _promotion(
    source: Reference, home: Home, tags: tuple[Reference, ...], session: Session
) -> "Promotion":
    from manyfest.domain.operations.promotion.plan import Promotion

    require_reachable([Reference(home)], session)
    return Promotion(source, home, tags)


def _promoted(
    promotions: "Sequence[Promotion]",
    rules: "PromotionRules",
    session: Session,
    calls: Calls,
    *,
    is_dry_run: bool,
) -> tuple[Promoted, ...]:
    from manyfest.domain.operations.promotion.plan import plan_promotions

    planned = plan_promotions(promotions, rules, ports=session)
    for failure in planned.failures:
        raise failure.error
    _require_attached(planned.lacking)
    if not is_dry_run:
        _move(planned.plans, session, calls)
    return tuple(map(_promoted_plan, planned.plans))


def _require_attached(lacking: "Sequence[Lack]") -> None:
    if lacking:
        by_source: dict[str, tuple[str, ...]] = {}
        for lack in lacking:
            source = str(lack.source.reference)
            by_source[source] = (*by_source.get(source, ()), lack.purpose.value)
        raise NotAttachedError(tuple(map(str, lacking)), by_source)


def _move(plans: "Sequence[PromotionPlan]", session: Session, calls: Calls) -> None:
    """Copy and prove all, then move their tags."""
    from manyfest.domain.operations.promotion.prove_and_move import prove_and_move

    require_writable_store(session)
    for plan in plans:
        copy(plan.copy, ports=session, on_event=session.checking_deadline(calls.on_event))
        session.restart_deadline()
    proved = prove_and_move(plans, ports=session, origins=session.origins)
    for failure in proved.failures:
        raise failure.error
    _require_proved(plans, proved.proofs)


def _require_proved(plans: "Sequence[PromotionPlan]", proofs: "Sequence[Proof]") -> None:
    lacking: dict[str, tuple[str, ...]] = {}
    for plan, proof in zip(plans, proofs, strict=True):
        if proof.lacking:
            home = str(plan.copy.target.home)
            lacking[home] = (*lacking.get(home, ()), *proof.lacking)
    if lacking:
        raise NotProvedError(lacking)


def _promoted_plan(plan: "PromotionPlan") -> Promoted:
    """Return the result of ``plan``, executed or not: if it was, both sides were the same."""
    written, inventory = copied(plan.copy), plan.source.inventory
    return Promoted(
        plan.source.found.reference,
        plan.tags[0] if plan.tags else plan.copy.target,
        plan.manifest,
        plan.tags,
        tuple(move.tag for move in plan.moves),
        tuple(inventory.manifests.values()),
        inventory.attached,
        written.blobs,
        written.manifests,
    )
