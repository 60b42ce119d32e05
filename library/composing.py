"""Make and extend drafts, by the options of ``create`` and ``add``."""

from collections.abc import Iterable, Mapping

from attr import evolve

from manyfest.assembly.preconditions import require_writable
from manyfest.domain.drafts.draft import ListType
from manyfest.domain.drafts.overrides import Overrides
from manyfest.domain.drafts.source_entries import ListSelection
from manyfest.domain.errors import InputError
from manyfest.domain.media_types import Family
from manyfest.domain.operations.drafts.convert import convert_created
from manyfest.domain.operations.drafts.create import (
    CreateOptions,
    DraftMode,
    OnConflict,
    create,
)
from manyfest.domain.platforms import Platform
from manyfest.domain.references import Reference
from manyfest.library import inputs
from manyfest.library.calls import Calls
from manyfest.library.inputs import Name

_CONFLICTS = {
    "keep": OnConflict.KEEP,
    "replace": OnConflict.REPLACE,
    "refuse": OnConflict.REFUSE,
}


def options_of(
    start: DraftMode,
    *,
    platforms: tuple[Platform, ...],
    attestations: bool,
    nest: bool,
    on_conflict: str,
    keep_order: bool = False,
    list_type: ListType | None = None,
    annotations: Mapping[str, str] | None,
    overrides: Overrides,
    artifact_type: str,
) -> CreateOptions:
    """Return the options as one value. Raises InputError: no such ``on_conflict``."""
    if on_conflict not in _CONFLICTS:
        raise InputError(f"on_conflict: expected one of {', '.join(_CONFLICTS)}: {on_conflict!r}")
    wanted = ListSelection(platforms, attestations, nest)
    options = CreateOptions(start, wanted, _CONFLICTS[on_conflict], keep_order, list_type)
    return options.with_changes(inputs.pairs(annotations or {}), overrides, artifact_type)


def overrides(
    os: str, arch: str, variant: str, os_version: str, os_features: Iterable[str]
) -> Overrides:
    """Return what is set of a platform."""
    return Overrides(os, arch, variant, os_version, inputs.texts(os_features))


def compose(
    name: Reference,
    sources: Name | Iterable[Name],
    options: CreateOptions,
    calls: Calls,
    subject: Name | None,
    convert: Family | str | None,
) -> None:
    """Make or extend the draft ``name``; if the conversion fails, it stays as it was.

    Raises as ``Client.create``.
    """
    family = inputs.family(convert)
    with calls.writing() as session:
        require_writable([name])
        places = [inputs.source(each, session) for each in inputs.names(sources)]
        if subject is not None:
            found = session.registry.head_manifest(inputs.source(subject, session))
            options = evolve(options, index=evolve(options.index, subject=found))
        created = create(name, places, options, ports=session)
        if family is not None:
            convert_created(created, family, _say_nothing, ports=session)


def _say_nothing(_conversion: object) -> None:
    """Say nothing: a script compares the entries."""
