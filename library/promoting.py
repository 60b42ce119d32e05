"""Promote an image: copy it with all that is attached, prove that, and then move the tags."""

from collections.abc import Sequence

from manyfest.assembly.preconditions import require_reachable, require_writable_store
from manyfest.assembly.session import Session
from manyfest.domain.errors import NotFoundError
from manyfest.domain.expectations import Expectation
from manyfest.domain.images.attachments import Purpose
from manyfest.domain.operations.content.copy import copy
from manyfest.domain.operations.promotion.plan import (
    Promotion,
    PromotionPlan,
    PromotionRules,
    plan_promotions,
)
from manyfest.domain.operations.promotion.prove_and_move import prove_and_move
from manyfest.domain.references import Reference
from manyfest.library.calls import Calls
from manyfest.library.inputs import Name, source
from manyfest.library.results import Copied


def promote(
    origin: Name,
    target: Reference,
    tags: Sequence[str],
    required: Sequence[Purpose],
    expected: Expectation | None,
    calls: Calls,
    *,
    with_foreign: bool,
    is_dry_run: bool,
) -> Copied:
    """Promote ``origin`` to ``target`` and further ``tags``. Raises as ``Client.promote``."""
    rules = PromotionRules(tuple(required), expected, with_foreign)
    with calls.writing() as session:
        require_reachable([target], session)
        found = source(origin, session)
        places = tuple(dict.fromkeys((target, *map(target.tagged, tags))))
        plan = _planned(Promotion(found, target.home, places), rules, session)
        if not is_dry_run:
            _execute(plan, session, calls)
    return _promoted(plan, target)


def _planned(promotion: Promotion, rules: PromotionRules, session: Session) -> PromotionPlan:
    planned = plan_promotions([promotion], rules, ports=session)
    for lack in planned.lacking:
        lacks = f"no {lack.purpose.value} is attached to {', '.join(lack.images[:3])}"
        raise NotFoundError(f"{promotion.source}: {lacks}; no tag was moved")
    return planned.plans[0]


def _execute(plan: PromotionPlan, session: Session, calls: Calls) -> None:
    require_writable_store(session)
    copy(plan.copy, ports=session, on_event=session.checking_deadline(calls.on_event))
    (proof,) = prove_and_move([plan], ports=session, origins=session.origins).proofs
    if proof.lacking:
        lacks = f"{plan.copy.target.home} lacks {proof.lacking[0]}"
        raise NotFoundError(f"not proved: {lacks}; no tag was moved")


def _promoted(plan: PromotionPlan, target: Reference) -> Copied:
    made = plan.copy
    return Copied(
        plan.source.found.reference,
        target,
        plan.manifest,
        len(made.blobs) + len(made.attached.blobs),
        len(tuple(made.manifests)) + made.writes_target,
    )
