"""Pairs of entries of two lists: by platform, with their attestations."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import zip_longest

from attr import field

from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.lists.attestations import attested_digest, without_attestations
from manyfest.domain.lists.platform_normalisation import normalised
from manyfest.domain.platforms import Platform
from manyfest.domain.values import frozen

_Attestations = dict[
    str | None, list[Digest]
]  # digests of attestations, by the digest of their image


@frozen
class DigestChange:
    """The digests that only one side has."""

    removed: tuple[Digest, ...] = ()
    added: tuple[Digest, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.removed or self.added)


@frozen
class Pair:
    """Two lists' entries for one platform; None where a list has none."""

    before: Descriptor | None
    after: Descriptor | None
    attestations: DigestChange = field(factory=DigestChange)

    @property
    def platform(self) -> Platform | None:
        """The platform, as written in the first list that has it."""
        entry = self.before or self.after
        return entry.platform if entry else None

    @property
    def both(self) -> tuple[Descriptor, Descriptor] | None:
        """Both entries; None if one is missing."""
        return (self.before, self.after) if self.before and self.after else None


@frozen
class OrderChange:
    """The platforms that both lists have, in the order of each."""

    before: tuple[Platform | None, ...]
    after: tuple[Platform | None, ...]


def pair_entries(before: Sequence[Descriptor], after: Sequence[Descriptor]) -> tuple[Pair, ...]:
    """Pair the images by platform, in the order of ``before``, then ``after``.

    Platforms are normalised. Of several entries for one platform, those with equal digests are
    paired first, then the others in order.
    """
    mine, theirs = _by_platform(before), _by_platform(after)
    attesting = _by_image(before), _by_image(after)
    return tuple(
        Pair(left, right, _attestation_change(left, right, *attesting))
        for platform in dict.fromkeys((*mine, *theirs))
        for left, right in _matched(mine[platform], theirs[platform])
    )


def dangling_change(before: Sequence[Descriptor], after: Sequence[Descriptor]) -> DigestChange:
    """Compare the dangling attestations, whose images are not in their list."""
    return _change(_dangling(before), _dangling(after))


def order_change(
    pairs: Sequence[Pair], before: Sequence[Descriptor], after: Sequence[Descriptor]
) -> OrderChange | None:
    """Compare the order of entries that both lists have; None if it is equal.

    The positions of attestations have no meaning, and are ignored.
    """
    both = [pair for pair in pairs if pair.both]
    mine = _in_order(before, {id(pair.before): pair for pair in both})
    theirs = _in_order(after, {id(pair.after): pair for pair in both})
    if all(left is right for left, right in zip(mine, theirs, strict=True)):
        return None
    return OrderChange(tuple(p.platform for p in mine), tuple(p.platform for p in theirs))


def _in_order(entries: Iterable[Descriptor], pairs: dict[int, Pair]) -> list[Pair]:
    return [pairs[id(entry)] for entry in entries if id(entry) in pairs]


def _by_platform(entries: Sequence[Descriptor]) -> dict[Platform, list[Descriptor]]:
    found = defaultdict(list)
    for entry in without_attestations(entries):
        found[normalised(entry.platform or Platform())].append(entry)
    return found


def _matched(
    mine: Sequence[Descriptor], theirs: Sequence[Descriptor]
) -> Iterable[tuple[Descriptor | None, Descriptor | None]]:
    """Pair entries; a digest matches as often as the rarer side has it."""
    waiting: dict[Digest, list[Descriptor]] = defaultdict(list)
    for entry in reversed(theirs):
        waiting[entry.digest].append(entry)
    same = [(entry, waiting[entry.digest].pop()) for entry in mine if waiting[entry.digest]]
    matched = {id(entry) for pair in same for entry in pair}
    left, right = ([e for e in side if id(e) not in matched] for side in (mine, theirs))
    yield from same
    yield from zip_longest(left, right)


def _by_image(entries: Sequence[Descriptor]) -> _Attestations:
    found: _Attestations = defaultdict(list)
    for entry in entries:
        if (image := attested_digest(entry)) is not None:
            found[image].append(entry.digest)
    return found


def _attestation_change(
    left: Descriptor | None, right: Descriptor | None, mine: _Attestations, theirs: _Attestations
) -> DigestChange:
    """Compare the attestations of two images; each is reported at its image's first pair."""
    before, after = (str(side.digest) if side else None for side in (left, right))
    return _change(mine.pop(before, []), theirs.pop(after, []))


def _dangling(entries: Sequence[Descriptor]) -> list[Digest]:
    images = {str(entry.digest) for entry in entries}
    return [
        e.digest
        for e in entries
        if (image := attested_digest(e)) is not None and image not in images
    ]


def _change(before: Sequence[Digest], after: Sequence[Digest]) -> DigestChange:
    mine, theirs = set(before), set(after)
    return DigestChange(
        removed=tuple(digest for digest in before if digest not in theirs),
        added=tuple(digest for digest in after if digest not in mine),
    )
