"""Read the details of a list, an image, a draft, or one entry of a draft."""

from collections.abc import Sequence
from functools import partial

from attr import evolve

from manyfest.domain.descriptors import Descriptor
from manyfest.domain.drafts.draft import Draft, Entry
from manyfest.domain.drafts.entry_lookup import canonical_name, find_entry
from manyfest.domain.drafts.list_assembly import ordered_entries
from manyfest.domain.drafts.source_entries import described
from manyfest.domain.errors import DraftUnknownError, EntryUnknownError, ManifestUnknownError
from manyfest.domain.manifests import require_match
from manyfest.domain.operations.resolve import Resolved, resolve, with_config
from manyfest.domain.operations.steps.metered_reader import MeteredReader
from manyfest.domain.operations.steps.record import record_reads
from manyfest.domain.operations.steps.tree import is_blob
from manyfest.domain.ports import Ports
from manyfest.domain.ports.draft_book import DraftBook
from manyfest.domain.ports.registry import ManifestReader
from manyfest.domain.references import Reference
from manyfest.domain.values import frozen


@frozen
class Detail:
    """One image as docker's ``inspect -v`` shows it.

    ``reference`` is its name, ``descriptor`` describes it with its platform, as a list does, and
    ``found`` is the manifest that was read; None for a blob, and for what cannot be verified.
    """

    reference: Reference
    descriptor: Descriptor
    found: Resolved | None


@frozen
class Details:
    """The details of the images found, and the entries that are missing: a list may be sparse."""

    present: tuple[Detail, ...]
    missing: tuple[Reference, ...] = ()


def draft_entry(name: Reference, wanted: str, drafts: DraftBook) -> Entry:
    """Find the entry of the draft ``name`` that ``wanted`` names.

    Raises DraftUnknownError: no such draft or entry; docker names ``wanted`` in both cases;
    AmbiguousEntryError; InvalidReferenceError: ``wanted`` is malformed.
    """
    draft = drafts.find(name)
    if draft is None:
        raise DraftUnknownError(canonical_name(wanted))
    try:
        return find_entry(draft, wanted)
    except EntryUnknownError as error:
        raise DraftUnknownError(canonical_name(wanted)) from error


def details(found: Resolved, *, ports: Ports) -> Details:
    """Read the details of an image, or of the entries of a list, and record them with ``found``.

    The platform of an image is that of its config; the platform of an entry is what the list says,
    so no config of an entry is read. Uses the ports registry, contents, fan_out and now. Raises
    what reading raises, and TooManyBytesError; an entry that is missing is in the result.
    """
    read = _published_details(found, ports)
    seen = (detail.found for detail in read.present)
    record_reads([found, *(each for each in seen if each is not None)], ports=ports)
    return read


def _published_details(found: Resolved, ports: Ports) -> Details:
    if not found.manifest.is_list:
        image = with_config(found, ports.registry)
        descriptor = evolve(described(image.manifest, image.platform), others={})  # as docker
        return Details((Detail(found.reference, descriptor, image),))
    listed = [
        (evolve(found.reference, digest=descriptor.digest), descriptor)
        for descriptor in found.manifest.entries
    ]
    return _read(listed, str(found.reference), ports)


def draft_details(draft: Draft, *, ports: Ports) -> Details:
    """Read the details of the entries of a draft, in the order in which they will be listed.

    Uses the ports registry and fan_out. Raises as ``details``.
    """
    listed = [(entry_reference(e), e.descriptor) for e in ordered_entries(draft)]
    return _read(listed, str(draft.name), ports)


def entry_details(entry: Entry, registry: ManifestReader) -> Detail:
    """Read the details of one entry of a draft."""
    is_shown = _is_readable(entry.content, entry.found, registry)
    found = resolve(entry.content, registry) if is_shown else None
    return Detail(entry_reference(entry), entry.descriptor, found)


def entry_reference(entry: Entry) -> Reference:
    """Return docker's name of an entry: its source, with its digest if it came from a list."""
    if entry.list_digest is None:
        return entry.source
    return evolve(entry.source, digest=entry.found.digest)


def _read(listed: Sequence[tuple[Reference, Descriptor]], subject: str, ports: Ports) -> Details:
    reader = MeteredReader(ports.registry, subject)
    reader.announce(descriptor for _, descriptor in listed)
    read = ports.fan_out(partial(_detail_or_none, registry=reader), listed)
    return Details(
        present=tuple(detail for detail in read if detail is not None),
        missing=tuple(
            reference for (reference, _), detail in zip(listed, read, strict=True) if detail is None
        ),
    )


def _detail_or_none(
    listed: tuple[Reference, Descriptor], registry: ManifestReader
) -> Detail | None:
    reference, descriptor = listed
    content = reference.at(descriptor.digest)
    if not _is_readable(content, descriptor, registry):
        return Detail(reference, descriptor, None)
    try:
        found = resolve(content, registry)
    except ManifestUnknownError:
        return None
    require_match(found.manifest, descriptor, str(reference))
    return Detail(reference, descriptor, found)


def _is_readable(content: Reference, listed: Descriptor, registry: ManifestReader) -> bool:
    return listed.digest.is_verifiable and not is_blob(content, listed, registry)
