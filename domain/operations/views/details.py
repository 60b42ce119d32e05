"""Read the details of a list, an image, a draft, or one entry of a draft."""

from collections.abc import Callable, Sequence
from functools import partial

from attr import evolve

from manyfest.domain.descriptors import Descriptor
from manyfest.domain.drafts.draft import Draft, Entry
from manyfest.domain.drafts.entry_lookup import canonical_name, find_entry
from manyfest.domain.drafts.list_assembly import ordered_entries
from manyfest.domain.drafts.source_entries import described
from manyfest.domain.errors import DraftUnknownError, EntryUnknownError, ManifestUnknownError
from manyfest.domain.manifests import require_match
from manyfest.domain.media_types import family_of
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
    ``read_late`` reads one that is too large to be held beside others.
    """

    reference: Reference
    descriptor: Descriptor
    found: Resolved | None
    read_late: "Callable[[], Detail] | None" = None

    def completed(self) -> "Detail":
        """Return it with what is read late, which is read now. Raises what reading raises."""
        return self if self.read_late is None else self.read_late()


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
    so no config of an entry is read. Where all images are too large together, the large ones are
    read late, and not recorded. Uses the ports registry, contents, fan_out and now. Raises what
    reading raises, and TooManyBytesError; an entry that is missing is in the result.
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
        _Listed(evolve(found.reference, digest=descriptor.digest), descriptor, descriptor)
        for descriptor in found.manifest.entries
    ]
    return _read(listed, str(found.reference), ports)


def draft_details(draft: Draft, *, ports: Ports) -> Details:
    """Read the details of the entries of a draft, in the order in which they will be listed.

    Uses the ports registry and fan_out. Raises as ``details``.
    """
    return _read([_listed(e) for e in ordered_entries(draft)], str(draft.name), ports)


def entry_details(entry: Entry, registry: ManifestReader) -> Detail:
    """Read the details of one entry of a draft."""
    return _detail(_listed(entry), registry)


def entry_reference(entry: Entry) -> Reference:
    """Return docker's name of an entry: its source, with its digest if it came from a list."""
    if entry.list_digest is None:
        return entry.source
    return evolve(entry.source, digest=entry.found.digest)


@frozen
class _Listed:
    """An entry by its name; ``source`` describes what is to be read for it, perhaps to convert."""

    reference: Reference
    descriptor: Descriptor
    source: Descriptor


def _listed(entry: Entry) -> _Listed:
    return _Listed(entry_reference(entry), entry.descriptor, entry.found)


def _read(listed: Sequence[_Listed], subject: str, ports: Ports) -> Details:
    reader = MeteredReader(ports.registry, subject)
    reader.announce(each.source for each in listed)
    look = partial(_detail_or_none, reader=reader)
    read = ports.fan_out(look, listed)
    return Details(
        present=tuple(detail for detail in read if detail is not None),
        missing=tuple(
            each.reference for each, detail in zip(listed, read, strict=True) if detail is None
        ),
    )


def _detail_or_none(listed: _Listed, reader: MeteredReader) -> Detail | None:
    read = partial(_matching_detail, listed, reader)
    if reader.passes(listed.source.digest):
        return Detail(listed.reference, listed.descriptor, None, read)
    try:
        return read()
    except ManifestUnknownError:
        return None


def _matching_detail(listed: _Listed, registry: ManifestReader) -> Detail:
    detail = _detail(listed, registry)
    if detail.found is not None:
        require_match(detail.found.manifest, listed.descriptor, str(listed.reference))
    return detail


def _detail(listed: _Listed, registry: ManifestReader) -> Detail:
    """Read what is listed. Raises what reading raises."""
    content = listed.reference.at(listed.source.digest)
    if not _is_readable(content, listed.source, registry):
        return Detail(listed.reference, listed.descriptor, None)
    found = resolve(content, registry)
    if listed.descriptor.digest != listed.source.digest:
        from manyfest.domain.operations.steps.conversion import convert_tree

        family = family_of(listed.descriptor.media_type)
        *_, node = convert_tree(content, listed.source, family, registry)
        found = evolve(found, manifest=node.manifest.after if node.manifest else found.manifest)
    return Detail(listed.reference, listed.descriptor, found)


def _is_readable(content: Reference, listed: Descriptor, registry: ManifestReader) -> bool:
    return listed.digest.is_verifiable and not is_blob(content, listed, registry)
