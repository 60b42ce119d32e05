"""Plan to copy what is attached to manifests: their referrers and digest tags."""

from collections.abc import Iterator, Sequence
from functools import partial

from manyfest.domain.errors import ManifestUnknownError
from manyfest.domain.lists.referrers import supersedes
from manyfest.domain.operations.steps.find_attached import DigestTag, Referrer, all_attached
from manyfest.domain.operations.steps.put_referrers import ReferrerCopy
from manyfest.domain.operations.steps.transfer import ManifestCopy, is_complete
from manyfest.domain.operations.steps.tree import Node, below
from manyfest.domain.ports.fan_out import FanOut
from manyfest.domain.ports.registry import ManifestReader, Registry
from manyfest.domain.references import Home, Reference
from manyfest.domain.values import frozen


@frozen
class AttachedCopies:
    """The ``referrers`` that the target does not list, and the digest ``tags`` that it lacks.

    ``kept_tags`` are those of the target with content that the source's lack: they stay.
    """

    referrers: tuple[ReferrerCopy, ...] = ()
    tags: tuple[ManifestCopy, ...] = ()
    kept_tags: tuple[Reference, ...] = ()

    @property
    def manifests(self) -> tuple[ManifestCopy, ...]:
        """All manifests to be put."""
        return (*(referrer.copy for referrer in self.referrers), *self.tags)

    def nodes_below(self, registry: ManifestReader) -> Iterator[Node]:
        """Yield all that the manifests list, children first. Raises as ``below``."""
        for copy in self.manifests:
            yield from below(copy.source, copy.manifest, registry)


def attached_copies(
    subjects: Sequence[Reference],
    target: Home,
    registry: Registry,
    reader: ManifestReader,
    fan_out: FanOut,
) -> AttachedCopies:
    """Plan to copy to ``target`` all that is attached to ``subjects``, and to that in turn.

    The ``reader`` reads the manifests to be kept in memory until they are put. Raises as
    ``all_attached``, and what reading raises.
    """
    found = all_attached(subjects, target, registry, reader, fan_out)
    copied = partial(_referrer_copy, target=target, reader=reader)
    referrers = fan_out(copied, [each for each in found.referrers if not each.is_listed])
    outcomes = fan_out(partial(_tag_copy, target=target, registry=registry), found.tags)
    return AttachedCopies(
        referrers,
        tuple(each for each in outcomes if isinstance(each, ManifestCopy)),
        tuple(each for each in outcomes if isinstance(each, Reference)),
    )


def _referrer_copy(referrer: Referrer, target: Home, reader: ManifestReader) -> ReferrerCopy:
    place = Reference(target, None, referrer.source.digest)
    copy = ManifestCopy(referrer.source, place, reader.get_manifest(referrer.source))
    return ReferrerCopy(copy, Reference(target, None, referrer.subject.digest), referrer.level)


def _tag_copy(tag: DigestTag, target: Home, registry: Registry) -> ManifestCopy | Reference | None:
    """Return the copy to make; None if the target has it, the target's tag if that is kept."""
    place = Reference(target, tag.source.tag)
    copy = ManifestCopy(tag.source, place, tag.manifest)
    try:
        current = registry.head_manifest(place).digest
    except ManifestUnknownError:
        return copy
    if current == tag.manifest.digest:
        return None if is_complete(place.at(current), registry) else copy
    return copy if supersedes(tag.manifest, registry.get_manifest(place)) else place
