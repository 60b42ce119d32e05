"""The flow of ``copy`` for whole repositories: many tags, and what the source lacks of them."""

from collections.abc import Sequence

from manyfest.assembly.preconditions import require_reachable, require_writable_store
from manyfest.assembly.references import repository_home
from manyfest.cli.arguments.copy_options import words_of
from manyfest.cli.exit_codes import ExitError, meaning_of
from manyfest.cli.flows.checks import STAY_BEHIND, note_foreign_layers
from manyfest.cli.flows.copying.sides import is_same_host
from manyfest.cli.output import fail, note, warn, write_lines, write_text
from manyfest.cli.process.pflag import UsageError
from manyfest.cli.rendering.copying.repository import copies_json, summary, untag_lines
from manyfest.cli.rendering.progress import shown_progress
from manyfest.cli.wiring import Session
from manyfest.domain.errors import ManyfestError, shortened
from manyfest.domain.operations.content import copy_tags
from manyfest.domain.operations.content.copy import CopyRules
from manyfest.domain.operations.content.copy_tags import RepositoryCopy, TagSelection
from manyfest.domain.references import Reference
from manyfest.domain.specs.version_ranges import VersionRange
from manyfest.domain.values import frozen


@frozen
class RepositoryOptions:
    """The options of ``copy`` that are about many tags, as they were given."""

    tags: tuple[str, ...] = ()
    versions: str | None = None
    is_prune_plan: bool = False
    is_verbose: bool = False
    as_json: bool = False

    @property
    def selection(self) -> TagSelection:
        """The tags that are selected. Raises InputError: no range of versions, or no words."""
        versions = None if self.versions is None else VersionRange.parse(self.versions)
        return TagSelection(words_of(self.tags, "--tags"), versions)


def copy_repository(
    names: Sequence[str], options: RepositoryOptions, rules: CopyRules, session: Session
) -> None:
    """Copy the selected tags of one repository to another, and tell what became of each.

    Raises ExitError with the worst code of the tags that failed; NotFoundError: the source has no
    tag that is selected; what listing tags raises.
    """
    source, target = (repository_home(name.rstrip("/")) for name in names)
    if source == target:
        raise UsageError(f"{names[0]} and {names[1]} are the same repository")
    require_reachable([Reference(target)], session)
    if not rules.is_dry_run:
        require_writable_store(session)
    ends = Reference(source, "latest"), Reference(target, "latest")
    session.connect_early(ends[:1], [] if is_same_host(*ends) else ends[1:])
    with shown_progress() as on_event:
        outcome = copy_tags.copy_repository(
            source,
            target,
            options.selection,
            rules,
            ports=session,
            threads=session.within_threads(),
            on_event=session.checking_deadline(on_event),
            on_slice=session.restart_deadline,
            finds_extra=options.is_prune_plan,
        )
    _show(outcome, options, rules)


def _show(outcome: RepositoryCopy, options: RepositoryOptions, rules: CopyRules) -> None:
    failures = [(each.tag, each.error) for each in outcome.copies if each.error is not None]
    for tag, error in failures:
        from manyfest.cli.advice.remedies import told_of

        fail(told_of(str(Reference(outcome.source, tag)), error))
    _tell_of_undated([each.tag for each in outcome.copies if each.is_undated])
    _tell_of_attached(outcome)
    layers = [layer for each in outcome.copies if each.plan for layer in each.plan.foreign_layers]
    note_foreign_layers(tuple({layer.digest: layer for layer in layers}.values()), STAY_BEHIND)
    if options.as_json:
        write_text(copies_json(outcome.source, outcome.target, outcome.copies, outcome.extra))
    else:
        text = summary(outcome.copies, is_dry_run=rules.is_dry_run, is_verbose=options.is_verbose)
        if options.is_prune_plan:
            note(text)
            write_lines(untag_lines(outcome.target, outcome.extra))
        else:
            write_text(text)
    if failures:
        raise ExitError(max(meaning_of(error).code for _, error in failures))


def _tell_of_undated(tags: Sequence[str]) -> None:
    if tags:
        more = f" and {len(tags) - 3} more" if tags[3:] else ""
        note(f"no date of creation, so --since does not apply: {', '.join(tags[:3])}{more}")


def _tell_of_attached(outcome: RepositoryCopy) -> None:
    """Warn of attachments that may be missing, and of digest tags that differ and stay."""
    lost: list[ManyfestError] = []
    kept: list[Reference] = []
    unlisted = 0
    for each in outcome.copies:
        if each.plan is not None:
            lost += (*each.plan.attached.failures, *each.brought.failures)
            kept += each.plan.attached.kept_tags
            unlisted += len(each.brought.unlisted)
    if lost:
        more = f" and {len(lost) - 1} more" if lost[1:] else ""
        first = shortened(str(lost[0]), 300)
        warn(f"attached signatures, SBOMs or the like may be missing: {first}{more}")
    if kept:
        more = f" and {len(kept) - 1} more" if kept[1:] else ""
        warn(f"{kept[0]}{more}: differs from that of the source, has content of its own, and stays")
    if unlisted:
        warn(f"{outcome.target} took {unlisted} referrers and does not list them; copy them again")
