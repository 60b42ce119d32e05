"""``manyfest create``: make a draft from images and lists."""

from collections.abc import Sequence
from functools import partial
from typing import Annotated

from manyfest.cli.arguments.option_values import split_csv
from manyfest.cli.arguments.options import (
    CONNECTION,
    OFFLINE,
    UPLOADS,
    Attached,
    Convert,
    ExpectPlatforms,
    ForeignLayers,
    NoAttached,
    docker_command,
    require_arguments,
)
from manyfest.cli.arguments.references import list_name, resolve_source
from manyfest.cli.flows.checks import (
    attached_mode,
    require_platforms,
    require_reachable,
    require_writable,
)
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
    with_changes,
    with_subject,
)
from manyfest.cli.output import write_text
from manyfest.cli.process.command import Option
from manyfest.cli.process.pflag import UsageError
from manyfest.cli.settings import CommonOptions, settings_from
from manyfest.cli.wiring import open_session
from manyfest.domain.drafts.overrides import Overrides
from manyfest.domain.operations.drafts.create import DraftMode, rollback
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
) -> None:
    """Create a draft of a list from images and lists.

    LIST is the name under which push publishes it, with a tag. MANIFEST is an image, or a list
    whose entries are added. If one source cannot be read, no draft changes. --annotation, --os and
    the like set what annotate would; a platform can be set for one image only.

    Examples:
      manyfest create host/app:1 host/app:amd64 host/app:arm64
      manyfest create --push --platform linux/amd64,linux/arm64 host/app:1 alpine:3
      manyfest create --annotation linux/arm64:stage=beta host/app:1 host/app:amd64 host/app:arm64
      manyfest create --convert oci host/app:1 host/app:docker host/app:podman
    """
    require_arguments("create", names, 1 if allow_empty else 2)
    if expect_platforms and not push:
        raise UsageError("--expect-platforms goes with --push")
    mode = attached_mode(attached=attached, no_attached=no_attached)
    if (attached or no_attached) and not push:
        raise UsageError("--attached and --no-attached go with --push")
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
    create_options = with_changes(
        create_options,
        annotation,
        Overrides(os, arch, variant, os_version, features),
        artifact_type,
    )
    with open_session(settings_from(options)) as session:
        name = list_name(names[0])
        require_writable([name])
        if push:
            require_reachable([name], session)
        sources = [resolve_source(text, session) for text in names[1:]]
        create_options = with_subject(create_options, subject, session)
        tag_digests = TagDigests(session.registry)
        looked_at = {name: partial(tag_digests.at, name)} if push else {}
        created = compose(name, sources, create_options, session, looked_at, convert=convert)
        if push:
            from manyfest.cli.flows.checks import STAY_BEHIND, note_foreign_layers, note_left
            from manyfest.cli.flows.error_warnings import warn_of_errors_in_plan
            from manyfest.cli.flows.publish import print_result, publish
            from manyfest.domain.operations.publication.plan_push import (
                Publication,
                plan_publications,
            )

            try:
                require_platforms(created.draft, expect_platforms)
                (planned,) = plan_publications(
                    [Publication(created.draft)],
                    session.contents.manifest,
                    ports=session,
                    tag_digests=tag_digests,
                    attached=mode,
                    with_foreign=foreign_layers,
                )
                note_foreign_layers(planned.foreign_layers, STAY_BEHIND)
                note_left(planned.attached)
                known = {planned.manifest.digest, *(r.manifest.digest for r in created.read)}
                warn_of_errors_in_plan(planned, known=known)
                publish(planned, session)
            except BaseException:
                rollback(created, session.drafts)
                raise
        write_text(f"Created manifest list {name}")
        if push:
            print_result(planned, str(planned.manifest.digest))
