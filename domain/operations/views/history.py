"""Show the past states of a tag, and what changed each time, from the store alone."""

from collections.abc import Sequence

from manyfest.domain.comparison.entries import Pair, pair_entries
from manyfest.domain.comparison.images import descriptor_fields
from manyfest.domain.comparison.status import Status
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.errors import NeverSeenError
from manyfest.domain.history.observation import Observation
from manyfest.domain.lists.attestations import without_attestations
from manyfest.domain.manifests import Manifest
from manyfest.domain.platforms import Platform
from manyfest.domain.ports.content_store import ContentStore
from manyfest.domain.references import Reference
from manyfest.domain.values import frozen


@frozen
class PlatformChange:
    """The change of a list's entry for ``platform``: ADDED, REMOVED or CHANGED.

    An image by itself has no platform here: that is in its config.
    """

    platform: Platform | None
    status: Status


@frozen
class State:
    """A past state of a tag, by the ``number`` of ``REF@{number}``; ``manifest`` if it is cached.

    ``changes`` are those since the previous state, which has the next higher number. They are None
    if there is no previous state, or one of the manifests is not cached.
    """

    number: int
    observation: Observation
    manifest: Manifest | None
    changes: tuple[PlatformChange, ...] | None

    @property
    def images(self) -> tuple[Descriptor, ...]:
        """The entries of a list, without attestations; none if it is no list or not cached."""
        return without_attestations(self.manifest.entries) if self.manifest else ()


def history(reference: Reference, contents: ContentStore) -> tuple[State, ...]:
    """Return the states of the tag that ``reference`` names, newest first.

    A digest in the reference is ignored. Raises NeverSeenError: the store has none; what the store
    raises.
    """
    observations = contents.history(reference)
    if not observations:
        raise NeverSeenError(str(reference))
    cached = {digest: contents.manifest(digest) for digest in {one.digest for one in observations}}
    manifests = [cached[one.digest] for one in observations]
    changes = [*map(_changes, manifests[1:], manifests), None]
    return tuple(map(State, range(len(observations)), observations, manifests, changes))


def _changes(before: Manifest | None, after: Manifest | None) -> tuple[PlatformChange, ...] | None:
    if before is None or after is None:
        return None
    pairs = pair_entries(_entries(before), _entries(after))
    found = ((pair.platform, _status(pair)) for pair in pairs)
    return tuple(PlatformChange(*one) for one in found if one[1] is not Status.SAME)


def _entries(manifest: Manifest) -> Sequence[Descriptor]:
    return manifest.entries if manifest.is_list else (manifest.descriptor(),)


def _status(pair: Pair) -> Status:
    """Compare digests and descriptors: the images themselves are not read."""
    if pair.both is None:
        return Status.ADDED if pair.before is None else Status.REMOVED
    before, after = pair.both
    same = before.digest == after.digest and descriptor_fields(before) == descriptor_fields(after)
    return Status.SAME if same and not pair.attestations else Status.CHANGED
