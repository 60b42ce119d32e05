"""Look at an image, a list or a draft as a person does: all that is known, and little asked for.

Theory of operation. A list is one request. More is known of its entries where that costs nothing:
their manifests and configs are read from layouts and archives, which are files, and from the store,
which has what was read before. Only ``Extent.is_long`` reads them from a registry. So a fact about
an entry may be missing, and None says so.

BuildKit's attestations are entries of the list; they are shown with the image that they attest.
Referrers and digest tags are asked for with ``Extent.has_referrers``; those of files cost nothing,
and those that the store holds cost no request.
A list within the list is shown once, however often it is listed.
"""

from collections.abc import Sequence
from contextlib import suppress

from attr import evolve

from manyfest.domain import media_types
from manyfest.domain.drafts.draft import Draft
from manyfest.domain.drafts.list_assembly import assemble, ordered_entries
from manyfest.domain.errors import (
    DamagedStoreError,
    DocumentError,
    IntegrityError,
    LayoutError,
    NeverSeenError,
    NotFoundError,
)
from manyfest.domain.images.attachments import Attachment, Form
from manyfest.domain.images.configuration import (
    Configuration,
    read_configuration,
    read_facts,
)
from manyfest.domain.images.kinds import ATTESTATION, IMAGE, kind_of, kind_of_entry
from manyfest.domain.lists.attestations import attested_digest
from manyfest.domain.manifests import Manifest, require_match
from manyfest.domain.operations.attached.cached import cached_attachments
from manyfest.domain.operations.resolve import Resolved, read_config, resolve
from manyfest.domain.operations.steps.metered_reader import LIMIT, MeteredReader
from manyfest.domain.operations.steps.record import record_reads
from manyfest.domain.operations.steps.tree import is_blob
from manyfest.domain.operations.views.attached import attachments
from manyfest.domain.operations.views.overview import Extent, Item, Overview
from manyfest.domain.ports import Ports
from manyfest.domain.ports.registry import BlobReader
from manyfest.domain.references import Archive, Layout, Reference

# Entries of a list that are looked at in files and in the store, where nobody asked for more.
_UNASKED = 1000
_UNASKED_REFERRERS = 100

# Faults of a document that is shown all the same.
_FAULTS = (DocumentError, IntegrityError, LayoutError, NotFoundError)


def show(reference: Reference, extent: Extent, *, ports: Ports) -> Overview:
    """Look at the manifest at ``reference``; an image is shown with its config.

    What is read is recorded. Uses the ports registry, contents and fan_out. Raises what reading
    the manifest raises; TooManyBytesError: ``is_long``, and there is too much.
    """
    found = resolve(reference, ports.registry)
    if not found.manifest.is_list:
        return show_image(found, extent, ports=ports)
    view = _Looker(extent, ports, str(reference))
    entries = view.entries(found, extent.depth)
    attached = view.attached(found)
    record_reads([found, *view.read], ports=ports)
    return Overview(reference, found.manifest, kind_of(found.manifest), entries, attached)


def show_image(found: Resolved, extent: Extent, *, ports: Ports) -> Overview:
    """Look at the image or artifact ``found``, with its config.

    A config that is missing or malformed is a fault of the configuration. Raises as ``show``.
    """
    kind, fault = kind_of(found.manifest), ""
    try:
        found = _with_config(found, kind, ports.registry)
    except _FAULTS as error:
        fault = str(error)
    record_reads([found], ports=ports)
    view = Overview(found.reference, found.manifest, kind)
    if kind == IMAGE:
        config = read_configuration(found.config or b"{}")
        view = evolve(view, configuration=evolve(config, fault=fault or config.fault))
    elif found.config is not None:
        view = evolve(view, facts=read_facts(found.config))
    return evolve(view, attached=_Looker(extent, ports, str(found.reference)).attached(found))


def show_draft(draft: Draft, extent: Extent, *, ports: Ports) -> Overview:
    """Look at a draft as it would be published. Raises as ``show``; ListError: it cannot be."""
    manifest = assemble(draft, ports.contents.manifest)
    view = _Looker(extent, ports, str(draft.name))
    listed = [
        Item(entry.descriptor, entry.content, kind_of_entry(entry.descriptor), entry.source)
        for entry in ordered_entries(draft)
    ]
    items = view.items(listed, extent.depth)
    record_reads(view.read, ports=ports)
    return Overview(draft.name, manifest, kind_of(manifest), items, draft=draft)


def _with_config(found: Resolved, kind: str, blobs: BlobReader) -> Resolved:
    """Read the config of an image, and that of an artifact if it may be JSON."""
    config = found.manifest.config
    may_be_json = config is not None and (
        config.media_type.endswith("json") and config.media_type != media_types.OCI_EMPTY
    )
    has_facts = may_be_json and not found.manifest.has_image_config
    return evolve(found, config=read_config(found, blobs)) if kind == IMAGE or has_facts else found


