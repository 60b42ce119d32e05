"""Compare two published images or lists by their content, reading only what may differ."""

from collections.abc import Iterable, Sequence
from functools import partial
from itertools import chain

from attr import evolve, field

from manyfest.domain import media_types
from manyfest.domain.comparison.changes import EntryChange, Status
from manyfest.domain.comparison.entries import (
    DigestChange,
    OrderChange,
    Pair,
    dangling_change,
    order_change,
    pair_entries,
)
from manyfest.domain.comparison.images import (
    ImageChange,
    descriptor_fields,
    have_comparable_configs,
    image_change,
)
from manyfest.domain.comparison.json_differences import Difference, differences
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.encoding.strict_json import JsonObject
from manyfest.domain.lists.attestations import without_attestations
from manyfest.domain.lists.platform_selection import best_matches
from manyfest.domain.operations.resolve import Resolved, resolve, with_config
from manyfest.domain.operations.steps.metered_reader import MeteredReader
from manyfest.domain.operations.steps.record import record_reads
from manyfest.domain.platforms import Platform
from manyfest.domain.ports import Ports
from manyfest.domain.ports.registry import BlobReader
from manyfest.domain.references import Reference
from manyfest.domain.values import frozen

_Found = dict[Reference, Resolved]


@frozen
class Selection:
    """The ``entry`` of the list ``reference`` that an image was compared with; None: no match."""

    reference: Reference
    entry: Descriptor | None


@frozen
class Comparison:
    """The differences of ``after`` from ``before``.

    ``members`` are the differences of two lists outside their entries; ``dangling`` are
    attestations of images that their list lacks. ``read`` is all that was read.
    """

    before: Resolved
    after: Resolved
    entries: tuple[EntryChange, ...]
    members: tuple[Difference, ...] = ()
    order: OrderChange | None = None
    dangling: DigestChange = field(factory=DigestChange)
    selection: Selection | None = None
    read: tuple[Resolved, ...] = ()

    @property
    def status(self) -> Status:
        """SAME, REWRITTEN or CHANGED. Entries that were not compared do not count."""
        became = {entry.status for entry in self.entries}
        if self.members or self.order or self.dangling or became - {Status.SAME, Status.REWRITTEN}:
            return Status.CHANGED
        same = self.selection or self.before.manifest.digest == self.after.manifest.digest
        return Status.SAME if same and became <= {Status.SAME} else Status.REWRITTEN


def diff(before: Reference, after: Reference, *, ports: Ports) -> Comparison:
    """Compare the image or list at ``after`` with that at ``before``, platform by platform.

    An image is compared with the entry of its platform where the other side is a list. Entries of
    equal digests are not read, nor are configs of equal digests. What is read is recorded. Uses
    the ports registry, contents, fan_out and now. Raises what reading raises; ManifestUnknownError
    also for an entry that differs and is missing; TooManyBytesError.
    """
    comparison = _compared(before, after, ports)
    record_reads(comparison.read, ports=ports)
    return comparison


def _compared(before: Reference, after: Reference, ports: Ports) -> Comparison:
    mine, theirs = ports.fan_out(partial(resolve, registry=ports.registry), (before, after))
    if mine.manifest.is_list and theirs.manifest.is_list:
        return _lists_compared(mine, theirs, ports)
    selection = None
    if mine.manifest.is_list:
        theirs, image, entry = _beside_its_entry(theirs, mine, ports.registry)
        pair, selection = Pair(entry, image), Selection(before, entry)
    elif theirs.manifest.is_list:
        mine, image, entry = _beside_its_entry(mine, theirs, ports.registry)
        pair, selection = Pair(image, entry), Selection(after, entry)
    else:
        pair = Pair(mine.manifest.descriptor(), theirs.manifest.descriptor())
    found = _read([pair], mine, theirs, ports)
    change = EntryChange(pair, image=_image_change(pair, mine, theirs, found))
    return Comparison(
        mine, theirs, (change,), selection=selection, read=(mine, theirs, *found.values())
    )


