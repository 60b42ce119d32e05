"""``manyfest add``: add images and lists to a draft that exists."""

from collections.abc import Sequence

from manyfest.assembly.references import reference, resolve_source
from manyfest.cli.arguments.option_values import split_csv
from manyfest.cli.arguments.options import CONNECTION, OFFLINE, Convert, docker_command
from manyfest.cli.flows.compose import (
    Arch,
    ArtifactType,
    EntryAnnotations,
    Nest,
    NoAttestations,
    Os,
    OsFeatures,
    OsVersion,
    Platforms,
    Replace,
    Strict,
    Subject,
    Variant,
    compose,
    create_options_for,
    note_change,
    with_subject,
)
from manyfest.cli.settings import CommonOptions, settings_from
from manyfest.cli.wiring import open_session
from manyfest.domain.drafts.overrides import Overrides
from manyfest.domain.operations.drafts.create import DraftMode


@docker_command("add", "LIST MANIFEST [MANIFEST...]", 2, options=OFFLINE | CONNECTION)
def command(
    names: Sequence[str],
    options: CommonOptions,
    platform: Platforms = None,
    no_attestations: NoAttestations = False,
    nest: Nest = False,
    replace: Replace = False,
    strict: Strict = False,
    convert: Convert = None,
    annotation: EntryAnnotations = None,
    os: Os = "",
    arch: Arch = "",
    variant: Variant = "",
    os_version: OsVersion = "",
    os_features: OsFeatures = None,
    artifact_type: ArtifactType = "",
    subject: Subject = None,
) -> None:
    """Add images and lists to an existing draft.

    As create --amend, but the draft must exist. --annotation and the options of a platform are for
    what is added.

    Examples:
      manyfest add host/app:1 host/app:s390x
      manyfest add --platform linux/riscv64 host/app:1 alpine:3
      manyfest add --arch arm64 --variant v8 --annotation stage=beta host/app:1 host/app:next
      manyfest add --replace --no-attestations host/app:1 host/app:arm64
    """
    create_options = create_options_for(
        DraftMode.ADD,
        platforms=platform,
        no_attestations=no_attestations,
        nest=nest,
        replace=replace,
        strict=strict,
        keep_order=False,
        list_type=None,
        convert=convert,
    )
    features = split_csv("os-features", os_features)
    create_options = create_options.with_changes(
        annotation or (),
        Overrides(os, arch, variant, os_version, features),
        artifact_type,
    )
    with open_session(settings_from(options)) as session:
        name = reference(names[0])
        sources = [resolve_source(text, session) for text in names[1:]]
        create_options = with_subject(create_options, subject, session)
        note_change(compose(name, sources, create_options, session, convert=convert))
