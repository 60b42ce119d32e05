"""``manyfest push``: publish a draft."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from manyfest.cli.arguments.options import (
    CONNECTION,
    OFFLINE,
    UPLOADS,
    AsJson,
    DryRun,
    ExpectPlatforms,
    ForeignLayers,
    Verbose,
    docker_command,
)
from manyfest.cli.arguments.references import reference, tag_or_reference
from manyfest.cli.arguments.result_files import require_writable
from manyfest.cli.flows.checks import (
    STAY_BEHIND,
    note_families,
    note_foreign_layers,
    require_platforms,
    require_reachable,
)
from manyfest.cli.flows.error_warnings import warn_of_errors_in_plan
from manyfest.cli.flows.publish import print_result, publish, write_files
from manyfest.cli.output import write_text, write_view
from manyfest.cli.process.command import Option
from manyfest.cli.process.pflag import UsageError
from manyfest.cli.settings import CommonOptions, settings_from
from manyfest.cli.wiring import open_session
from manyfest.domain.expectations import Expectation
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
        bool, Option("-p", "--purge", help="Forget the draft once it is published.")
    ] = False,
    dry_run: DryRun = False,
    verbose: Verbose = False,
    foreign_layers: ForeignLayers = False,
    as_json: AsJson = False,
    expect: Annotated[
        str | None,
        Option(
            "--expect",
            metavar="DIGEST|absent",
            help="Only if the tag points there, or nowhere; else exit code 6.",
        ),
    ] = None,
    expect_platforms: ExpectPlatforms = None,
    merge: Annotated[
        bool,
        Option(
            "--merge", help="Put its entries into what the tag holds, by platform; so may others."
        ),
    ] = False,
    tag: Annotated[
        list[str] | None,
        Option("--tag", metavar="TAG|REF", help="Publish it under this name, too."),
    ] = None,
    digest_file: Annotated[
        Path | None, Option("--digest-file", metavar="FILE", help="Write the digest there.")
    ] = None,
    metadata_file: Annotated[
        Path | None,
        Option("--metadata-file", metavar="FILE", help="Write name and descriptor there."),
    ] = None,
) -> None:
    """Publish a draft.

    What its images need in the target is brought there first; the list comes last. Prints a line
    for each image from another repository, and then the digest of the list. What is published
    already is not written again. A dry run prints a summary, and with -v each step: copy, mount or
    put, with target, source and bytes; tag, with target and the digests after and before. With
    --merge several jobs may each push their own platforms to one tag at the same time, and none is
    lost; each leaves a small tag manyfest-merge-... behind.
    """
    if merge and expect is not None:
        raise UsageError("--merge and --expect exclude each other")
    require_writable(digest_file, metadata_file)
    with open_session(settings_from(options)) as session:
        name = reference(names[0])
        expected = None if expect is None else Expectation.parse(expect)
        more_tags = [tag_or_reference(text, name) for text in tag or ()]
        require_reachable([name, *more_tags], session)
        if draft := session.drafts.find(name):
            session.connect_early((), looked_at_first(Publication(draft, tuple(more_tags))))
            require_platforms(draft, expect_platforms)
        planned = plan_push(
            name, more_tags, ports=session, expected=expected, with_foreign=foreign_layers
        )
        note_foreign_layers(planned.foreign_layers, STAY_BEHIND)
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


def _show_dry_run(planned: PushPlan, *, as_json: bool, is_verbose: bool) -> None:
    from manyfest.cli.rendering.planned_writes import pushes_lines

    if as_json:
        write_text(_json(planned))
    else:
        write_view(pushes_lines([planned], is_verbose=is_verbose))


def _json(planned: PushPlan) -> str:
    from manyfest.cli.rendering.planned_writes import push_json

    return push_json(planned)
