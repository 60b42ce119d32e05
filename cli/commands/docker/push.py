"""``manyfest push``: publish a draft."""

from collections.abc import Sequence

from manyfest.assembly.publication import push_by_name
from manyfest.assembly.references import reference
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
    require_arguments,
)
from manyfest.cli.arguments.push_options import (
    DigestFile,
    Expect,
    Merge,
    MetadataFile,
    MoreTags,
    Purge,
    PushOptions,
    Untagged,
)
from manyfest.cli.flows.checks import attached_mode
from manyfest.cli.flows.publish import show_push, telling_of_push
from manyfest.cli.settings import CommonOptions, settings_from
from manyfest.cli.wiring import open_session


@docker_command("push", "LIST [DEST...]", options=OFFLINE | CONNECTION | UPLOADS)
def command(
    names: Sequence[str],
    options: CommonOptions,
    purge: Purge = False,
    dry_run: DryRun = False,
    verbose: Verbose = False,
    attached: Attached = False,
    no_attached: NoAttached = False,
    foreign_layers: ForeignLayers = False,
    as_json: AsJson = False,
    expect: Expect = None,
    expect_platforms: ExpectPlatforms = None,
    convert: Convert = None,
    merge: Merge = False,
    tag: MoreTags = None,
    untagged: Untagged = False,
    digest_file: DigestFile = None,
    metadata_file: MetadataFile = None,
) -> None:
    """Push a draft to its registry, or as DEST.

    Images from other repositories are copied or mounted first, with their signatures, SBOMs and the
    like; the tags move last. Prints a line for each such image, then the digest of the list.
    Content that the registry has already is not sent again. With DEST, the list gets these names in
    place of its own. With --merge, several jobs can push their own platforms to one tag at the same
    time; each leaves a small tag manyfest-merge-... behind.

    Examples:
      manyfest push host/app:1
      manyfest push --expect absent --tag latest host/app:1
      manyfest push host/app:1 mirror.example/app:1
      manyfest push --untagged --digest-file digest host/app:1
      manyfest push --merge --expect-platforms linux/amd64,linux/arm64 host/app:1
    """
    if not names:
        require_arguments("push", names, 1, 1)  # as docker says it
    push_options = PushOptions(
        tags=tuple(tag or ()),
        destinations=tuple(names[1:]),
        is_untagged=untagged,
        expect=expect,
        expected_platforms=tuple(expect_platforms or ()),
        is_merge=merge,
        is_purge=purge,
        is_dry_run=dry_run,
        is_verbose=verbose,
        as_json=as_json,
        attached=attached_mode(attached=attached, no_attached=no_attached),
        with_foreign=foreign_layers,
        digest_file=digest_file,
        metadata_file=metadata_file,
    )
    push_options.check()
    with open_session(settings_from(options)) as session:
        name = reference(names[0])
        order = push_options.order(name, convert)
        planned, _ = push_by_name(name, order, session, telling_of_push())
        show_push(planned, push_options)
