"""Drafts: lists being assembled, their entries, and what a person changed about those.

An entry keeps facts (the descriptor as found) apart from overrides (what was annotated), so that
everything can be taken back. A draft is a value: each change gives a new one.
"""

from collections.abc import Sequence
from datetime import datetime

from attrs import evolve, field, frozen

from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.errors import EntryUnknownError
from manyfest.domain.platforms import Platform
from manyfest.domain.references import Reference


@frozen
class Overrides:
    """What was annotated, beside the facts; empty members change nothing.

    As in docker, an empty text leaves a member alone, and ``os_features`` are added to those found.
    """

    os: str = ""
    architecture: str = ""
    variant: str = ""
    os_version: str = ""
    os_features: tuple[str, ...] = ()

    def applied_to(self, platform: Platform) -> Platform:
        """``platform`` with these members in the place of its own."""
        return evolve(
            platform,
            os=self.os or platform.os,
            architecture=self.architecture or platform.architecture,
            variant=self.variant or platform.variant,
            os_version=self.os_version or platform.os_version,
            os_features=_merged(platform.os_features, self.os_features),
        )

    def followed_by(self, later: "Overrides") -> "Overrides":
        """Both, where ``later`` wins; features add up."""
        return Overrides(
            os=later.os or self.os,
            architecture=later.architecture or self.architecture,
            variant=later.variant or self.variant,
            os_version=later.os_version or self.os_version,
            os_features=_merged(self.os_features, later.os_features),
        )


def _merged(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(first + second))


@frozen
class Entry:
    """One child of the list to be: ``found`` is its descriptor as it was found at ``source``.

    ``source`` is the reference a person gave. When that is a list, several entries share it, and
    ``list_digest`` is the list's: each entry's descriptor is then the list's own, verbatim.
    """

    source: Reference
    found: Descriptor
    list_digest: Digest | None = None
    overrides: Overrides = field(factory=Overrides)

    @property
    def descriptor(self) -> Descriptor:
        """The descriptor to be listed: the facts with the overrides on top."""
        if self.overrides == Overrides():
            return self.found
        platform = self.overrides.applied_to(self.found.platform or Platform())
        return evolve(self.found, platform=platform)

    @property
    def content(self) -> Reference:
        """Where the child's own bytes are: by digest, beside the source."""
        return self.source.at(self.found.digest)


@frozen
class Draft:
    """A list being assembled, by the ``name`` it will be pushed to.

    ``entries`` are in the order in which they came, and listed so if the draft ``keeps_order``.
    ``pushed`` is the digest of the list that was pushed, until the draft is changed again. Times
    are in UTC.
    """

    name: Reference
    created_at: datetime
    changed_at: datetime
    entries: tuple[Entry, ...] = ()
    pushed: Digest | None = None
    keeps_order: bool = False

    def with_source(self, source: Reference, entries: Sequence[Entry], now: datetime) -> "Draft":
        """With what ``source`` holds now: in its old place if it was there, else at the end.

        Overrides of entries that ``source`` gave before are kept where it describes them as before,
        and for a single image always: an image that moved stays annotated.
        """
        before = [entry for entry in self.entries if entry.source == source]
        renewed = tuple(_keeping_overrides(entry, before, len(entries)) for entry in entries)
        if not before:
            return self._changed(self.entries + renewed, now)
        place = self.entries.index(before[0])
        others = [entry for entry in self.entries if entry.source != source]
        return self._changed((*others[:place], *renewed, *others[place:]), now)

    def keeping_order(self, now: datetime) -> "Draft":
        """The same draft, listed from now on in the order in which its entries came."""
        return (
            self if self.keeps_order else evolve(self._changed(self.entries, now), keeps_order=True)
        )

    def annotated(self, entry: Entry, overrides: Overrides, now: datetime) -> "Draft":
        """With ``overrides`` laid over those that ``entry`` has."""
        changed = evolve(entry, overrides=entry.overrides.followed_by(overrides))
        return self._changed(tuple(changed if e == entry else e for e in self.entries), now)

    def marked_pushed(self, digest: Digest) -> "Draft":
        """The same draft, known to stand in the registry as ``digest``."""
        return evolve(self, pushed=digest)

    def entry(self, wanted: Reference) -> Entry:
        """The entry that came by ``wanted``, or whose content it names by digest.

        A list that was taken apart is found by its entries' digests (``repo@sha256:…``), not by its
        own name. Raises EntryUnknownError.
        """
        by_source = [entry for entry in self.entries if entry.source == wanted]
        by_content = [entry for entry in self.entries if entry.content == wanted]
        for found in (by_source, by_content):
            if len(found) == 1:
                return found[0]
        raise EntryUnknownError(str(wanted), str(self.name))

    def _changed(self, entries: tuple[Entry, ...], now: datetime) -> "Draft":
        return evolve(self, entries=entries, changed_at=now, pushed=None)


def _keeping_overrides(entry: Entry, before: Sequence[Entry], siblings: int) -> Entry:
    same = [old for old in before if old.found == entry.found]
    if not same and len(before) == siblings == 1:
        same = list(before)
    return evolve(entry, overrides=same[0].overrides) if same else entry
