"""Compare two published images or lists by their content, reading only what may differ."""

from collections.abc import Iterable
from functools import partial
from itertools import chain

from attr import evolve, field

from manyfest.domain.comparison.changes import (
    EntryChange,
    description_change,
    differing,
    digest_change,
)
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
    have_comparable_configs,
    image_change,
)
from manyfest.domain.comparison.json_differences import Difference, differences, with_cut_values
from manyfest.domain.comparison.scope import EVERYTHING, Scope, entries_in, entry_for_image
from manyfest.domain.comparison.status import DifferenceKind, Status
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.encoding.strict_json import JsonObject
from manyfest.domain.lists.attestations import without_attestations
from manyfest.domain.lists.platform_selection import (
    require_platform,
    select_entry,
)
from manyfest.domain.operations.resolve import Resolved, resolve, with_config
from manyfest.domain.operations.steps.metered_reader import MeteredReader
from manyfest.domain.operations.steps.record import record_reads
from manyfest.domain.platforms import Platform
from manyfest.domain.ports import Ports
from manyfest.domain.ports.fan_out import FanOut, sequential
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
    attestations of images that their list lacks. With ``platforms``, only their entries are
    compared, and nothing else of the lists. ``read`` is all that was read.
    """

    before: Resolved
    after: Resolved
    entries: tuple[EntryChange, ...]
    members: tuple[Difference, ...] = ()
    order: OrderChange | None = None
    dangling: DigestChange = field(factory=DigestChange)
    selection: Selection | None = None
    platforms: tuple[Platform, ...] = ()
    read: tuple[Resolved, ...] = ()

    @property
    def kinds(self) -> tuple[DifferenceKind, ...]:
        """The kinds of differences, in the order of ``Kind``."""
        found = {kind for entry in self.entries for kind in entry.kinds}
        if self.members or self.order or self.dangling:
            found.add(DifferenceKind.LIST)
        if self.status is not Status.SAME:
            found.add(DifferenceKind.BYTES)
        return tuple(kind for kind in DifferenceKind if kind in found)

    @property
    def is_only_list(self) -> bool:
        """Whether the lists differ, and the images that both list are the same."""
        common = [entry for entry in self.entries if entry.pair.both]
        lists = self.before.manifest.is_list and self.after.manifest.is_list
        is_same = bool(common) and all(entry.image is None for entry in common)
        return lists and is_same and self.status is Status.CHANGED

    @property
    def status(self) -> Status:
        """SAME, REWRITTEN or CHANGED. Entries that were not compared do not count."""
        became = {entry.status for entry in self.entries}
        if self.members or self.order or self.dangling or became - {Status.SAME, Status.REWRITTEN}:
            return Status.CHANGED
        is_part = self.selection or self.platforms
        same = is_part or self.before.manifest.digest == self.after.manifest.digest
        return Status.SAME if same and became <= {Status.SAME} else Status.REWRITTEN


def diff(
    before: Reference, after: Reference, *, ports: Ports, scope: Scope = EVERYTHING
) -> Comparison:
    """Compare the image or list at ``after`` with that at ``before``, platform by platform.

    An image is compared with the entry of its platform where the other side is a list. Entries of
    equal digests are not read, nor are configs of equal digests. What is read is recorded. Uses
    the ports registry, contents, fan_out and now. Raises what reading raises; ManifestUnknownError
    also for an entry that differs and is missing; TooManyBytesError; NoSuchPlatformError: neither
    list has a platform of the scope, or an image is of another.
    """
    comparison = _compared(before, after, ports, scope)
    record_reads(comparison.read, ports=ports)
    return comparison


def _compared(before: Reference, after: Reference, ports: Ports, scope: Scope) -> Comparison:
    mine, theirs = ports.fan_out(partial(resolve, registry=ports.registry), (before, after))
    if mine.manifest.is_list and theirs.manifest.is_list:
        return _lists_compared(mine, theirs, ports, scope)
    selection = None
    if mine.manifest.is_list:
        theirs, image, entry = _beside_its_entry(theirs, mine, ports.registry, scope)
        pair, selection = Pair(entry, image), Selection(before, entry)
    elif theirs.manifest.is_list:
        mine, image, entry = _beside_its_entry(mine, theirs, ports.registry, scope)
        pair, selection = Pair(image, entry), Selection(after, entry)
    else:
        mine, theirs = (_of_platforms(side, ports.registry, scope) for side in (mine, theirs))
        pair = Pair(mine.manifest.descriptor(), theirs.manifest.descriptor())
    reader = MeteredReader(ports.registry, str(theirs.reference))
    found = _read([pair], mine, theirs, reader, ports.fan_out)
    change = EntryChange(pair, image=_image_change(pair, mine, theirs, found))
    return Comparison(
        mine,
        theirs,
        (change,),
        selection=selection,
        platforms=scope.platforms,
        read=(mine, theirs, *found.values()),
    )


def _lists_compared(mine: Resolved, theirs: Resolved, ports: Ports, scope: Scope) -> Comparison:
    sides = mine.manifest.entries, theirs.manifest.entries
    left, right = entries_in(scope, *sides, str(theirs.reference))
    pairs = pair_entries(left, right)
    reader = MeteredReader(ports.registry, str(theirs.reference))
    wanted = pairs if scope.reads_images else ()
    reader.announce(side for pair in wanted for side in differing(pair) or ())
    held = [pair for pair in wanted if not _passes(pair, reader)]
    found = _read(held, mine, theirs, reader, ports.fan_out)

    def change(pair: Pair) -> ImageChange | None:
        if _passes(pair, reader):
            return _late_change(pair, mine, theirs, reader)
        return _image_change(pair, mine, theirs, found)

    entries = tuple(EntryChange(pair, description_change(pair), change(pair)) for pair in pairs)
    read = (mine, theirs, *found.values())
    if scope.platforms:
        return Comparison(mine, theirs, entries, platforms=scope.platforms, read=read)
    return Comparison(
        mine,
        theirs,
        entries,
        members=differences(_members(mine), _members(theirs)),
        order=order_change(pairs, left, right),
        dangling=dangling_change(left, right),
        read=read,
    )


def _of_platforms(image: Resolved, blobs: BlobReader, scope: Scope) -> Resolved:
    """Return the image, with its config if it must be of the platforms of the scope."""
    if scope.platforms:
        image = with_config(image, blobs)
        require_platform(scope.platforms, image.platform, str(image.reference))
    return image


def _members(found: Resolved) -> JsonObject:
    """The members of a list other than its entries; an OCI index may omit its media type."""
    manifest = found.manifest
    return {**manifest.document, "mediaType": manifest.media_type, "manifests": None}


def _beside_its_entry(
    image: Resolved, listed: Resolved, blobs: BlobReader, scope: Scope
) -> tuple[Resolved, Descriptor, Descriptor | None]:
    """The image, its descriptor as in a list, and its entry: itself, or one of its platform."""
    image = _of_platforms(image, blobs, scope)
    own, entries = image.manifest.descriptor(), without_attestations(listed.manifest.entries)
    if scope.platforms:
        entry = select_entry(entries, scope.platforms[0], str(listed.reference))
        return image, evolve(own, platform=entry.platform), entry
    for entry in entries:
        if entry.digest == own.digest:
            return image, evolve(own, platform=entry.platform), entry
    image = with_config(image, blobs)
    own = evolve(own, platform=image.platform)
    return image, own, entry_for_image(image.platform, entries)


def _passes(pair: Pair, reader: MeteredReader) -> bool:
    return any(reader.passes(side.digest) for side in differing(pair) or ())


def _late_change(
    pair: Pair, mine: Resolved, theirs: Resolved, reader: MeteredReader
) -> ImageChange | None:
    """Read and compare a pair that is too large to be held, and let it go; long values are cut."""
    found = _read([pair], mine, theirs, reader, sequential)
    change = _image_change(pair, mine, theirs, found)
    if change is None:
        return None
    layers = change.layers
    taken = (change.manifest, change.config, layers.shared, layers.removed, layers.added)
    digest = next(side.digest for side in differing(pair) or () if reader.passes(side.digest))
    reader.hold(digest, sum(map(len, taken)))
    return evolve(
        change,
        manifest=tuple(map(with_cut_values, change.manifest)),
        config=tuple(map(with_cut_values, change.config)),
    )


def _read(
    pairs: Iterable[Pair],
    mine: Resolved,
    theirs: Resolved,
    reader: MeteredReader,
    fan_out: FanOut,
) -> _Found:
    """Read the images of pairs that differ, each once, and the configs that differ."""
    sides = [_references(both, mine, theirs) for pair in pairs if (both := differing(pair))]
    found = {_by_digest(root).reference: _by_digest(root) for root in (mine, theirs)}
    unread = [side for side in dict.fromkeys(chain(*sides)) if side not in found]
    found |= zip(unread, fan_out(partial(resolve, registry=reader), unread), strict=True)
    without = dict.fromkeys(
        side
        for left, right in sides
        if have_comparable_configs(found[left].manifest, found[right].manifest)
        for side in (left, right)
        if found[side].config is None
    )
    read = fan_out(partial(with_config, blobs=reader), [found[side] for side in without])
    return found | {image.reference: image for image in read}


def _by_digest(found: Resolved) -> Resolved:
    return evolve(found, reference=found.reference.at(found.manifest.digest))


def _references(
    both: tuple[Descriptor, Descriptor], mine: Resolved, theirs: Resolved
) -> tuple[Reference, Reference]:
    before, after = both
    return mine.reference.at(before.digest), theirs.reference.at(after.digest)


def _image_change(
    pair: Pair, mine: Resolved, theirs: Resolved, found: _Found
) -> ImageChange | None:
    both = differing(pair)
    sides = _references(both, mine, theirs) if both else ()
    if not sides or not found.keys() >= set(sides):  # not to be read
        return digest_change(pair)
    left, right = (found[side] for side in sides)
    return image_change(left.manifest, right.manifest, (left.config, right.config))
