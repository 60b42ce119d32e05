"""``manyfest create``: make a draft from images and lists."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from manyfest.assembly.preconditions import require_reachable, require_writable
from manyfest.assembly.references import resolve_source
from manyfest.assembly.settings import Settings
from manyfest.cli.arguments.option_values import split_csv
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
    look_up,
)
from manyfest.cli.flows.checks import attached_mode, list_name
from manyfest.cli.flows.compose import (
    Arch,
    ArtifactType,
    EntryAnnotations,
    KeepOrder,
    Nest,
    NoAttestations,
    Os,
    OsFeatures,
    OsVersion,
    Platforms,
    Replace,
    Strict,
    Subject,
    TypeOfList,
    Variant,
    compose,
    create_options_for,
    load_checks,
    with_subject,
)
from manyfest.cli.output import write_text
from manyfest.cli.process.command import Option
from manyfest.cli.process.pflag import UsageError
from manyfest.cli.settings import CommonOptions, settings_from
from manyfest.cli.wiring import open_session
from manyfest.domain.drafts.overrides import Overrides
from manyfest.domain.media_types import Family
from manyfest.domain.operations.drafts.create import CreateOptions, DraftMode, rollback
from manyfest.domain.operations.steps.conditional_put import TagDigests


@docker_command("create", "LIST MANIFEST [MANIFEST...]", options=OFFLINE | CONNECTION | UPLOADS)
def command(
    names: Sequence[str],
    options: CommonOptions,
    amend: Annotated[
        bool, Option("-a", "--amend", help="Add to an existing draft, or update its entries.")
    ] = False,
    push: Annotated[bool, Option("--push", help="Push the list at once.")] = False,
    attached: Attached = False,
    no_attached: NoAttached = False,
    foreign_layers: ForeignLayers = False,
    expect_platforms: ExpectPlatforms = None,
    platform: Platforms = None,
    no_attestations: NoAttestations = False,
    nest: Nest = False,
    replace: Replace = False,
    strict: Strict = False,
    keep_order: KeepOrder = False,
    list_type: TypeOfList = None,
    convert: Convert = None,
    allow_empty: Annotated[
        bool, Option("--allow-empty", help="Create a draft without images, to be filled by add.")
    ] = False,
    annotation: EntryAnnotations = None,
    os: Os = "",
    arch: Arch = "",
    variant: Variant = "",
    os_version: OsVersion = "",
    os_features: OsFeatures = None,
    artifact_type: ArtifactType = "",
    subject: Subject = None,
    expect: Expect = None,
    merge: Merge = False,
    tag: MoreTags = None,
    untagged: Untagged = False,
    purge: Purge = False,
    dry_run: DryRun = False,
    verbose: Verbose = False,
    as_json: AsJson = False,
    digest_file: DigestFile = None,
    metadata_file: MetadataFile = None,
) -> None:
    """Create a draft of a list from images and lists.

    LIST is the name under which push publishes it, with a tag. MANIFEST is an image, or a list
    whose entries are added. If one source cannot be read, no draft changes. --annotation, --os and
    the like set what annotate would; a platform can be set for one image only. With
    --push, the options of push apply.

    Examples:
      manyfest create host/app:1 host/app:amd64 host/app:arm64
      manyfest create --push --platform linux/amd64,linux/arm64 host/app:1 alpine:3
      manyfest create --annotation linux/arm64:stage=beta host/app:1 host/app:amd64 host/app:arm64
      manyfest create --convert oci host/app:1 host/app:docker host/app:podman
      manyfest create --amend --replace host/app:1 host/app:arm64
      manyfest create --push --expect sha256:0123... host/app:1 host/app:amd64 host/app:arm64
    """
    require_arguments("create", names, 1 if allow_empty else 2)
    mode = attached_mode(attached=attached, no_attached=no_attached)
    if (attached or no_attached) and not push:
        raise UsageError("--attached and --no-attached go with --push")
    pushing: dict[str, Any] = {
        "tags": tuple(tag or ()),
        "is_untagged": untagged,
        "expect": expect,
        "expected_platforms": tuple(expect_platforms or ()),
        "is_merge": merge,
        "is_purge": purge,
        "is_dry_run": dry_run,
        "is_verbose": verbose,
        "as_json": as_json,
        "with_foreign": foreign_layers,
        "digest_file": digest_file,
        "metadata_file": metadata_file,
    }
    if not push and any(pushing.values()):
        raise UsageError("--expect-platforms and the other options of push go with --push")
    pushing["attached"] = mode
    create_options = create_options_for(
        DraftMode.AMEND if amend else DraftMode.NEW,
        platforms=platform,
        no_attestations=no_attestations,
        nest=nest,
        replace=replace,
        strict=strict,
        keep_order=keep_order,
        list_type=list_type,
        convert=convert,
    )
    features = split_csv("os-features", os_features)
    create_options = create_options.with_changes(
        annotation or (),
        Overrides(os, arch, variant, os_version, features),
        artifact_type,
    )
    if push:
        _create_and_push(names, create_options, settings_from(options), pushing, subject, convert)
        return
    with open_session(settings_from(options)) as session:
        name = list_name(names[0])
        require_writable([name])
        sources = [resolve_source(text, session) for text in names[1:]]
        create_options = with_subject(create_options, subject, session)
        compose(name, sources, create_options, session, convert=convert)
        write_text(f"Created manifest list {name}")


def _load_publication() -> None:
    """Import what goes on once the sources are read."""
    load_checks()
    import manyfest.cli.flows.publish  # noqa: F401


def _create_and_push(
    names: Sequence[str],
    create_options: CreateOptions,
    settings: Settings,
    pushing: Mapping[str, Any],
    subject: str | None,
    convert: Family | None,
) -> None:
    """Create, and push: if that fails, or is a dry run, the draft is as it was before."""
    push_options = PushOptions(**pushing)
    push_options.check()
    with open_session(settings) as session:
        name = list_name(names[0])
        require_writable([name])
        require_reachable(push_options.targets(name), session)
        sources = [resolve_source(text, session) for text in names[1:]]
        create_options = with_subject(create_options, subject, session)
        tag_digests = TagDigests(session.registry)
        looks = look_up(push_options, name, tag_digests)
        created = compose(
            name, sources, create_options, session, looks, convert=convert, load=_load_publication
        )
        from manyfest.assembly.publication import push_draft
        from manyfest.cli.flows.publish import show_push, telling_of_push

        try:
            order, telling = push_options.order(name), telling_of_push(created)
            planned, _ = push_draft(created.draft, order, session, telling, tag_digests)
        except BaseException:
            rollback(created, session.drafts)
            raise
        if push_options.is_dry_run:
            rollback(created, session.drafts)
        elif not push_options.as_json:
            write_text(f"Created manifest list {name}")
        show_push(planned, push_options)
