"""Copy many tags of a repository: each as a copy of its own, one slice of them at a time.

A slice is copied in parallel, each tag in a thread, and is then recorded by the calling thread. A
tag that fails stops no other. With ``CopyRules.since``, a tag is read and dated before its copy is
planned, and the plan begins with what was read: a tag that moves meanwhile is copied as it was.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase

from attr import evolve

from manyfest.domain.digests import Digest
from manyfest.domain.errors import DeadlineError, ManyfestError, NotFoundError, bare
from manyfest.domain.events import (
    Event,
    OnEvent,
    ReadingPlanned,
    ReferenceRead,
    TransferPlanned,
    ignore,
)
from manyfest.domain.lists.referrers import is_digest_tag, is_referrers_tag
from manyfest.domain.operations.attached.put import Brought
from manyfest.domain.operations.content.copy import (
    CopyPlan,
    CopyRules,
    plan_copy,
    read_and_written,
    write,
)
from manyfest.domain.operations.content.lost_blobs import with_lost_blobs
from manyfest.domain.operations.resolve import resolve
from manyfest.domain.operations.steps.creation_date import CreationDate, creation_date
from manyfest.domain.operations.steps.record import record
from manyfest.domain.ports import Ports
from manyfest.domain.references import Home, Reference
from manyfest.domain.specs.version_ranges import VersionRange
from manyfest.domain.values import frozen

SLICE = 64  # tags: what an interrupted copy has brought and not recorded, at most


@frozen
class TagSelection:
    """The tags to copy: those that match one of ``patterns``, if any, and are in ``versions``."""

    patterns: tuple[str, ...] = ()
    versions: VersionRange | None = None

    def of(self, tags: Sequence[str]) -> tuple[str, ...]:
        """Return the selected ``tags``, without those that hold attachments, in order."""
        return tuple(sorted(filter(self._selects, tags)))

    def _selects(self, tag: str) -> bool:
        if is_digest_tag(tag) or is_referrers_tag(tag):
            return False  # they come along with what they are attached to
        if self.patterns and not any(fnmatchcase(tag, pattern) for pattern in self.patterns):
            return False
        return self.versions is None or self.versions.admits(tag)


@frozen
class TagCopy:
    """The copy of one ``tag``: as planned, and what was brought; or the ``error``.

    ``dated`` is set if a date was asked for.
    """

    tag: str
    plan: CopyPlan | None = None
    brought: Brought = Brought()
    error: ManyfestError | None = None
    dated: CreationDate | None = None

    @property
    def digest(self) -> Digest | None:
        """The digest that the target has or gets; of a tag that is too old, the source's."""
        if self.plan is not None:
            return self.plan.manifest.digest
        return self.dated.read[0].manifest.digest if self.dated else None

    @property
    def is_older(self) -> bool:
        """Whether the tag is too old, and so is not copied."""
        return self.plan is None and self.error is None

    @property
    def is_undated(self) -> bool:
        """Whether a date was asked for, and there is none."""
        return self.dated is not None and self.dated.created is None


@frozen
class RepositoryCopy:
    """The ``copies`` of the selected tags of ``source``, and the ``extra`` ones of ``target``.

    Extra are the tags that are selected, and that only the target has.
    """

    source: Home
    target: Home
    copies: tuple[TagCopy, ...]
    extra: tuple[str, ...] = ()


def copy_repository(
    source: Home,
    target: Home,
    selection: TagSelection,
    rules: CopyRules,
    *,
    ports: Ports,
    threads: Ports,
    on_event: OnEvent = ignore,
    on_slice: Callable[[], None] = lambda: None,
    finds_extra: bool = False,
) -> RepositoryCopy:
    """Copy the selected tags of one repository to another; a tag that fails stops no other.

    ``on_slice`` is called after each slice of tags. Extra tags are looked for if ``finds_extra``.
    Uses the ports of ``copy_tags``, and the registry of ``threads`` for the list of tags. Raises
    NotFoundError: no tag of the source is selected; what listing tags raises; DeadlineError;
    StoreError.
    """
    listed = threads.registry.tags(source)
    tags = selection.of(listed)
    if not tags:
        lack = (
            f"no tag that is selected, of {len(listed)}" if listed else "no tags, or does not exist"
        )
        raise NotFoundError(f"{source} has {lack}")
    on_event(ReadingPlanned(len(tags)))
    copies: list[TagCopy] = []
    for outcomes in copy_tags(
        source, target, tags, rules, ports=ports, threads=threads, on_event=on_event
    ):
        copies += outcomes
        on_slice()
    there, known = selection.of(ports.registry.tags(target)) if finds_extra else (), set(tags)
    extra = tuple(tag for tag in there if tag not in known)
    return RepositoryCopy(source, target, tuple(copies), extra)


def copy_tags(
    source: Home,
    target: Home,
    tags: Sequence[str],
    rules: CopyRules,
    *,
    ports: Ports,
    threads: Ports,
    on_event: OnEvent = ignore,
) -> Iterator[tuple[TagCopy, ...]]:
    """Copy ``tags`` from ``source`` to ``target``; yield the outcomes, one slice after the other.

    ``threads`` are the ports of one of several threads. Uses the ports registry, contents, layers,
    fan_out, pause and now. Raises DeadlineError, StoreError.
    """

    def told(event: Event) -> None:
        if not isinstance(event, TransferPlanned):  # that of one tag says nothing about all
            on_event(event)

    def bring(tag: str) -> TagCopy:
        try:
            planned = _planned(tag, source, target, rules, threads)
            if planned.plan is None or rules.is_dry_run:
                return planned
            return evolve(planned, brought=write(planned.plan, ports=threads, on_event=told))
        except DeadlineError:
            raise
        except ManyfestError as error:
            return TagCopy(tag, error=bare(error))
        finally:
            on_event(ReferenceRead())

    for start in range(0, len(tags), SLICE):
        outcomes = ports.fan_out(bring, tags[start : start + SLICE])
        if not rules.is_dry_run:
            _record(outcomes, ports)
        yield outcomes


def _planned(tag: str, source: Home, target: Home, rules: CopyRules, ports: Ports) -> TagCopy:
    """Plan the copy of ``tag``, unless it is too old."""
    found = dated = None
    if rules.since is not None:
        since = _moment(rules.since, ports.now)
        found = resolve(Reference(source, tag), ports.registry)
        dated = creation_date(found, since, ports.registry)
        if dated.created is not None and dated.created < since:
            return TagCopy(tag, dated=dated)
    places = Reference(source, tag), Reference(target, tag)
    plan = plan_copy(*places, rules, ports=ports, found=found)
    if rules.with_blobs:
        plan = with_lost_blobs(plan, ports=ports)
    return TagCopy(tag, plan, dated=dated)


def _moment(since: datetime | timedelta, now: datetime) -> datetime:
    """Return the time, or that which is so long ago; the first one if that is before it."""
    if isinstance(since, datetime):
        return since if since.tzinfo else since.replace(tzinfo=UTC)
    try:
        return now - since
    except OverflowError:
        return datetime.min.replace(tzinfo=UTC)


def _record(outcomes: Sequence[TagCopy], ports: Ports) -> None:
    with ports.contents.transaction():
        for each in outcomes:
            if each.dated is not None:
                record(ports.contents, each.dated.read, ports.now)
            if each.plan is not None:
                record(ports.contents, read_and_written(each.plan, each.brought), ports.now)
