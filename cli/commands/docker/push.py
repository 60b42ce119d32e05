"""``manyfest push``: publish a draft."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from manyfest.cli.arguments.options import (
    CONNECTION,
    OFFLINE,
    UPLOADS,
    AsJson,
    Attached,
    Convert,
    DryRun,
    ExpectPlatforms,
    ForeignLayers,
    NoAttached,
    Verbose,
    docker_command,
)
from manyfest.cli.arguments.references import reference, tag_or_reference
from manyfest.cli.arguments.result_files import require_writable
from manyfest.cli.flows.checks import (
    STAY_BEHIND,
    attached_mode,
    note_families,
    note_foreign_layers,
    note_left,
    require_platforms,
    require_reachable,
)
from manyfest.cli.flows.error_warnings import warn_of_errors_in_plan
from manyfest.cli.flows.publish import print_result, publish, write_files
from manyfest.cli.output import write_text, write_view
from manyfest.cli.process.command import Option
from manyfest.cli.process.pflag import UsageError
from manyfest.cli.settings import CommonOptions, settings_from
from manyfest.cli.wiring import Session, open_session
from manyfest.domain.drafts.draft import Draft
from manyfest.domain.expectations import Expectation
from manyfest.domain.media_types import Family
from manyfest.domain.operations.publication.plan_push import (
    Publication,
    PushPlan,
    looked_at_first,
    plan_push,
)


@docker_command("push", "LIST", 1, 1, options=OFFLINE | CONNECTION | UPLOADS)
def command(
    names: Sequence[str],
    options: CommonOptions,
    purge: Annotated[
        bool, Option("-p", "--purge", help="Delete the draft once it is pushed.")
    ] = False,
    dry_run: DryRun = False,
    verbose: Verbose = False,
    attached: Attached = False,
    no_attached: NoAttached = False,
    foreign_layers: ForeignLayers = False,
    as_json: AsJson = False,
    expect: Annotated[
        str | None,
        Option(
            "--expect",
            metavar="DIGEST|absent",
            help="Push only if the tag points to DIGEST, or does not exist (absent); else exit 6.",
        ),
    ] = None,
    expect_platforms: ExpectPlatforms = None,
    convert: Convert = None,
    merge: Annotated[
        bool,
        Option(
            "--merge",
            help="Merge the platforms into the list under the tag; safe with concurrent pushes.",
        ),
    ] = False,
    tag: Annotated[
        list[str] | None,
        Option(
            "--tag", metavar="TAG|REF", help="Push under this tag or reference, too; repeatable."
        ),
    ] = None,
    digest_file: Annotated[
        Path | None,
        Option("--digest-file", metavar="FILE", help="Write the digest of the list to FILE."),
    ] = None,
    metadata_file: Annotated[
        Path | None,
        Option(
            "--metadata-file", metavar="FILE", help="Write JSON with the keys of buildx to FILE."
        ),
    ] = None,
) -> None:
    """Push a draft to its registry.

    Images from other repositories are copied or mounted first, with their signatures, SBOMs and the
    like; the tags move last. Prints a line for each such image, then the digest of the list.
    Content that the registry has already is not sent again. With --merge, several jobs can push
    their own platforms to one tag at the same time; each leaves a small tag manyfest-merge-...
    behind.

    Examples:
      manyfest push host/app:1
      manyfest push --expect absent --tag latest host/app:1
    """
    if merge and expect is not None:
        raise UsageError("--merge and --expect exclude each other")
    mode = attached_mode(attached=attached, no_attached=no_attached)
    require_writable(digest_file, metadata_file)
    with open_session(settings_from(options)) as session:
        name = reference(names[0])
        expected = None if expect is None else Expectation.parse(expect)
        more_tags = [tag_or_reference(text, name) for text in tag or ()]
        require_reachable([name, *more_tags], session)
        if draft := session.drafts.find(name):
            session.connect_early((), looked_at_first(Publication(draft, tuple(more_tags))))
            require_platforms(draft, expect_platforms)
        if draft and convert:
            draft = _converted(draft, convert, session, is_dry_run=dry_run)
        planned = plan_push(
            name,
            more_tags,
            ports=session,
            expected=expected,
            attached=mode,
            with_foreign=foreign_layers,
            draft=draft,
        )
        note_foreign_layers(planned.foreign_layers, STAY_BEHIND)
        note_left(planned.attached)
        warn_of_errors_in_plan(planned)
        if planned.tags:
            note_families(name, planned.manifest)
        if merge:
            from manyfest.cli.flows.merge import merge_preview, merge_with_progress

            planned = (
                merge_preview(planned, more_tags, session)
                if dry_run
                else merge_with_progress(planned, more_tags, session, purge=purge)
            )
        if dry_run:
            _show_dry_run(planned, as_json=as_json, is_verbose=verbose)
            return
        if not merge:
            publish(planned, session, purge=purge)
        if as_json:
            write_text(_json(planned))
        else:
            print_result(planned, str(planned.manifest.digest))
        write_files(planned, digest_file, metadata_file)


def _converted(draft: Draft, family: Family, session: Session, *, is_dry_run: bool) -> Draft:
    from manyfest.cli.flows.conversion import convert_and_save, converted

    return (converted if is_dry_run else convert_and_save)(draft, family, session)


def _show_dry_run(planned: PushPlan, *, as_json: bool, is_verbose: bool) -> None:
    from manyfest.cli.rendering.planned_writes import pushes_lines

    if as_json:
        write_text(_json(planned))
    else:
        write_view(pushes_lines([planned], is_verbose=is_verbose))


def _json(planned: PushPlan) -> str:
    from manyfest.cli.rendering.planned_writes import push_json

    return push_json(planned)
