"""Promote an image: copy it with all that is attached, prove that, and then move the tags."""

from collections.abc import Sequence
from functools import partial

from manyfest.assembly.preconditions import require_reachable, require_writable_store
from manyfest.assembly.session import Session
from manyfest.domain.errors import NotFoundError
from manyfest.domain.expectations import Expectation
from manyfest.domain.images.attachments import Purpose
from manyfest.domain.operations.content.copy import copy
from manyfest.domain.operations.content.inventory import lacking_purposes, name_of
from manyfest.domain.operations.content.promote import (
    PromotionPlan,
    Survey,
    move_tag,
    plan_promotion,
    prove,
    record_tags,
    survey,
)
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
    with calls.writing() as session:
        require_reachable([target], session)
        found = survey(source(origin, session), session.registry, session.fan_out)
        _require_attached(found, required)
        places = tuple(dict.fromkeys((target, *map(target.tagged, tags))))
        plan = plan_promotion(
            found,
            target.home,
            places,
            ports=session,
            expected=expected,
            with_foreign=with_foreign,
        )
        if not is_dry_run:
            _execute(plan, session, calls)
    return _promoted(plan, target)


def _execute(plan: PromotionPlan, session: Session, calls: Calls) -> None:
    require_writable_store(session)
    copy(plan.copy, ports=session, on_event=session.checking_deadline(calls.on_event))
    proof = prove(plan, origins=session.origins, fan_out=session.fan_out)
    if proof.lacking:
        lacks = f"{plan.copy.target.home} lacks {proof.lacking[0]}"
        raise NotFoundError(f"not proved: {lacks}; no tag was moved")
    session.fan_out(partial(move_tag, ports=session), plan.moves)
    record_tags([plan], ports=session)


def _require_attached(found: Survey, required: Sequence[Purpose]) -> None:
    for purpose, images in lacking_purposes(found.inventory, required):
        names = ", ".join(name_of(image) for image in images[:3])
        lacks = f"no {purpose.value} is attached to {names}"
        raise NotFoundError(f"{found.found.reference}: {lacks}; no tag was moved")


def _promoted(plan: PromotionPlan, target: Reference) -> Copied:
    made = plan.copy
    return Copied(
        plan.source.found.reference,
        target,
        plan.manifest,
        len(made.blobs) + len(made.attached.blobs),
        len(tuple(made.manifests)) + made.writes_target,
    )
