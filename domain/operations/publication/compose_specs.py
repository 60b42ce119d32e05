"""Read the sources of specs, and make the lists that they declare."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial

from attr import evolve

from manyfest.domain.digests import Digest
from manyfest.domain.drafts.deduplication import united
from manyfest.domain.drafts.draft import Draft, Entry, ListForm
from manyfest.domain.drafts.draft_conversion import DraftConversion
from manyfest.domain.drafts.expected_platforms import check_platforms
from manyfest.domain.drafts.overrides import IndexOverrides, Overrides
from manyfest.domain.errors import ListError, ManifestUnknownError, NoSuchPlatformError
from manyfest.domain.expectations import Expectation
from manyfest.domain.lists.attestations import attested_digest
from manyfest.domain.manifests import Manifest
from manyfest.domain.operations.drafts.create import contribution, inherited_index_fields
from manyfest.domain.operations.publication.plan_push import Publication
from manyfest.domain.operations.resolve import Resolved, resolve, with_config
from manyfest.domain.ports import Ports
from manyfest.domain.ports.registry import Registry
from manyfest.domain.references import Reference
from manyfest.domain.specs.list_spec import EntrySpec, ListSpec, sources_of
from manyfest.domain.specs.release_entries import (
    amended,
    annotated,
    for_platforms,
    with_usual_platform,
)
from manyfest.domain.values import frozen


@frozen
class Composed:
    """The manifests read at the sources, the missing sources, and the lists to publish.

    The drafts are values only: none is saved. ``conversions`` are those of specs that want one.
    """

    found: tuple[Resolved, ...]
    missing: tuple[str, ...]
    publications: tuple[Publication, ...]
    conversions: tuple[DraftConversion, ...] = ()

    def source_manifest(self, digest: Digest) -> Manifest | None:
        """Return the source of this digest: a list that nothing is changed of keeps its bytes."""
        read = {resolved.manifest.digest: resolved.manifest for resolved in self.found}
        return read.get(digest)


def compose_specs(
    specs: Sequence[ListSpec],
    *,
    ports: Ports,
    ignore_missing: bool,
    meanwhile: Sequence[Callable[[], object]] = (),
) -> Composed:
    """Read the sources of all ``specs`` at once, and make the lists. Writes nothing.

    The calls in ``meanwhile`` are made in parallel with the reads. With ``ignore_missing``, a
    source that is missing, or lacks the platform, is left out. Uses the ports registry, fan_out and
    now. Raises ManifestUnknownError, NoSuchPlatformError: otherwise; ListError: a list would be
    empty; UnexpectedPlatformsError; ConversionError; what reading raises.
    """
    calls: list[Callable[[], object]] = list(meanwhile)
    calls += [
        partial(_read, source, ports.registry, ignore_missing=ignore_missing)
        for source in sources_of(specs)
    ]
    answers = ports.fan_out(_call, calls)
    found = {answer.reference: answer for answer in answers if isinstance(answer, Resolved)}
    given = {
        entry: _given(entry, found, ignore_missing=ignore_missing)
        for spec in specs
        for entry in spec.entries
    }
    composed = Composed(
        found=tuple(found.values()),
        missing=tuple(dict.fromkeys(e.written for e, entries in given.items() if entries is None)),
        publications=tuple(_publication(spec, given, found, ports.now) for spec in specs),
    )
    return _converted(composed, specs, ports) if any(spec.convert for spec in specs) else composed


def _converted(composed: Composed, specs: Sequence[ListSpec], ports: Ports) -> Composed:
    """Convert the drafts of the specs that want it."""
    from manyfest.domain.operations.steps.conversion import convert_draft

    conversions = [
        convert_draft(each.draft, spec.convert, ports=ports) if spec.convert else None
        for spec, each in zip(specs, composed.publications, strict=True)
    ]
    publications = tuple(
        evolve(each, draft=conversion.draft) if conversion else each
        for each, conversion in zip(composed.publications, conversions, strict=True)
    )
    made = tuple(each for each in conversions if each is not None)
    return evolve(composed, publications=publications, conversions=made)


def _call(call: Callable[[], object]) -> object:
    return call()


def _read(reference: Reference, registry: Registry, *, ignore_missing: bool) -> Resolved | None:
    try:
        found = resolve(reference, registry)
    except ManifestUnknownError:
        if ignore_missing:
            return None
        raise
    return with_config(found, registry)


def _given(
    spec: EntrySpec, found: Mapping[Reference, Resolved], *, ignore_missing: bool
) -> tuple[Entry, ...] | None:
    """The entries from a source; None if it, or its platform, is missing and may be."""
    if spec.source not in found:
        return None
    spec.check(found[spec.source].manifest)
    try:
        entries = contribution(found[spec.source], spec.selection)
    except NoSuchPlatformError:
        if ignore_missing:
            return None
        raise
    return _with_overrides(_typed(entries, spec.artifact_type), spec)


def _typed(entries: Sequence[Entry], artifact_type: str) -> Sequence[Entry]:
    """Let an entry have the artifact type that a descriptor says."""
    if not artifact_type or len(entries) != 1:
        return entries
    found = entries[0].found
    others = {**found.others, "artifactType": artifact_type}
    return (evolve(entries[0], found=evolve(found, others=others)),)


def _with_overrides(entries: Sequence[Entry], spec: EntrySpec) -> tuple[Entry, ...]:
    """Override images, not their attestations; the platform only of a single image."""
    are_images = [attested_digest(entry.found) is None for entry in entries]
    said = spec.overrides if sum(are_images) == 1 else Overrides(annotations=spec.annotations)
    return tuple(
        evolve(entry, overrides=said) if is_image else entry
        for entry, is_image in zip(entries, are_images, strict=True)
    )


def _publication(
    spec: ListSpec,
    given: Mapping[EntrySpec, tuple[Entry, ...] | None],
    found: Mapping[Reference, Resolved],
    now: datetime,
) -> Publication:
    entries = _entries(spec, given)
    if not entries:
        reason = f"{spec.target} would have no entries: none of its images exists"
        raise ListError(str(spec.target), reason)
    draft = Draft(
        spec.target,
        created_at=now,
        changed_at=now,
        entries=entries,
        keeps_order=True,
        list_type=spec.list_type,
        index=IndexOverrides(annotations=spec.annotations),
    )
    draft = evolve(draft, index_found=inherited_index_fields(draft, tuple(found.values())))
    if spec.expected_platforms:
        check_platforms(draft, spec.expected_platforms)
    before = Expectation(found[spec.target].manifest.digest) if spec.is_appended else None
    return Publication(draft, spec.targets, before, spec.form, spec.is_untagged)


def _entries(
    spec: ListSpec, given: Mapping[EntrySpec, tuple[Entry, ...] | None]
) -> tuple[Entry, ...]:
    sources = {evolve(each, written=""): each for each in spec.entries}.values()  # each once
    entries = [entry for each in sources for entry in given[each] or ()]
    if spec.form is not ListForm.DOCKER:
        entries = [with_usual_platform(entry) for entry in entries]
    amendments = [e for each in sources if each.is_amendment for e in given[each] or ()]
    images = [entry for entry in amendments if entry.list_digest is None]
    merged = united(amended(entries, images))
    chosen = for_platforms(merged, spec.platforms, str(spec.target))
    return annotated(chosen, spec.entry_annotations)
