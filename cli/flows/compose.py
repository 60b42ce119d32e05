"""The flow of ``create`` and ``add``: their options, and warnings."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Annotated

from attr import evolve

from manyfest.assembly.references import resolve_source
from manyfest.cli.flows.checks import (
    note_families,
    warn_of_artifacts,
    warn_of_conflicts,
    warn_of_platform_mismatch,
)
from manyfest.cli.output import note
from manyfest.cli.process.command import Option
from manyfest.cli.process.pflag import UsageError
from manyfest.cli.rendering.humanize import counted
from manyfest.cli.wiring import Session
from manyfest.domain.drafts.draft import ListType
from manyfest.domain.drafts.list_assembly import ManifestLookup, assemble
from manyfest.domain.drafts.overrides import NO_OVERRIDES
from manyfest.domain.drafts.source_entries import ListSelection
from manyfest.domain.errors import ListError
from manyfest.domain.lists.platform_selection import parse_filters
from manyfest.domain.manifests import Manifest
from manyfest.domain.media_types import Family
from manyfest.domain.operations.drafts.create import (
    Created,
    CreateOptions,
    DraftMode,
    OnConflict,
    create,
)
from manyfest.domain.references import Reference

Platforms = Annotated[
    list[str] | None,
    Option(
        "--platform",
        help="Take only these platforms from lists: OS[/ARCH[/VARIANT]],...; repeatable.",
    ),
]
NoAttestations = Annotated[
    bool, Option("--no-attestations", help="Take no attestations from lists.")
]
Nest = Annotated[bool, Option("--nest", help="Add a list as one nested entry.")]
Replace = Annotated[
    bool, Option("--replace", help="Of two entries for one platform, keep the later.")
]
Strict = Annotated[bool, Option("--strict", help="Refuse two entries for one platform.")]
KeepOrder = Annotated[
    bool, Option("--keep-order", help="List images in the order given, not in docker's.")
]
TypeOfList = Annotated[
    ListType | None,
    Option(
        "--type",
        help="Make a Docker manifest list or an OCI index.",
        default="auto",
        metavar="auto|docker|oci",
    ),
]


EntryAnnotations = Annotated[
    list[str] | None,
    Option(
        "--annotation",
        metavar="[LEVEL:|PLATFORM:]KEY=VALUE",
        help="Annotate the added entries, those of one PLATFORM (linux/arm64:), or the list"
        " (index:); repeatable.",
    ),
]
Os = Annotated[str, Option("--os", help="Set the operating system of the one image given.")]
Arch = Annotated[str, Option("--arch", help="Set the architecture of the one image given.")]
Variant = Annotated[
    str, Option("--variant", help="Set the architecture variant of the one image given.")
]
OsVersion = Annotated[
    str, Option("--os-version", help="Set the operating system version of the one image given.")
]
OsFeatures = Annotated[
    list[str] | None,
    Option("--os-features", help="Add operating system features, separated by commas."),
]
ArtifactType = Annotated[str, Option("--artifact-type", help="Set the list's artifact type.")]
Subject = Annotated[str | None, Option("--subject", metavar="REF", help="Set the list's subject.")]


def with_subject(options: CreateOptions, subject: str | None, session: Session) -> CreateOptions:
    """Return the options with the descriptor of ``subject``, which its registry is asked for."""
    if subject is None:
        return options
    found = session.registry.head_manifest(resolve_source(subject, session))
    return evolve(options, index=evolve(options.index, subject=found))


def create_options_for(
    start: DraftMode,
    *,
    platforms: Sequence[str] | None,
    no_attestations: bool,
    nest: bool,
    replace: bool,
    strict: bool,
    keep_order: bool,
    list_type: ListType | None,
    convert: Family | None,
) -> CreateOptions:
    """Return the options as one value. Raises InvalidPlatformError."""
    if replace and strict:
        raise UsageError("--replace and --strict exclude each other")
    refuse_other_type(convert, list_type)
    conflict = OnConflict.REPLACE if replace else OnConflict.REFUSE if strict else OnConflict.KEEP
    wanted = ListSelection(
        platforms=parse_filters(platforms or ()),
        attestations=not no_attestations,
        nested=nest,
    )
    return CreateOptions(start, wanted, conflict, keep_order, list_type)


def refuse_other_type(convert: Family | None, list_type: ListType | None) -> None:
    """Raise UsageError if a list of one family is to have the type of the other."""
    wanted = ListType.AUTO if list_type is None else list_type
    if convert is not None and wanted.excludes(convert):
        raise UsageError(f"--convert {convert.value} and --type {wanted.value} exclude each other")


def note_change(created: Created) -> None:
    """Note by how much a draft that existed has grown."""
    before = created.before.entries if created.before else ()
    number = len(created.draft.entries)
    has = f"{created.draft.name} has {counted(number, 'entry', 'entries')}"
    if created.draft.entries == before:
        note(f"unchanged: {has} already")
    else:
        note(f"{has} now, before {len(before)}")


def load_checks() -> None:
    """Import the checks of what was read."""
    import manyfest.cli.flows.error_warnings  # noqa: F401


def compose(
    name: Reference,
    sources: Sequence[Reference],
    options: CreateOptions,
    session: Session,
    looked_at: Mapping[Reference, Callable[[], object]] = MappingProxyType({}),
    *,
    convert: Family | None = None,
    load: Callable[[], object] = load_checks,
) -> Created:
    """Make the draft, looking at tags in parallel; warn of what readers may trip over.

    With ``convert``, all entries become those of one family. ``load`` imports what follows.
    """
    session.load_while_waiting(load)
    created = create(
        name,
        sources,
        options,
        ports=session,
        meanwhile=tuple(looked_at.values()),
        when_startable=lambda: session.connect_early(
            tuple(dict.fromkeys(sources)), tuple(looked_at)
        ),
    )
    if convert is not None:
        created = _converted(created, convert, session)
    warn_of_artifacts(created.read)
    if not options.wanted.attestations:
        note(f"{created.attestations_left} attestations were not taken")
    if options.overrides != NO_OVERRIDES:
        for entry in created.draft.entries:
            warn_of_platform_mismatch(entry)
    warn_of_conflicts(
        created.draft, "clients take the first; --replace keeps the later, --strict refuses"
    )
    from manyfest.cli.flows.error_warnings import warn_of_errors_in_draft

    listed = _assembled(created, session.contents.manifest)
    warn_of_errors_in_draft(created, listed)
    if listed is not None:
        note_families(name, listed)
    return created


def _converted(created: Created, family: Family, session: Session) -> Created:
    from manyfest.cli.flows.conversion import tell_conversion
    from manyfest.domain.operations.drafts.convert import convert_created

    return convert_created(created, family, tell_conversion, ports=session)


def _assembled(created: Created, cached: ManifestLookup) -> Manifest | None:
    """Return the list of the draft; None if it cannot be made, as push says."""
    read = {source.manifest.digest: source.manifest for source in created.read}
    try:
        return assemble(created.draft, lambda digest: read.get(digest) or cached(digest))
    except ListError:
        return None
