"""The flow of ``promote``: survey all sources, copy, prove, and then move the tags."""

from collections.abc import Sequence

from manyfest.assembly.preconditions import require_writable_store
from manyfest.cli.exit_codes import FINDINGS, ExitError, meaning_of
from manyfest.cli.flows.checks import STAY_BEHIND, note_foreign_layers
from manyfest.cli.output import fail, note, warn
from manyfest.cli.rendering.humanize import counted
from manyfest.cli.rendering.progress import shown_progress
from manyfest.cli.wiring import Session
from manyfest.domain.operations.content.copy import copy
from manyfest.domain.operations.promotion.inventory import Inventory
from manyfest.domain.operations.promotion.outcomes import Failure
from manyfest.domain.operations.promotion.plan import (
    Lack,
    Promotion,
    PromotionPlan,
    PromotionRules,
    plan_promotions,
)
from manyfest.domain.operations.promotion.prove_and_move import (
    Proof,
    StoppedMoves,
    prove_and_move,
)


def plan_all(
    promotions: Sequence[Promotion], rules: PromotionRules, session: Session
) -> tuple[PromotionPlan, ...]:
    """Survey all sources, check what is required, and plan; nothing is written anywhere.

    Tells every source that cannot be promoted, and raises ExitError with the code of the first. An
    error of the only one is raised.
    """
    planned = plan_promotions(promotions, rules, ports=session)
    _require_no_failure(planned.failures, len(promotions))
    _require_attached(planned.lacking)
    for plan in planned.plans:
        note_foreign_layers(plan.copy.foreign_layers, STAY_BEHIND)
        _tell_of_inventory(plan.source.inventory)
    return planned.plans


def promote_all(plans: Sequence[PromotionPlan], session: Session) -> tuple[Proof, ...]:
    """Copy and prove all, then move their tags. Returns the proofs.

    Raises ExitError: a proof fails, so no tag was moved; StoreError, before anything is written;
    what writing raises.
    """
    require_writable_store(session)
    with shown_progress() as on_event:
        for plan in plans:
            copy(plan.copy, ports=session, on_event=session.checking_deadline(on_event))
            session.restart_deadline()
    proved = prove_and_move(
        plans, ports=session, origins=session.origins, on_stopped=_warn_of_stopped
    )
    _require_no_failure(proved.failures, len(plans))
    _require_whole(plans, proved.proofs)
    return proved.proofs


def _require_no_failure(failures: Sequence[Failure], count: int) -> None:
    """Tell all failures of ``count`` promotions, and raise ExitError with the first one's code."""
    for failure in failures:
        from manyfest.cli.advice.remedies import told_of

        fail(told_of(str(failure.source), failure.error))
    if failures:
        fail(f"{len(failures)} of {count} images cannot be promoted; no tag was moved")
        raise ExitError(meaning_of(failures[0].error).code)


def _require_attached(lacking: Sequence[Lack]) -> None:
    """Tell what is required and not attached, and raise ExitError if there is anything."""
    for lack in lacking:
        fail(f"{lack}; --require {lack.purpose.value.lower()}: no tag was moved")
    if lacking:
        raise ExitError(FINDINGS)


def _tell_of_inventory(found: Inventory) -> None:
    if found.missing:
        more = f" and {len(found.missing) - 1} more" if found.missing[1:] else ""
        warn(f"listed in the source and no longer there: {found.missing[0]}{more}")


def _require_whole(plans: Sequence[PromotionPlan], proofs: Sequence[Proof]) -> None:
    """Tell what the targets lack, and raise ExitError if any lacks anything."""
    lacking = [
        (plan, text) for plan, proof in zip(plans, proofs, strict=True) for text in proof.lacking
    ]
    for plan, text in lacking:
        fail(f"{plan.copy.target.home} lacks {text}")
    if lacking:
        what = counted(len(lacking), "manifest")
        fail(f"not proved: {what} of the source did not arrive; no tag was moved")
        raise ExitError(FINDINGS)


def _warn_of_stopped(moves: StoppedMoves) -> None:
    """Say which tags have moved, if there are several."""
    said = {
        "moved": moves.moved,
        "may have moved": moves.may_have_moved,
        "not moved": moves.unmoved,
    }
    if sum(map(len, said.values())) > 1:
        parts = (f"{words}: {', '.join(map(str, tags))}" for words, tags in said.items() if tags)
        warn(f"{'; '.join(parts)}; the same command again moves the rest")


def note_signatures(promoted: Sequence[tuple[PromotionPlan, Proof]]) -> None:
    """Say once that signatures are present, not verified, and which command verifies them."""
    from manyfest.cli.rendering.copying.promotion import verification

    commands = [found for plan, proof in promoted if (found := verification(plan, proof))]
    if commands:
        others = f" (and {len(commands) - 1} more: verifyWith of --json)" if commands[1:] else ""
        note("signatures came along and are present; they are not verified here")
        note(f"to verify, with the identity that must have signed: {commands[0]}{others}")
