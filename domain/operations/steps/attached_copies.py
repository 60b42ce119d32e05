"""Plan to copy what is attached to manifests: their referrers and digest tags."""

from collections.abc import Iterator

from manyfest.domain.digests import Digest
from manyfest.domain.errors import ManifestUnknownError
from manyfest.domain.images.attachments import Attachment, Form
from manyfest.domain.lists.referrers import supersedes
from manyfest.domain.operations.steps.find_attached import Found
from manyfest.domain.operations.steps.put_referrers import ReferrerCopy
from manyfest.domain.operations.steps.transfer import ManifestCopy, is_complete
from manyfest.domain.operations.steps.tree import Node, below
from manyfest.domain.ports.fan_out import FanOut
from manyfest.domain.ports.registry import ManifestReader, ReferrerReader, Registry
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
    found: Found, target: Home, *, registry: Registry, fan_out: FanOut
) -> AttachedCopies:
    """Plan to copy to ``target`` what was ``found``: its look there is one round trip.

    Raises what reading raises.
    """
    tags = [one for one in found.attachments if one.form is Form.DIGEST_TAG]
    referrers = [one for one in found.attachments if one.form is not Form.DIGEST_TAG]
    subjects = tuple(dict.fromkeys(_in(target, one.subject) for one in referrers))

    def look(at: Reference | Attachment) -> _Outcome:
        return (
            _listed(at, registry) if isinstance(at, Reference) else _tag_copy(at, target, registry)
        )

    looked_at: list[Reference | Attachment] = [*subjects, *tags]
    outcomes = fan_out(look, looked_at)
    listed = {at for outcome in outcomes if isinstance(outcome, frozenset) for at in outcome}
    lacking = [one for one in referrers if (_in(target, one.subject), one.digest) not in listed]
    return AttachedCopies(
        tuple(copy for one in lacking for copy in _copies(one, target)),
        tuple(each for each in outcomes if isinstance(each, ManifestCopy)),
        tuple(each for each in outcomes if isinstance(each, Reference)),
    )


# Referrers that a subject has in the target, or the fate of a digest tag.
_Outcome = frozenset[tuple[Reference, Digest]] | ManifestCopy | Reference | None


def _in(target: Home, content: Reference) -> Reference:
    return Reference(target, None, content.digest)


def _listed(subject: Reference, registry: ReferrerReader) -> _Outcome:
    return frozenset((subject, entry.digest) for entry in registry.referrers(subject))


def _copies(one: Attachment, target: Home) -> Iterator[ReferrerCopy]:
    """Yield the copy of a referrer; nothing of one that was not read."""
    if one.manifest is not None:
        copy = ManifestCopy(one.place, _in(target, one.place), one.manifest)
        yield ReferrerCopy(copy, _in(target, one.subject), one.level)


def _tag_copy(tag: Attachment, target: Home, registry: Registry) -> _Outcome:
    """Return the copy to make; None if the target has it, the target's tag if that is kept."""
    manifest, place = tag.manifest, Reference(target, tag.place.tag)
    if manifest is None:
        return None
    copy = ManifestCopy(tag.place, place, manifest)
    try:
        current = registry.head_manifest(place).digest
    except ManifestUnknownError:
        return copy
    if current == manifest.digest:
        return None if is_complete(place.at(current), registry) else copy
    return copy if supersedes(manifest, registry.get_manifest(place)) else place
