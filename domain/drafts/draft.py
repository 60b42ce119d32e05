"""Drafts: lists being assembled, their entries, and what a person changed about those.

An entry keeps facts (the descriptor as found) apart from overrides (what was annotated), so that
everything can be taken back. A draft is a value: each change gives a new one.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import Enum

from attrs import evolve, field, frozen

from manyfest.domain import media_types
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.drafts.overrides import IndexOverrides, Overrides
from manyfest.domain.encoding.strict_json import Json
from manyfest.domain.lists.attestations import attested_digest
from manyfest.domain.references import Reference


class ListType(Enum):
    """Which family the list is to be of; ``AUTO`` goes by what is listed, and where."""

    AUTO = "auto"
    DOCKER = "docker"
    OCI = "oci"


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
        return self.overrides.applied_to(self.found)

    @property
    def content(self) -> Reference:
        """Where the child's own bytes are: by digest, beside the source."""
        return self.source.at(self.found.digest)

    @property
    def came_from_list(self) -> bool:
        """Whether this is one of the entries of a list, and not an image or a list itself."""
        return self.list_digest is not None and self.list_digest != self.found.digest


@frozen
class Draft:
    """A list being assembled, by the ``name`` it will be pushed to.

    ``entries`` are in the order in which they came, and listed so if the draft ``keeps_order``.
    ``pushed`` is the digest of the list that was pushed, until the draft is changed again. Times
    are in UTC. ``index_found`` is what the one list that was taken apart says of itself, verbatim;
    ``index`` what a person says over that.
    """

    name: Reference
    created_at: datetime
    changed_at: datetime
    entries: tuple[Entry, ...] = ()
    pushed: Digest | None = None
    keeps_order: bool = False
    list_type: ListType = ListType.AUTO
    index_found: Mapping[str, Json] = field(factory=dict)
    index: IndexOverrides = field(factory=IndexOverrides)

    @property
    def shadows_remote(self) -> bool:
        """Whether ``inspect`` shows it in the place of what is published under its name.

        One that was pushed and not touched since does not.
        """
        return self.pushed is None

    @property
    def flattened_lists(self) -> tuple[Reference, ...]:
        """The sources that are lists whose entries are here, each once."""
        return tuple(dict.fromkeys(e.source for e in self.entries if e.came_from_list))

    @property
    def index_members(self) -> Mapping[str, Json]:
        """What the list will say of itself, beside its entries."""
        return self.index.applied_to(self.index_found)

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

    def index_annotated(self, overrides: IndexOverrides, now: datetime) -> "Draft":
        """With ``overrides`` laid over what the list says of itself."""
        return evolve(self._changed(self.entries, now), index=self.index.followed_by(overrides))

    def of_type(self, list_type: ListType, now: datetime) -> "Draft":
        """The same draft, to become a list of this type."""
        return evolve(self._changed(self.entries, now), list_type=list_type)

    def minus(self, entries: Sequence[Entry], now: datetime) -> "Draft":
        """Without these entries, and without what attests images that are then not listed."""
        left = [entry for entry in self.entries if entry not in entries]
        digests = {str(entry.found.digest) for entry in left}
        gone = {str(entry.found.digest) for entry in entries} - digests
        kept = tuple(entry for entry in left if attested_digest(entry.found) not in gone)
        return self._changed(kept, now)

    def marked_pushed(self, digest: Digest) -> "Draft":
        """The same draft, known to stand in the registry as ``digest``."""
        return evolve(self, pushed=digest)

    def _changed(self, entries: tuple[Entry, ...], now: datetime) -> "Draft":
        return evolve(self, entries=entries, changed_at=now, pushed=None)


def _keeping_overrides(entry: Entry, before: Sequence[Entry], siblings: int) -> Entry:
    same = [old for old in before if old.found == entry.found]
    if not same and len(before) == siblings == 1 and _is_list(before[0]) == _is_list(entry):
        same = list(before)
    return evolve(entry, overrides=same[0].overrides) if same else entry


def _is_list(entry: Entry) -> bool:
    return entry.found.media_type in media_types.LISTS