def _lists_compared(mine: Resolved, theirs: Resolved, ports: Ports) -> Comparison:
    left, right = mine.manifest.entries, theirs.manifest.entries
    pairs = pair_entries(left, right)
    found = _read(pairs, mine, theirs, ports)
    return Comparison(
        mine,
        theirs,
        tuple(
            EntryChange(pair, _described_otherwise(pair), _image_change(pair, mine, theirs, found))
            for pair in pairs
        ),
        members=differences(_members(mine), _members(theirs)),
        order=order_change(pairs, left, right),
        dangling=dangling_change(left, right),
        read=(mine, theirs, *found.values()),
    )


def _members(found: Resolved) -> JsonObject:
    """The members of a list other than its entries; an OCI index may omit its media type."""
    manifest = found.manifest
    return {**manifest.document, "mediaType": manifest.media_type, "manifests": None}


def _beside_its_entry(
    image: Resolved, listed: Resolved, blobs: BlobReader
) -> tuple[Resolved, Descriptor, Descriptor | None]:
    """The image, its descriptor as in a list, and its entry: itself, or one of its platform."""
    own, entries = image.manifest.descriptor(), without_attestations(listed.manifest.entries)
    for entry in entries:
        if entry.digest == own.digest:
            return image, evolve(own, platform=entry.platform), entry
    image = with_config(image, blobs)
    own = evolve(own, platform=image.platform)
    return image, own, _entry_of(image.platform, entries)


def _entry_of(platform: Platform, entries: Sequence[Descriptor]) -> Descriptor | None:
    """The first entry for ``platform``; if none has its os.version, the first of any."""
    listed = [(entry.platform, entry) for entry in entries if entry.platform]
    for wanted in (platform, evolve(platform, os_version="")):
        if found := best_matches(listed, wanted):
            return found[0]
    return None


def _read(pairs: Iterable[Pair], mine: Resolved, theirs: Resolved, ports: Ports) -> _Found:
    """Read the images of pairs that differ, each once, and the configs that differ."""
    sides = [_references(both, mine, theirs) for pair in pairs if (both := _differing(pair))]
    found = {_by_digest(root).reference: _by_digest(root) for root in (mine, theirs)}
    reader = MeteredReader(ports.registry, str(theirs.reference))
    unread = [side for side in dict.fromkeys(chain(*sides)) if side not in found]
    found |= zip(unread, ports.fan_out(partial(resolve, registry=reader), unread), strict=True)
    without = dict.fromkeys(
        side
        for left, right in sides
        if have_comparable_configs(found[left].manifest, found[right].manifest)
        for side in (left, right)
        if found[side].config is None
    )
    read = ports.fan_out(partial(with_config, blobs=reader), [found[side] for side in without])
    return found | {image.reference: image for image in read}


def _by_digest(found: Resolved) -> Resolved:
    return evolve(found, reference=found.reference.at(found.manifest.digest))


def _differing(pair: Pair) -> tuple[Descriptor, Descriptor] | None:
    """Both entries, if they differ and are manifests that can be read."""
    both = pair.both
    if both is None or both[0].digest == both[1].digest:
        return None
    return both if all(map(_is_readable, both)) else None


def _is_readable(entry: Descriptor) -> bool:
    return media_types.is_manifest(entry.media_type) and entry.digest.is_verifiable


def _references(
    both: tuple[Descriptor, Descriptor], mine: Resolved, theirs: Resolved
) -> tuple[Reference, Reference]:
    before, after = both
    return mine.reference.at(before.digest), theirs.reference.at(after.digest)


def _image_change(
    pair: Pair, mine: Resolved, theirs: Resolved, found: _Found
) -> ImageChange | None:
    both = _differing(pair)
    if both is None:
        return _digest_change(pair)
    left, right = (found[side] for side in _references(both, mine, theirs))
    return image_change(left.manifest, right.manifest, (left.config, right.config))


def _digest_change(pair: Pair) -> ImageChange | None:
    """The change of entries that are compared by digest alone."""
    both = pair.both
    digests = [str(entry.digest) for entry in both or ()]
    if len(set(digests)) < 2:  # noqa: PLR2004 - both are there, and differ
        return None
    return ImageChange(manifest=differences({"digest": digests[0]}, {"digest": digests[1]}))


def _described_otherwise(pair: Pair) -> tuple[Difference, ...]:
    both = pair.both
    return differences(descriptor_fields(both[0]), descriptor_fields(both[1])) if both else ()
