"""Make a draft from images and lists, or add to one; all or nothing."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING

from attr import evolve, field

from manyfest.domain.drafts.deduplication import deduplicated
from manyfest.domain.drafts.draft import Draft, Entry, ListType
from manyfest.domain.drafts.overrides import NO_OVERRIDES, IndexOverrides, Overrides, index_fields
from manyfest.domain.drafts.platform_conflicts import refuse_conflicts, shadowed_by_later
from manyfest.domain.drafts.source_entries import (
    EVERYTHING,
    ListSelection,
    described,
    entries_of_list,
    merged_with_previous,
)
from manyfest.domain.encoding.strict_json import Json
from manyfest.domain.errors import (
    DocumentError,
    DraftExistsError,
    DraftUnknownError,
    InputError,
    InvalidReferenceError,
)
from manyfest.domain.lists.attestations import attested_digest
from manyfest.domain.operations.resolve import Resolved, resolve_with_config
from manyfest.domain.operations.steps.record import record
from manyfest.domain.ports import Ports
from manyfest.domain.ports.draft_book import DraftBook
from manyfest.domain.references import Reference
from manyfest.domain.values import frozen

if TYPE_CHECKING:  # of an option that is rarely given
    from manyfest.domain.specs.annotation_levels import LeveledAnnotation


class DraftMode(Enum):
    """The draft of the name that may exist before.

    ``NEW``: none, or one that was pushed and not changed since, which is replaced. ``AMEND``: any
    or none. ``ADD``: one must exist.
    """

    NEW = "new"
    AMEND = "amend"
    ADD = "add"


class OnConflict(Enum):
    """The handling of two entries for one platform."""

    KEEP = "keep"  # both are listed, as docker does
    REPLACE = "replace"  # the later one wins
    REFUSE = "refuse"


@frozen
class CreateOptions:
    """The options of a new draft: its start, the selection from lists, its order and type.

    ``keep_order`` and ``list_type`` stay with the draft; None leaves them as they are.
    ``overrides`` are for the one image that the sources give, ``annotations`` for all of their
    entries, and ``index`` for the list itself.
    """

    start: DraftMode = DraftMode.NEW
    wanted: ListSelection = EVERYTHING
    on_conflict: OnConflict = OnConflict.KEEP
    keep_order: bool = False
    list_type: ListType | None = None
    overrides: Overrides = NO_OVERRIDES
    annotations: tuple["LeveledAnnotation", ...] = ()
    index: IndexOverrides = field(factory=IndexOverrides)

    def with_changes(
        self, annotations: Sequence[str], overrides: Overrides, artifact_type: str
    ) -> "CreateOptions":
        """Return the options with what is annotated at once. Raises InputError.

        ``annotations`` are ``[LEVEL:|PLATFORM:]KEY=VALUE`` (``parse_entry_annotation``).
        """
        index = IndexOverrides(artifact_type)
        if not annotations:
            return evolve(self, overrides=overrides, index=index)
        from manyfest.domain.specs.annotation_levels import parse_entry_annotation

        parsed = [each for text in annotations for each in parse_entry_annotation(text)]
        of_list = tuple(sorted({a.key: a.value for a in parsed if not a.is_of_entries}.items()))
        of_entries = tuple(each for each in parsed if each.is_of_entries)
        index = evolve(index, annotations=of_list)
        return evolve(self, overrides=overrides, annotations=of_entries, index=index)


DEFAULT_OPTIONS = CreateOptions()


@frozen
class Created:
    """The draft as saved, the one that it replaces, and the number of attestations left out.

    ``read`` are the sources, with the configs of images.
    """

    draft: Draft
    before: Draft | None
    attestations_left: int
    read: tuple[Resolved, ...]


def create(
    name: Reference,
    sources: Sequence[Reference],
    terms: CreateOptions = DEFAULT_OPTIONS,
    *,
    ports: Ports,
    meanwhile: Sequence[Callable[[], object]] = (),
    when_startable: Callable[[], None] = lambda: None,
) -> Created:
    """Make the draft ``name`` from all ``sources``, and save it with all that was read.

    An image gives one entry; a list its own, or the selected ones. Sources are always read where
    they are published, so the name may be among them. A source that the draft has already is read
    again; if only some platforms of a list are selected, its earlier entries for others stay.
    Nothing is saved when anything fails. The calls in ``meanwhile`` are made in parallel with the
    reads, and if one fails, so does this. ``when_startable`` is called before the reads, once it
    is known that the draft may be made.

    Uses the ports registry, contents, drafts, fan_out and now. Raises InvalidReferenceError:
    ``name`` has a digest; DraftExistsError, DraftUnknownError: not as ``terms.start`` wants it;
    InputError: not one image for ``terms.overrides``, or none for an annotation;
    UnsupportedPlatformError; InvalidMediaTypeError; NoSuchPlatformError; PlatformConflictError;
    what reading a source raises; StoreError.
    """
    terms.index.check_artifact_type()
    _require_start(name, terms.start, ports=ports)
    when_startable()
    distinct = tuple(dict.fromkeys(sources))
    calls: list[Callable[[], object]] = list(meanwhile)
    calls += [partial(resolve_with_config, source, ports.registry) for source in distinct]
    found = tuple(_resolved(ports.fan_out(_call, calls)))
    contributed = {r.reference: contribution(r, terms.wanted) for r in found}
    if terms.overrides != NO_OVERRIDES or terms.annotations:
        contributed = _changed(contributed, terms)
    with ports.drafts.transaction():
        before = ports.drafts.find(name)
        draft = _starting_point(name, before, ports.now, terms.start)
        for read in found:
            draft = _with_given(draft, read, contributed[read.reference], terms, ports.now)
        draft = evolve(draft, entries=deduplicated(draft.entries))
        draft = _with_options(
            evolve(draft, index_found=inherited_index_fields(draft, found)), terms, ports.now
        )
        record(ports.contents, found, ports.now)
        ports.drafts.save(draft)
    return Created(draft, before, _attestations_left(found, contributed), found)


def _changed(
    contributed: Mapping[Reference, tuple[Entry, ...]], terms: CreateOptions
) -> dict[Reference, tuple[Entry, ...]]:
    """Return the entries with the overrides and annotations of ``terms``; attestations get none.

    Raises InputError, UnsupportedPlatformError.
    """
    from manyfest.domain.operations.drafts.annotate import check_pair
    from manyfest.domain.specs.release_entries import annotated, require_matches

    images = [e for entries in contributed.values() for e in entries if not _attests(e)]
    if terms.overrides != NO_OVERRIDES and len(images) != 1:
        reason = f"a platform is for one image, and the sources give {len(images)}"
        raise InputError(f"{reason}; add that image alone, or use: manyfest annotate")
    require_matches(terms.annotations, images)

    def changed(entry: Entry) -> Entry:
        if terms.overrides != NO_OVERRIDES and entry in images:
            entry = evolve(entry, overrides=terms.overrides)
            check_pair(entry.found.platform, entry.descriptor.platform)
        return entry

    return {
        source: annotated([changed(entry) for entry in entries], terms.annotations)
        for source, entries in contributed.items()
    }


def _attests(entry: Entry) -> bool:
    return attested_digest(entry.found) is not None


def _require_start(name: Reference, start: DraftMode, *, ports: Ports) -> None:
    """Refuse what ``create`` refuses before it reads anything.

    Uses the ports drafts and now. Raises InvalidReferenceError, DraftExistsError,
    DraftUnknownError.
    """
    if name.digest is not None:
        raise InvalidReferenceError(str(name), "a list is named by a tag, not by a digest")
    _starting_point(name, ports.drafts.find(name), ports.now, start)


def _call(call: Callable[[], object]) -> object:
    return call()


def _resolved(answers: Iterable[object]) -> Iterator[Resolved]:
    return (answer for answer in answers if isinstance(answer, Resolved))


def rollback(created: Created, drafts: DraftBook) -> None:
    """Restore the draft as it was before a ``create`` whose publication failed.

    A draft that was changed since is left as it is. Raises StoreError.
    """
    name = created.draft.name
    with drafts.transaction():
        if drafts.find(name) != created.draft:
            return
        if created.before is None:
            drafts.remove(name)
        else:
            drafts.save(created.before)


def contribution(resolved: Resolved, wanted: ListSelection = EVERYTHING) -> tuple[Entry, ...]:
    """Return the entries from one source. Raises NoSuchPlatformError, DocumentError."""
    manifest = resolved.manifest
    if manifest.is_list and not manifest.entries and not wanted.nested:
        raise DocumentError(str(resolved.reference), "an empty list, which contributes nothing")
    if manifest.is_list:
        return entries_of_list(resolved.reference, manifest, wanted)
    return (Entry(resolved.reference, described(manifest, resolved.platform)),)


def _starting_point(
    name: Reference, existing: Draft | None, now: datetime, start: DraftMode
) -> Draft:
    if existing is None and start is DraftMode.ADD:
        raise DraftUnknownError(str(name))
    if existing is None or (existing.pushed and start is DraftMode.NEW):
        return Draft(name, created_at=now, changed_at=now)
    if start is DraftMode.NEW:
        raise DraftExistsError(str(name))
    return existing


def _with_given(
    draft: Draft, source: Resolved, given: Sequence[Entry], terms: CreateOptions, now: datetime
) -> Draft:
    before = [entry for entry in draft.entries if entry.source == source.reference]
    entries = merged_with_previous(given, before, source.manifest, terms.wanted)
    return draft.with_source(source.reference, entries, now)


def inherited_index_fields(draft: Draft, found: Sequence[Resolved]) -> Mapping[str, Json]:
    """Return the members of the only list among the sources; with several, none."""
    lists = draft.flattened_lists
    if len(lists) != 1:
        return {}
    read = [r.manifest for r in found if r.reference == lists[0]]
    return index_fields(read[0]) if read else draft.index_found


def _with_options(draft: Draft, terms: CreateOptions, now: datetime) -> Draft:
    if terms.on_conflict is OnConflict.REPLACE:
        draft = draft.minus(shadowed_by_later(draft.entries), now)
    if terms.on_conflict is OnConflict.REFUSE:
        refuse_conflicts(draft)
    if terms.keep_order:
        draft = draft.keeping_order(now)
    if terms.index != IndexOverrides():
        draft = draft.index_annotated(terms.index, now)
    return draft if terms.list_type is None else draft.of_type(terms.list_type, now)


def _attestations_left(
    found: Sequence[Resolved], contributed: Mapping[Reference, Sequence[Entry]]
) -> int:
    taken = {str(e.found.digest) for entries in contributed.values() for e in entries}
    return sum(
        attested_digest(descriptor) in taken and str(descriptor.digest) not in taken
        for resolved in found
        for descriptor in resolved.manifest.entries
    )
