"""Tell which images are out of date: whether a tag moved, and whether that concerns a platform.

Theory of operation. A list changes its digest whenever one platform is added to it, so that a moved
tag is no news for most who use it. Three steps, each only where the one before leaves a question:

1. A HEAD of the tag, which registries do not count as a pull. If the digest is the one that is
   pinned (``NAME:TAG@DIGEST``), else the one that the tag had when it was seen last, all is
   current.
2. A GET of the manifest that the tag points to now, and of the one before where the store lacks it.
3. The entries of both are compared by digest: of the wanted platform, else of all that the list had
   before. Equal ones mean that only the list was republished.

A tag that is not cached is read, so that there is something to compare with the next time.
"""

from collections.abc import Iterator, Sequence
from enum import Enum

from attr import evolve, field

from manyfest.domain.comparison.entries import Pair, pair_entries
from manyfest.domain.comparison.status import Status
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.errors import (
    DamagedStoreError,
    InputError,
    ManyfestError,
    NotFoundError,
)
from manyfest.domain.lists.platform_selection import select_entry
from manyfest.domain.manifests import Manifest
from manyfest.domain.operations.resolve import Resolved, resolve
from manyfest.domain.operations.steps.record import record_reads
from manyfest.domain.operations.views.history import PlatformChange
from manyfest.domain.platforms import Platform
from manyfest.domain.ports import Ports
from manyfest.domain.references import Reference
from manyfest.domain.values import frozen


class Verdict(Enum):
    """The verdict on an image; only ``OUTDATED`` asks for an update."""

    CURRENT = "current"
    REPUBLISHED = "republished"
    OUTDATED = "outdated"
    NEW = "new"
    UNKNOWN = "unknown"


@frozen
class Checked:
    """The verdict on ``reference``, for ``platform`` if one is wanted.

    ``before`` is the digest that is pinned, or was seen last, and ``after`` the tag's now.
    ``changes`` are those of a list's entries, None if they cannot be told. ``error`` is the reason
    of UNKNOWN. ``read`` is what was read, to be recorded.
    """

    reference: Reference
    platform: Platform | None
    verdict: Verdict
    before: Digest | None = None
    after: Digest | None = None
    changes: tuple[PlatformChange, ...] | None = None
    error: ManyfestError | None = None
    read: tuple[Resolved, ...] = field(default=(), repr=False, eq=False)


Wanted = tuple[Reference, Platform | None]


def check_outdated(wanted: Sequence[Wanted], *, ports: Ports) -> tuple[Checked, ...]:
    """Return the verdict on each image, in parallel; an error is a verdict, too.

    What was read is recorded, so that the tag was seen. Uses the ports registry, contents, fan_out.
    """
    known = [_known(reference, ports) for reference, _ in wanted]
    jobs = list(zip(wanted, known, strict=True))
    answers = ports.fan_out(lambda job: _checked_or_error(*job, ports), jobs)
    record_reads([found for answer in answers for found in answer.read], ports=ports)
    return tuple(answers)


def _known(reference: Reference, ports: Ports) -> Digest | None:
    """Return the pinned digest, else the one that the tag had when it was seen last."""
    if reference.digest is not None:
        return reference.digest
    observation = ports.contents.last_observation(reference)
    return observation.digest if observation else None


def _checked_or_error(wanted: Wanted, before: Digest | None, ports: Ports) -> Checked:
    reference, platform = wanted
    try:
        return _checked(Checked(reference, platform, Verdict.UNKNOWN, before), ports)
    except ManyfestError as error:
        return Checked(reference, platform, Verdict.UNKNOWN, before, error=error)


def _checked(asked: Checked, ports: Ports) -> Checked:
    if asked.reference.tag is None:
        reason = "pinned by a digest alone; write NAME:TAG@DIGEST to have it compared with the tag"
        raise InputError(f"{asked.reference}: {reason}")
    tag = evolve(asked.reference, digest=None)
    if asked.before is None:
        found = resolve(tag, ports.registry)
        return evolve(
            asked, verdict=Verdict.NEW, after=found.manifest.digest, read=(found,), changes=()
        )
    after = ports.registry.head_manifest(tag).digest
    if after == asked.before:
        seen = _stored(after, ports)
        read = (Resolved(tag, seen),) if seen else ()
        return evolve(asked, verdict=Verdict.CURRENT, after=after, changes=(), read=read)
    new = ports.registry.get_manifest(tag.at(after))
    old = _old(tag.at(asked.before), ports)
    moved = evolve(asked, after=after, read=(Resolved(tag, new),))
    return _compared(moved, old, new)


def _old(place: Reference, ports: Ports) -> Manifest | None:
    """Return the manifest before; None if neither the store nor the registry has it any more."""
    try:
        return ports.registry.get_manifest(place)
    except NotFoundError:
        return None


def _stored(digest: Digest, ports: Ports) -> Manifest | None:
    try:
        return ports.contents.manifest(digest)
    except DamagedStoreError:
        return None


def _compared(moved: Checked, old: Manifest | None, new: Manifest) -> Checked:
    """Return the verdict on a tag that moved, by what it points to before and after."""
    if moved.before in {entry.digest for entry in new.entries}:  # pinned to an image of the list
        return evolve(moved, verdict=Verdict.CURRENT, changes=())
    if old is None or not (old.is_list and new.is_list):
        return evolve(moved, verdict=Verdict.OUTDATED)
    pairs = pair_entries(old.entries, new.entries)
    changes = tuple(_changes(pairs))
    is_same = (
        _keeps_all(pairs)
        if moved.platform is None
        else _keeps(moved.platform, old, new, str(moved.reference))
    )
    verdict = Verdict.REPUBLISHED if is_same else Verdict.OUTDATED
    return evolve(moved, verdict=verdict, changes=changes)


def _changes(pairs: Sequence[Pair]) -> Iterator[PlatformChange]:
    for pair in pairs:
        if (status := _status(pair)) is not Status.SAME:
            yield PlatformChange(pair.platform, status)


def _status(pair: Pair) -> Status:
    if pair.both is None:
        return Status.ADDED if pair.before is None else Status.REMOVED
    before, after = pair.both
    return Status.SAME if before.digest == after.digest else Status.CHANGED


def _keeps_all(pairs: Sequence[Pair]) -> bool:
    return all(_status(pair) in {Status.SAME, Status.ADDED} for pair in pairs)


def _keeps(platform: Platform, old: Manifest, new: Manifest, subject: str) -> bool:
    """Return whether a client of ``platform`` gets the same image from both lists.

    Raises NoSuchPlatformError: the new list has none; AmbiguousEntryError.
    """
    after = select_entry(new.entries, platform, subject)
    return after.digest in {entry.digest for entry in _matching(old.entries, platform, subject)}


def _matching(
    entries: Sequence[Descriptor], platform: Platform, subject: str
) -> tuple[Descriptor, ...]:
    try:
        return (select_entry(entries, platform, subject),)
    except NotFoundError:
        return ()
