"""``manyfest apply``: publish the lists that a file declares."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from attr import evolve

from manyfest.assembly.preconditions import require_reachable
from manyfest.assembly.references import reference, tag_or_reference
from manyfest.cli.arguments.option_values import split_csv
from manyfest.cli.arguments.options import (
    CONNECTION,
    CREDENTIALS,
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
    require_arguments,
)
from manyfest.cli.flows.checks import attached_mode
from manyfest.cli.flows.compose import TypeOfList, refuse_other_type
from manyfest.cli.flows.publish_specs import publish_specs
from manyfest.cli.flows.spec_files import (
    IgnoreMissing,
    lock_path,
    print_missing,
    read_lock_file,
    read_spec_file,
)
from manyfest.cli.process.command import Option
from manyfest.cli.process.pflag import UsageError
from manyfest.cli.settings import CommonOptions, settings_from
from manyfest.cli.wiring import open_session
from manyfest.domain.lists.platform_selection import parse_filters
from manyfest.domain.operations.publication.apply import plan_apply
from manyfest.domain.platforms import Platform
from manyfest.domain.specs.list_spec import ListSpec, entries_from_template, sources_of


@docker_command("apply", "[SPEC]", options=CONNECTION - CREDENTIALS | UPLOADS)
def command(
    names: Sequence[str],
    options: CommonOptions,
    platforms: Annotated[
        list[str] | None,
        Option("--platforms", metavar="OS/ARCH[/VARIANT],...", help="Without SPEC: the platforms."),
    ] = None,
    template: Annotated[
        str | None,
        Option(
            "--template",
            help="Without SPEC: the image of a platform, with OS, ARCH and VARIANT for its own.",
        ),
    ] = None,
    target: Annotated[
        str | None,
        Option("--target", metavar="LIST", help="Without SPEC: the list to publish."),
    ] = None,
    tags: Annotated[
        list[str] | None,
        Option("--tags", metavar="TAG,...", help="Without SPEC: further tags for it."),
    ] = None,
    list_type: TypeOfList = None,
    convert: Convert = None,
    ignore_missing: IgnoreMissing = False,
    locked: Annotated[
        bool, Option("--locked", help="Publish exactly the digests in the lock file.")
    ] = False,
    lock: Annotated[
        Path | None, Option("--lock", metavar="FILE", help="The lock file; default SPEC.lock.")
    ] = None,
    attached: Attached = False,
    no_attached: NoAttached = False,
    foreign_layers: ForeignLayers = False,
    expect_platforms: ExpectPlatforms = None,
    dry_run: DryRun = False,
    verbose: Verbose = False,
    as_json: AsJson = False,
) -> None:
    """Publish the lists declared in a manifest-tool YAML file.

    SPEC is the file, or - for standard input; each document is a list. Nothing is written unless
    all lists can be. Drafts are neither used nor made. Prints the digest of the list; of several,
    each name and digest.

    Examples:
      manyfest apply --dry-run lists.yaml
      manyfest apply --locked lists.yaml
      manyfest apply --platforms linux/amd64,linux/arm64 --template me/app:ARCH --target me/app:1
    """
    mode = attached_mode(attached=attached, no_attached=no_attached)
    specs = _specs(names, platforms, template, target, tags)
    if list_type is not None:
        specs = tuple(spec.of_type(list_type) for spec in specs)
    if convert is not None:
        for spec in specs:
            refuse_other_type(convert, spec.list_type)
        specs = tuple(evolve(spec, convert=convert) for spec in specs)
    if expect_platforms:
        expected = parse_filters(expect_platforms)
        specs = tuple(evolve(spec, expected_platforms=expected) for spec in specs)
    in_lock = read_lock_file(lock_path(_spec_name(names), lock)) if locked or lock else None
    with open_session(settings_from(options)) as session:
        targets = [target for spec in specs for target in spec.targets]
        require_reachable(targets, session)
        if in_lock is None:
            session.connect_early(sources_of(specs), targets)
        planned = plan_apply(
            specs,
            ports=session,
            ignore_missing=ignore_missing,
            lock=in_lock,
            attached=mode,
            with_foreign=foreign_layers,
        )
        print_missing(planned.missing)
        publish_specs(planned, session, as_json=as_json, is_dry_run=dry_run, is_verbose=verbose)


def _specs(
    names: Sequence[str],
    platforms: Sequence[str] | None,
    template: str | None,
    target: str | None,
    tags: Sequence[str] | None,
) -> tuple[ListSpec, ...]:
    if names:
        if platforms or template or target or tags:
            raise UsageError("SPEC goes without --platforms, --template, --target, --tags")
        return read_spec_file(_spec_name(names))
    if not (platforms and template and target):
        reason = "wants a SPEC, or --platforms, --template and --target"
        raise UsageError(f"'manyfest apply' {reason}")
    name = reference(target)
    wanted = [Platform.parse(text) for text in split_csv("platforms", platforms)]
    return (
        ListSpec(
            target,
            name,
            entries_from_template(template, wanted, reference),
            more_tags=tuple(tag_or_reference(tag, name) for tag in split_csv("tags", tags)),
        ),
    )


def _spec_name(names: Sequence[str]) -> str:
    return require_arguments("apply", names, 1, 1)[0]
