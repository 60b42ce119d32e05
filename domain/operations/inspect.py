"""Looking at a list, an image, a draft, or one entry of a draft."""

from collections.abc import Sequence
from functools import partial

from attrs import evolve, frozen

from manyfest.domain.descriptors import Descriptor
from manyfest.domain.drafts import Draft, Entry
from manyfest.domain.errors import DraftUnknownError, EntryUnknownError
from manyfest.domain.list_assembly import ordered_entries
from manyfest.domain.operations.each import Each
from manyfest.domain.operations.resolve import Resolved, resolve, with_config
from manyfest.domain.ports.draft_book import DraftBook
from manyfest.domain.ports.registry import ManifestReader, Registry
from manyfest.domain.references import Reference


@frozen
class Detail:
    """One image as docker's ``inspect -v`` tells of it.

    ``reference`` is where it was found, ``descriptor`` what is said about it (with the platform),
    ``found`` what was read there.
    """

    reference: Reference
    descriptor: Descriptor
    found: Resolved


def unpushed_draft(name: Reference, drafts: DraftBook) -> Draft | None:
    """The draft that ``inspect`` shows in the place of what the registry has.

    One that was pushed and not touched since does not hide the registry.
    """
    draft = drafts.find(name)
    return None if draft is None or draft.pushed else draft


def draft_entry(name: Reference, wanted: Reference, drafts: DraftBook) -> Entry:
    """The entry ``wanted`` of the draft ``name``.

    Raises DraftUnknownError: no such draft or entry; docker names ``wanted`` in both cases.
    """
    draft = drafts.find(name)
    if draft is None:
        raise DraftUnknownError(str(wanted))
    try:
        return draft.entry(wanted)
    except EntryUnknownError as error:
        raise DraftUnknownError(str(wanted)) from error


def details(found: Resolved, registry: Registry, each: Each) -> tuple[Detail, ...]:
    """The details of what was found: of an image its own, of a list those of all its entries.

    An image's platform is its config's; an entry's is what the list says, so no entry's config is
    read. Raises what reading raises: every entry must be there.
    """
    if not found.manifest.is_list:
        image = with_config(found, registry)
        described = evolve(image.manifest.descriptor(), platform=image.platform)
        return (Detail(found.reference, described, image),)
    listed = [
        (evolve(found.reference, digest=descriptor.digest), descriptor)
        for descriptor in found.manifest.entries
    ]
    return _read(listed, registry, each)


def draft_details(draft: Draft, registry: ManifestReader, each: Each) -> tuple[Detail, ...]:
    """The details of a draft's entries, as they will be listed."""
    listed = [(entry_reference(e), e.descriptor) for e in ordered_entries(draft)]
    return _read(listed, registry, each)


def entry_details(entry: Entry, registry: ManifestReader) -> Detail:
    """The details of one entry of a draft."""
    found = resolve(entry.content, registry)
    return Detail(entry_reference(entry), entry.descriptor, found)


def entry_reference(entry: Entry) -> Reference:
    """What docker calls an entry: its source; one that a list contributed by its digest there."""
    if entry.list_digest is None:
        return entry.source
    return evolve(entry.source, digest=entry.found.digest)


def _read(
    listed: Sequence[tuple[Reference, Descriptor]], registry: ManifestReader, each: Each
) -> tuple[Detail, ...]:
    return each(partial(_detail, registry=registry), listed)


def _detail(listed: tuple[Reference, Descriptor], registry: ManifestReader) -> Detail:
    reference, descriptor = listed
    found = resolve(reference.at(descriptor.digest), registry)
    return Detail(reference, descriptor, found)
