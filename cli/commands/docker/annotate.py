"""``manyfest annotate``: set an entry's platform and annotations, or the list's."""

from collections.abc import Sequence
from typing import Annotated

from manyfest.assembly.references import entry_name, reference, resolve_source
from manyfest.cli.arguments.option_values import annotations, forbid_combination, split_csv
from manyfest.cli.arguments.options import INSECURE, docker_command, require_arguments
from manyfest.cli.flows.checks import list_name, warn_of_conflicts, warn_of_platform_mismatch
from manyfest.cli.output import note, warn
from manyfest.cli.process.command import Option
from manyfest.cli.process.pflag import UsageError
from manyfest.cli.settings import CommonOptions, settings_from
from manyfest.cli.wiring import Session, open_session
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.drafts.overrides import IndexOverrides, Overrides
from manyfest.domain.errors import EntryUnknownError, InvalidReferenceError, shortened
from manyfest.domain.operations.drafts.annotate import annotate, annotate_index
from manyfest.domain.references import Reference

_NOTHING_TO_CHANGE = "there is nothing to change: give --os, --arch, --annotation or another option"


@docker_command("annotate", "LIST [ENTRY]", options=INSECURE)
def command(
    names: Sequence[str],
    options: CommonOptions,
    os: Annotated[str | None, Option("--os", help="Set the operating system.")] = None,
    arch: Annotated[str | None, Option("--arch", help="Set the architecture.")] = None,
    os_version: Annotated[
        str | None, Option("--os-version", help="Set the operating system version.")
    ] = None,
    os_features: Annotated[
        list[str] | None,
        Option("--os-features", help="Add operating system features, separated by commas."),
    ] = None,
    variant: Annotated[
        str | None, Option("--variant", help="Set the architecture variant.")
    ] = None,
    annotation: Annotated[
        list[str] | None,
        Option("--annotation", metavar="KEY=VALUE", help="Set an annotation."),
    ] = None,
    unset: Annotated[
        list[str] | None,
        Option(
            "--unset",
            metavar="MEMBER",
            help="Remove variant, os-version, os-features or annotation:KEY.",
        ),
    ] = None,
    index: Annotated[
        bool, Option("--index", help="Annotate the list itself, not an entry.")
    ] = False,
    artifact_type: Annotated[
        str | None,
        Option("--artifact-type", help="Set the list's artifact type (with --index)."),
    ] = None,
    subject: Annotated[
        str | None,
        Option("--subject", metavar="REF", help="Set the list's subject (with --index)."),
    ] = None,
) -> None:
    """Set the platform or annotations of an entry in a draft.

    Overrides what the image itself states; fields that are not given are unchanged. ENTRY is the
    reference the entry came from, its digest or the beginning of that, or its platform. With
    --index, the annotations, artifact type and subject of the list itself are set.

    Examples:
      manyfest annotate host/app:1 host/app:arm64 --variant v8
      manyfest annotate --index --annotation org.opencontainers.image.version=1 host/app:1
      manyfest annotate --os-version 10.0.26100.1742 host/app:1 host/app:windows
      manyfest annotate --index --artifact-type application/vnd.acme.set host/app:1
    """
    require_arguments("annotate", names, *((1, 1) if index else (2, 2)))
    name = reference(names[0]) if index else list_name(names[0], "annotate: ")
    options_given = (os, arch, os_version, os_features, variant, annotation, unset, artifact_type)
    if index and all(value is None for value in (*options_given, subject)):
        raise UsageError(_NOTHING_TO_CHANGE)
    said, taken = annotations(annotation), tuple(unset or ())
    features = split_csv("os-features", os_features)
    with open_session(settings_from(options)) as session:
        if index:
            forbid_combination(
                "is for an entry, not for the list itself (--index)",
                os=os,
                arch=arch,
                variant=variant,
                **{"os-version": os_version, "os-features": features},
            )
            about_list = IndexOverrides(
                artifact_type or "", _subject(subject, session), said, taken
            )
            annotate_index(name, about_list, ports=session)
            note(f"annotated the list {name}")
        else:
            forbid_combination(
                "is for the list itself: add --index", artifact_type=artifact_type, subject=subject
            )
            about_entry = Overrides(
                os or "", arch or "", variant or "", os_version or "", features, said, taken
            )
            _annotate_entry(name, names, about_entry, session)


def _annotate_entry(
    name: Reference, names: Sequence[str], overrides: Overrides, session: Session
) -> None:
    try:
        entry = entry_name(names[1])
        annotated = annotate(name, entry, overrides, ports=session)
    except InvalidReferenceError as error:
        reason = f"annotate: error parsing name for manifest {shortened(names[1])}: {error.reason}"
        raise InvalidReferenceError(names[1], reason) from error
    except EntryUnknownError as error:
        raise EntryUnknownError(names[1], names[0]) from error  # as typed, like docker
    if overrides == Overrides():  # docker takes none, and empty ones, as scripts may give
        warn(_NOTHING_TO_CHANGE)
    else:
        note(f"annotated {annotated.entry.label} of {name}")
    warn_of_platform_mismatch(annotated.entry)
    warn_of_conflicts(annotated.draft)


def _subject(text: str | None, session: Session) -> Descriptor | None:
    """Return the descriptor of the subject, which its registry is asked for."""
    return None if text is None else session.registry.head_manifest(resolve_source(text, session))
