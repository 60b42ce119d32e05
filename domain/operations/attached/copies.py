"""Plan to bring what is attached to manifests to where these are brought."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from attr import evolve

from manyfest.domain.digests import Digest
from manyfest.domain.errors import (
    DeadlineError,
    DocumentError,
    ManifestUnknownError,
    ManyfestError,
)
from manyfest.domain.images.attachments import Attachment, Form
from manyfest.domain.lists.referrers import AttachedMode, short_tag, supersedes
from manyfest.domain.operations.attached.find import Found, find_attached, list_attached
from manyfest.domain.operations.attached.put_referrers import ReferrerCopy
from manyfest.domain.operations.attached.questions import FAILURES
from manyfest.domain.operations.steps.metered_reader import MeteredReader
from manyfest.domain.operations.steps.transfer import (
    BlobCopy,
    Copy,
    ManifestCopy,
    blob_copies,
    content_copy,
    is_complete,
    manifest_copies,
)
from manyfest.domain.operations.steps.tree import Node, below
from manyfest.domain.ports import Ports
from manyfest.domain.ports.registry import ManifestReader, ReferrerReader, Registry
from manyfest.domain.references import Home, Reference
from manyfest.domain.values import frozen

# Bytes of all blobs, as manifests state them. SBOMs have megabytes, sources of packages more.
BYTES_LIMIT = 4 * 1024**3


@frozen
class AttachedCopies:
    """The ``referrers`` that the target does not list, and the digest ``tags`` that it lacks.

    ``below`` and ``blobs`` are what these need. ``kept_tags`` are those of the target with content
    that the source's lack: they stay. ``left`` are left behind on request. ``present`` are the
    attachments that the target has. With ``failures``, not all that is attached is known. If it
    ``is_required``, a failure to write it is an error.
    """

    referrers: tuple[ReferrerCopy, ...] = ()
    tags: tuple[ManifestCopy, ...] = ()
    below: tuple[ManifestCopy, ...] = ()
    blobs: tuple[BlobCopy, ...] = ()
    kept_tags: tuple[Reference, ...] = ()
    left: int = 0
    present: tuple[ManifestCopy, ...] = ()
    failures: tuple[ManyfestError, ...] = ()
    is_required: bool = False

    @property
    def manifests(self) -> tuple[ManifestCopy, ...]:
        """All manifests to be put, and so the attachments that the target lacks."""
        return (*(referrer.copy for referrer in self.referrers), *self.tags)

    def are_about(self, subject: Reference) -> bool:
        """Return whether referrers of ``subject``, a digest in the target, are to be put."""
        return any(each.subject == subject for each in self.referrers)


NO_COPIES = AttachedCopies()


def together(parts: Sequence[AttachedCopies]) -> AttachedCopies:
    """Return the plans as one; what is left on request counts once."""
    referrers = [each for part in parts for each in part.referrers]
    return AttachedCopies(
        referrers=tuple(sorted(referrers, key=lambda each: each.level)),
        tags=tuple(each for part in parts for each in part.tags),
        below=tuple(each for part in parts for each in part.below),
        blobs=tuple(each for part in parts for each in part.blobs),
        kept_tags=tuple(each for part in parts for each in part.kept_tags),
        left=max((part.left for part in parts), default=0),
        failures=tuple(dict.fromkeys(each for part in parts for each in part.failures)),
        is_required=any(part.is_required for part in parts),
    )


def look_for_attached(
    subjects: Sequence[Node],
    mode: AttachedMode,
    *,
    ports: Ports,
    meanwhile: Sequence[Callable[[], object]] = (),
) -> Found:
    """Find what is attached to ``subjects``; what is left on request is listed, not read.

    The calls in ``meanwhile`` are made in parallel with the first questions. Uses the ports
    registry and fan_out. Raises what they raise, and DeadlineError; if it is required, all else.
    """
    registry, fan_out = ports.registry, ports.fan_out
    if mode is AttachedMode.LEAVE:
        return list_attached(subjects, registry=registry, fan_out=fan_out, meanwhile=meanwhile)
    first = subjects[0].source if subjects else "nothing"
    reader = MeteredReader(registry, f"the manifests attached to {first}")
    found = find_attached(
        subjects, registry=registry, reader=reader, fan_out=fan_out, meanwhile=meanwhile
    )
    if found.failures and mode is AttachedMode.REQUIRE:
        raise found.failures[0]
    return found


def plan_attached(
    found: Found, target: Home, mode: AttachedMode, *, ports: Ports, with_foreign: bool = False
) -> AttachedCopies:
    """Plan to bring to ``target`` what was ``found``; looking there is one round trip.

    Uses the ports registry and fan_out. Raises DeadlineError; if it is required, what looking and
    reading raise, and DocumentError: more than ``BYTES_LIMIT``.
    """
    if mode is AttachedMode.LEAVE:
        return AttachedCopies(left=len(found.attachments))
    if not found.attachments:
        return AttachedCopies(failures=found.failures)
    planned = _lacking(found, target, ports)
    contents = {copy.target: _content(copy, ports.registry) for copy in planned.manifests}
    planned = _with_content(planned, contents, with_foreign=with_foreign)
    if sum(blob.size for blob in planned.blobs) > BYTES_LIMIT:
        reason = f"more than {BYTES_LIMIT // 1024**3} GiB are attached to it"
        planned = AttachedCopies(
            failures=(DocumentError(str(found.attachments[0].subject), reason),)
        )
    if planned.failures and mode is AttachedMode.REQUIRE:
        raise planned.failures[0]
    return evolve(
        planned,
        present=tuple(_present(found, planned, target)),
        failures=(*found.failures, *planned.failures),
        is_required=mode is AttachedMode.REQUIRE,
    )


def _present(found: Found, planned: AttachedCopies, target: Home) -> Iterator[ManifestCopy]:
    lacking = {copy.manifest.digest for copy in planned.manifests}
    for one in found.attachments:
        if one.manifest is not None and one.manifest.digest not in lacking:
            digest = one.manifest.digest
            yield ManifestCopy(one.place.at(digest), Reference(target, None, digest), one.manifest)


def _lacking(found: Found, target: Home, ports: Ports) -> AttachedCopies:
    """Ask the target which of them it lacks; one that it does not tell is brought."""
    registry = ports.registry
    named = (one for one in found.attachments if one.form is Form.DIGEST_TAG)
    tags = list({short_tag(one.tag): one for one in named}.values())
    referrers = [one for one in found.attachments if one.form is not Form.DIGEST_TAG]
    subjects = tuple(dict.fromkeys(_in(target, one.subject) for one in referrers))

    def look(at: Reference | Attachment) -> _Outcome:
        try:
            if isinstance(at, Reference):
                return _listed(at, registry)
            return _tag_copy(at, target, registry)
        except DeadlineError:
            raise
        except FAILURES as error:
            return error

    looked_at: list[Reference | Attachment] = [*subjects, *tags]
    outcomes = ports.fan_out(look, looked_at)
    listed = {at for outcome in outcomes if isinstance(outcome, frozenset) for at in outcome}
    lacking = [one for one in referrers if (_in(target, one.subject), one.digest) not in listed]
    return AttachedCopies(
        referrers=tuple(copy for one in lacking for copy in _copies(one, target)),
        tags=tuple(each for each in outcomes if isinstance(each, ManifestCopy)),
        kept_tags=tuple(each for each in outcomes if isinstance(each, Reference)),
        failures=tuple(each for each in outcomes if isinstance(each, ManyfestError)),
    )


# All that an attachment needs, itself last, or the failure to read it.
_Content = tuple[Copy, ...] | ManyfestError


def _content(copy: ManifestCopy, registry: ManifestReader) -> _Content:
    try:
        nodes = below(copy.source, copy.manifest, registry)
        nested = tuple(content_copy(node, copy.target.home, registry) for node in nodes)
        blob_copies([*nested, copy])  # raises here for a malformed one
    except DeadlineError:
        raise
    except FAILURES as error:
        return error
    return (*nested, copy)


def _with_content(
    planned: AttachedCopies, contents: Mapping[Reference, _Content], *, with_foreign: bool
) -> AttachedCopies:
    """Add what the attachments need; those whose content cannot be read are left out."""
    failed = {at: error for at, error in contents.items() if isinstance(error, ManyfestError)}
    needed = [copy for each in contents.values() if isinstance(each, tuple) for copy in each]
    own = {copy.target for copy in planned.manifests}
    return evolve(
        planned,
        referrers=tuple(each for each in planned.referrers if each.copy.target not in failed),
        tags=tuple(each for each in planned.tags if each.target not in failed),
        below=tuple(each for each in manifest_copies(needed) if each.target not in own),
        blobs=blob_copies(needed, with_foreign=with_foreign),
        failures=(*planned.failures, *failed.values()),
    )


# Referrers that a subject has in the target, or the fate of a digest tag.
_Outcome = frozenset[tuple[Reference, Digest]] | ManifestCopy | Reference | ManyfestError | None


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
    manifest, place = tag.manifest, Reference(target, short_tag(tag.tag))
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
