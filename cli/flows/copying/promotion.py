"""The flow of ``promote``: survey all sources, copy, prove, and then move the tags."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from manyfest.assembly.preconditions import require_writable_store
from manyfest.cli.exit_codes import FINDINGS, ExitError, meaning_of
from manyfest.cli.flows.checks import STAY_BEHIND, note_foreign_layers
from manyfest.cli.output import fail, note, warn
from manyfest.cli.rendering.humanize import counted
from manyfest.cli.rendering.progress import shown_progress
from manyfest.cli.wiring import Session
from manyfest.domain.errors import ManyfestError, bare
from manyfest.domain.expectations import Expectation
from manyfest.domain.images.attachments import Purpose
from manyfest.domain.operations.content.copy import copy
from manyfest.domain.operations.content.inventory import Inventory, lacking_purposes, name_of
from manyfest.domain.operations.content.promote import (
    PromotionPlan,
    Proof,
    Survey,
    TagMove,
    move_tag,
    plan_promotion,
    prove,
    record_tags,
    survey,
)
from manyfest.domain.ports.fan_out import FanOut, sequential
from manyfest.domain.references import Home, Reference
from manyfest.domain.values import frozen

Item = TypeVar("Item")
Result = TypeVar("Result")


@frozen
class Task:
    """One image to promote: from ``source`` to the ``tags`` of ``home``."""

    source: Reference
    home: Home
    tags: tuple[Reference, ...]


@frozen
class Rules:
    """The required purposes, the guard of the first tag, and what of the blobs is looked at."""

    required: tuple[Purpose, ...] = ()
    expected: Expectation | None = None
    with_foreign: bool = False
    with_blobs: bool = False


def plan_all(tasks: Sequence[Task], rules: Rules, session: Session) -> list[PromotionPlan]:
    """Survey all sources, check what is required, and plan; nothing is written anywhere.

    Tells every source that cannot be promoted, and raises ExitError with the code of the first. An
    error of the only one is raised.
    """
    inner = _inner(tasks, session)

    def look(task: Task) -> Survey:
        return survey(task.source, session.registry, inner)

    surveys = _on_each(tasks, look, tasks, session.fan_out)
    lacking = [text for each in surveys for text in _lacking(each, rules.required)]
    for text in lacking:
        fail(text)
    if lacking:
        raise ExitError(FINDINGS)
    plans = [
        plan_promotion(
            source,
            task.home,
            task.tags,
            ports=session,
            expected=rules.expected,
            with_foreign=rules.with_foreign,
            with_blobs=rules.with_blobs,
        )
        for task, source in zip(tasks, surveys, strict=True)
    ]
    for plan in plans:
        note_foreign_layers(plan.copy.foreign_layers, STAY_BEHIND)
        _tell_of_inventory(plan.source.inventory)
    return plans


def promote_all(
    tasks: Sequence[Task], plans: Sequence[PromotionPlan], session: Session
) -> list[Proof]:
    """Copy and prove all, then move their tags. Returns the proofs.

    Raises ExitError: a proof fails, so no tag was moved; StoreError, before anything is written;
    what writing raises.
    """
    require_writable_store(session)
    with shown_progress() as on_event:
        for plan in plans:
            copy(plan.copy, ports=session, on_event=session.checking_deadline(on_event))
            session.restart_deadline()
    read_back = partial(prove, origins=session.origins, fan_out=_inner(tasks, session))
    proofs = _on_each(tasks, read_back, plans, session.fan_out)
    _require_whole(plans, proofs)
    _move_tags([move for plan in plans for move in plan.moves], session)
    record_tags(plans, ports=session)
    return proofs


def _inner(tasks: Sequence[Task], session: Session) -> FanOut:
    """Return the fan-out within one task: parallel are either the tasks or the parts of one."""
    return sequential if len(tasks) > 1 else session.fan_out


def _on_each(
    tasks: Sequence[Task],
    call: Callable[[Item], Result],
    items: Sequence[Item],
    fan_out: FanOut,
) -> list[Result]:
    """Return the results for the ``items`` of ``tasks``; an error of the only one is raised.

    Tells all errors of several, and raises ExitError with the code of the first.
    """

    def capture(item: Item) -> Result | ManyfestError:
        try:
            return call(item)
        except ManyfestError as error:
            if len(tasks) == 1:
                raise
            return bare(error)

    results: list[Result] = []
    failures: list[ManyfestError] = []
    for task, outcome in zip(tasks, fan_out(capture, items), strict=True):
        if isinstance(outcome, ManyfestError):
            failures.append(outcome)
            name = str(task.source)
            fail(str(outcome) if name in str(outcome) else f"{name}: {outcome}")
        else:
            results.append(outcome)
    if failures:
        fail(f"{len(failures)} of {len(tasks)} images cannot be promoted; no tag was moved")
        raise ExitError(meaning_of(failures[0]).code)
    return results


def _lacking(source: Survey, required: Sequence[Purpose]) -> list[str]:
    name = source.found.reference
    lines = []
    for purpose, images in lacking_purposes(source.inventory, required):
        names = ", ".join(name_of(image) for image in images[:3])
        more = f" and {len(images) - 3} more" if images[3:] else ""
        where = f"nor to {names}{more}" if source.found.manifest.is_list else "to it"
        what = f"no {purpose.value} is attached {where}"
        if source.found.manifest.is_list:
            what = f"no {purpose.value} is attached to the list, {where}"
        lines.append(f"{name}: {what}; --require {purpose.value.lower()}: no tag was moved")
    return lines


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


def _move_tags(moves: Sequence[TagMove], session: Session) -> None:
    """Move all tags in parallel; if that fails, say which have moved."""
    moved: set[Reference] = set()
    begun: set[Reference] = set()

    def move(one: TagMove) -> None:
        begun.add(one.tag)
        move_tag(one, session)
        moved.add(one.tag)

    try:
        session.fan_out(move, moves)
    except BaseException:
        if len(moves) > 1:
            _warn_of_half(moves, moved, begun)
        raise


def _warn_of_half(moves: Sequence[TagMove], moved: set[Reference], begun: set[Reference]) -> None:
    said = {
        "moved": [one.tag for one in moves if one.tag in moved],
        "may have moved": [one.tag for one in moves if one.tag in begun - moved],
        "not moved": [one.tag for one in moves if one.tag not in begun],
    }
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