class _Looker:
    """Fills the items of one view; ``read`` is what came from registries and files."""

    def __init__(self, extent: Extent, ports: Ports, subject: str) -> None:
        self.read: list[Resolved] = []
        self._extent = extent
        self._ports = ports
        self._reader = MeteredReader(ports.registry, subject)
        self._shown: set[object] = set()

    def entries(self, found: Resolved, depth: int) -> tuple[Item, ...]:
        """Return the entries of a list, to this depth."""
        place = found.reference.at
        listed = [Item(e, place(e.digest), kind_of_entry(e)) for e in found.manifest.entries]
        return self.items(listed, depth)

    def items(self, listed: Sequence[Item], depth: int) -> tuple[Item, ...]:
        """Return the items with what is known of them, attestations below their images."""
        if depth < 1:
            return ()
        filled = listed if self._is_too_much(listed) else self._filled(listed)
        items = [self._nested(item, depth) for item in _with_attestations(filled)]
        attached = self._attached_to_each(items) if depth > 1 else [()] * len(items)
        return tuple(
            evolve(item, attached=(*item.attached, *found)) if found else item
            for item, found in zip(items, attached, strict=True)
        )

    def attached(self, found: Resolved) -> tuple[Attachment, ...]:
        """Return what is attached to a manifest: all if that is asked for, else what is cached."""
        subject = found.reference.at(found.manifest.digest)
        if self._extent.has_referrers or _is_file(subject):
            return attachments([subject], ports=self._ports)[0]
        return cached_attachments([subject], self._ports.contents)[0]

    def _attached_to_each(self, items: Sequence[Item]) -> Sequence[tuple[Attachment, ...]]:
        places = [item.place for item in items]
        is_short = len(places) <= _UNASKED_REFERRERS
        if self._extent.has_referrers or (is_short and all(map(_is_file, places))):
            return attachments(places, ports=self._ports)
        if not is_short:
            return [()] * len(places)
        return cached_attachments(places, self._ports.contents)

    def _is_too_much(self, listed: Sequence[Item]) -> bool:
        size = sum(item.descriptor.size for item in listed)
        return not self._extent.is_long and (len(listed) > _UNASKED or size > LIMIT)

    def _filled(self, listed: Sequence[Item]) -> tuple[Item, ...]:
        if self._extent.is_long:
            self._reader.announce(item.descriptor for item in listed)
        asked = [place for place, item in enumerate(listed) if self._may_ask(item)]
        answers = self._reader.read_each(
            lambda place: self._asked(listed[place]),
            asked,
            lambda place: (listed[place].descriptor.digest,),
            self._ports.fan_out,
        )
        filled = dict(zip(asked, answers, strict=True))
        return tuple(
            filled[place] if place in filled else self._cached(item)
            for place, item in enumerate(listed)
        )

    def _may_ask(self, item: Item) -> bool:
        is_readable = item.descriptor.digest.is_verifiable
        return is_readable and (self._extent.is_long or _is_file(item.place))

    def _asked(self, item: Item) -> Item:
        """Read the manifest and the config of an item from where it is; called by threads."""
        try:
            if is_blob(item.place, item.descriptor, self._reader):
                return item
            found = resolve(item.place, self._reader)
            require_match(found.manifest, item.descriptor, str(item.place))
        except NeverSeenError:  # offline: it may well be there
            return item
        except NotFoundError:
            return evolve(item, fault="missing")
        except _FAULTS as error:
            return evolve(item, fault=str(error))
        with suppress(*_FAULTS):
            if item.kind == IMAGE == kind_of(found.manifest):
                found = evolve(found, config=read_config(found, self._reader))
        known = _known(item, found.manifest, found.config)
        if self._reader.passes(found.manifest.digest):
            return evolve(known, manifest=None)
        self.read.append(evolve(found, manifest=known.manifest or found.manifest))
        return known

    def _cached(self, item: Item) -> Item:
        """Take the manifest and the config of an item from the store."""
        with suppress(DamagedStoreError, DocumentError):
            manifest = self._ports.contents.manifest(item.descriptor.digest)
            if manifest is not None:
                config = manifest.config if manifest.has_image_config else None
                data = self._ports.contents.blob(config.digest) if config else None
                return _known(item, manifest, data)
        return item

    def _nested(self, item: Item, depth: int) -> Item:
        manifest = item.manifest
        if manifest is None or not manifest.is_list or manifest.digest in self._shown:
            return item
        self._shown.add(manifest.digest)
        with suppress(DocumentError):
            return evolve(item, entries=self.entries(Resolved(item.place, manifest), depth - 1))
        return item


def _is_file(place: Reference) -> bool:
    return isinstance(place.home, Layout | Archive)


def _known(item: Item, manifest: Manifest, config: bytes | None) -> Item:
    """The item with its manifest, and the config of an image: the kind is known better then.

    A list may have 40,000 images: they are held without parsed views.
    """
    kind = item.kind if item.kind == ATTESTATION else kind_of(manifest)
    known: Configuration | None = None
    if config is not None and kind == IMAGE:
        known = read_configuration(config)
    return evolve(item, kind=kind, manifest=manifest.without_views(), configuration=known)


def _with_attestations(items: Sequence[Item]) -> list[Item]:
    """Put each attestation below the first image that it attests; others stay where they are."""
    images = {str(item.descriptor.digest): item for item in items if item.kind != ATTESTATION}
    below: dict[str, list[Attachment]] = {}
    kept: list[Item] = []
    for item in items:
        attested = attested_digest(item.descriptor)
        if attested is not None and attested in images:
            below.setdefault(attested, []).append(_attestation(item, images[attested]))
        else:
            kept.append(item)
    if not below:
        return kept
    found = (below.pop(str(item.descriptor.digest), []) for item in kept)
    return [
        evolve(item, attached=tuple(attached)) if attached else item
        for item, attached in zip(kept, found, strict=True)
    ]


def _attestation(item: Item, image: Item) -> Attachment:
    platform = image.descriptor.platform
    place, listed, manifest = item.place, item.descriptor, item.manifest
    return Attachment(image.place, Form.ENTRY, place, listed, manifest, platform)
