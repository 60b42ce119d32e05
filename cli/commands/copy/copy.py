"""``manyfest copy``: copy an image or a list to another place."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from typing import Annotated, Any

from attr import evolve

from manyfest.assembly.preconditions import require_cached, require_reachable
from manyfest.assembly.references import reference, resolve_source
from manyfest.cli.arguments.copy_options import (
    PrunePlan,
    Since,
    SourceLogin,
    Sparse,
    Tags,
    TargetLogin,
    VerifyBlobs,
    Versions,
)
from manyfest.cli.arguments.options import (
    CONNECTION,
    CREDENTIALS,
    OFFLINE,
    UPLOADS,
    AsJson,
    Attached,
    Convert,
    DryRun,
    ForeignLayers,
    NoAttached,
    Verbose,
    docker_command,
)
from manyfest.cli.flows.checks import (
    STAY_BEHIND,
    attached_mode,
    note_absent,
    note_foreign_layers,
    note_left,
    warn_of_unverifiable,
)
from manyfest.cli.flows.copying.sides import is_same_host, login
from manyfest.cli.output import note, write_text, write_view
from manyfest.cli.process.command import Option
from manyfest.cli.process.pflag import UsageError
from manyfest.cli.settings import CommonOptions, settings_from
from manyfest.cli.wiring import Session, open_session
from manyfest.domain.lists.platform_selection import parse_filters
from manyfest.domain.media_types import Family
from manyfest.domain.operations.attached.copies import NO_COPIES
from manyfest.domain.operations.attached.put import Brought
from manyfest.domain.operations.content.copy import CopyPlan, CopyRules, copy, plan_copy
from manyfest.domain.references import LAYOUT_SCHEME, Layout, Reference


@docker_command("copy", "SRC DST", 2, 2, options=OFFLINE | CONNECTION - CREDENTIALS | UPLOADS)
def command(
    names: Sequence[str],
    options: CommonOptions,
    platform: Annotated[
        list[str] | None,
        Option(
            "--platform", help="Copy only these platforms: OS[/ARCH[/VARIANT]],...; repeatable."
        ),
    ] = None,
    attached: Attached = False,
    no_attached: NoAttached = False,
    referrers: Annotated[
        bool,
        Option("--referrers", help="The old name of --attached.", deprecated="--attached"),
    ] = False,
    sparse: Sparse = False,
    verify_blobs: VerifyBlobs = False,
    tags: Tags = None,
    semver: Versions = None,
    since: Since = None,
    prune_plan: PrunePlan = False,
    convert: Convert = None,
    foreign_layers: ForeignLayers = False,
    src_creds: SourceLogin = None,
    dest_creds: TargetLogin = None,
    dry_run: DryRun = False,
    verbose: Verbose = False,
    as_json: AsJson = False,
) -> None:
    """Copy an image or a list with its content.

    Copies between registries, repositories and layouts byte for byte, so the digest stays; it is
    printed last. Signatures, SBOMs and whatever else is attached come along. Content that DST has
    already is not sent again. With --platform the copy is a new list of the selected platforms
    (with a new digest), even if only one is selected; with --sparse too it is the whole list, of
    which other images are absent. Many registries refuse that, so DST is asked before anything is
    sent. With --convert, manifests are rewritten with other media types, and their digests change.

    A repository is copied with all its tags, or those selected by --tags, --semver and --since, if
    SRC and DST both end with a slash. A tag that fails stops no other; the exit code is the worst.
    --since reads when an image was created, by its annotations or its config; of a list, up to two
    requests for each image the first time. An image without a date is copied, and named.

    Examples:
      manyfest copy alpine:3 host/mirror/alpine:3
      manyfest copy --platform linux/amd64,linux/arm64 alpine:3 oci:alpine:3
      manyfest copy --convert oci host/app:1 host/app:1-oci
      manyfest copy --semver '^3.18' alpine/ host/mirror/alpine/
      manyfest copy --since 7d host/app/ mirror.example/app/
      manyfest copy --dest-creds env:MIRROR_LOGIN alpine:3 host/mirror/alpine:3
      manyfest copy --platform linux/amd64 --sparse --attached alpine:3 host/mirror/alpine:3
    """
    if convert is not None and (attached or referrers):
        raise UsageError("--convert and --attached exclude each other: digests change")
    if sparse and (not platform or convert is not None):
        raise UsageError("--sparse goes with --platform, and without --convert")
    platforms = parse_filters(platform or ())
    mode = attached_mode(attached=attached or referrers, no_attached=no_attached)
    rules = CopyRules(platforms, mode, foreign_layers, sparse, verify_blobs, dry_run, since)
    is_many = tags or semver is not None or since is not None or prune_plan
    if is_many or _are_repositories(*names):
        if convert is not None:
            raise UsageError("--convert is for one image or list, not for a repository")
        from manyfest.cli.flows.copying.repositories import RepositoryOptions, copy_repository

        many = RepositoryOptions(tuple(tags or ()), semver, prune_plan, verbose, as_json)
        repositories = [name.rstrip("/") for name in names]
        with _session(repositories, options, src_creds, dest_creds) as session:
            copy_repository(repositories, many, rules, session)
        return
    with _session(names, options, src_creds, dest_creds) as session:
        target = reference(names[1])
        require_reachable([target], session)
        source = resolve_source(names[0], session)
        session.connect_early([source], [] if is_same_host(source, target) else [target])
        plan = None
        if convert is not None:
            plan = _converted_plan(source, target, convert, session, rules)
        plan = plan or plan_copy(source, target, rules, ports=session)
        if verify_blobs:
            plan = _with_lost_blobs(plan, session)
        require_cached(plan.blobs, session)
        note_foreign_layers(plan.foreign_layers, STAY_BEHIND)
        note_left(plan.attached)
        warn_of_unverifiable(plan.left)
        _warn_of_errors(plan)
        if dry_run:
            note_absent(plan)
            _show_dry_run(plan, as_json=as_json, is_verbose=verbose)
            return
        brought = _executed(plan, session)
    for message in _notes(plan):
        note(message)
    note_absent(plan)
    write_text(_json(plan) if as_json else str(plan.manifest.digest))
    _report_attached(plan, brought)


def _session(
    names: Sequence[str], options: CommonOptions, source_login: Any, target_login: Any
) -> AbstractContextManager[Session]:
    """Open a session with the logins of both sides."""
    logins = (*login(names[0], source_login), *login(names[1], target_login))
    return open_session(settings_from(evolve(options, logins=logins)))


def _are_repositories(source: str, target: str) -> bool:
    """Return True if both end with a slash; one may alone if it ends a layout's folder.

    Raises UsageError: only one does, and that one image is meant is not plain.
    """
    slashes = {name.endswith("/") for name in (source, target)}
    if target.startswith(LAYOUT_SCHEME):
        is_plain = not source.endswith("/") or source.startswith(LAYOUT_SCHEME)
    else:
        is_plain = source.startswith(LAYOUT_SCHEME) and ":" in target.rpartition("/")[2]
    if len(slashes) > 1 and not is_plain:
        both = f"{source.rstrip('/')}/ {target.rstrip('/')}/"
        reason = "to copy repositories, SRC and DST both end with a slash"
        raise UsageError(f"{reason}: manyfest copy {both} (one image is written without)")
    return slashes == {True}


def _converted_plan(
    source: Reference,
    target: Reference,
    family: Family,
    session: Session,
    rules: CopyRules,
) -> CopyPlan | None:
    """Plan a copy that converts, and say what changes; None if nothing has to be converted."""
    from manyfest.cli.flows.conversion import tell_copy
    from manyfest.domain.operations.content.convert_copy import plan_converted_copy

    made = plan_converted_copy(source, target, family, rules, ports=session)
    if made is None:
        return None
    tell_copy(made)
    return made.plan


def _with_lost_blobs(plan: CopyPlan, session: Session) -> CopyPlan:
    from manyfest.domain.operations.content.lost_blobs import with_lost_blobs

    return with_lost_blobs(plan, ports=session)


def _executed(plan: CopyPlan, session: Session) -> Brought:
    """Copy, with a bar if there is something to move."""
    if plan.writes_nothing:
        return copy(plan, ports=session)
    from manyfest.cli.flows.interruptions import telling_of_partial_layers
    from manyfest.cli.rendering.progress import shown_progress

    with ExitStack() as stack:
        on_event = stack.enter_context(shown_progress())
        if isinstance(plan.target.home, Layout):  # a registry keeps no part of a blob
            on_event = stack.enter_context(telling_of_partial_layers(on_event))
        return copy(plan, ports=session, on_event=session.checking_deadline(on_event))


def _report_attached(plan: CopyPlan, brought: Brought) -> None:
    if plan.attached != NO_COPIES:
        from manyfest.cli.flows.publish import report_attached

        report_attached(plan.attached, brought, plan.target.home)


def _show_dry_run(plan: CopyPlan, *, as_json: bool, is_verbose: bool) -> None:
    from manyfest.cli.rendering.planned_writes import dry_run_lines, writes_of_copy

    if as_json:
        write_text(_json(plan))
    else:
        write_view(dry_run_lines(writes_of_copy(plan), is_verbose=is_verbose))


def _json(plan: CopyPlan) -> str:
    from manyfest.cli.rendering.planned_writes import copy_json

    return copy_json(plan)


def _warn_of_errors(plan: CopyPlan) -> None:
    """Warn of errors in what is written; a copy is verbatim, so nothing is refused."""
    if plan.writes_nothing:
        return
    from manyfest.cli.flows.error_warnings import warn_of_errors

    if plan.writes_target:
        warn_of_errors(str(plan.source.reference), plan.manifest)
    for copied in plan.manifests:
        warn_of_errors(str(copied.source), copied.manifest)


def _notes(plan: CopyPlan) -> Iterator[str]:
    if plan.writes_nothing:
        yield f"unchanged: {plan.target} exists with all its content"
    else:
        yield f"copied {plan.source.reference} to {plan.target}"
    before, after = plan.source.manifest, plan.manifest
    if len(after.entries) < len(before.entries):
        kept = f"kept {len(after.entries)} of {len(before.entries)} entries"
        yield f"{kept}: the digest changes from {before.digest} to {after.digest}"
