"""Drafts: lists that are not pushed yet, their entries and overrides.

An entry keeps its descriptor as found apart from the overrides of ``annotate``, so that everything
can be undone (ADR 0010). A draft is a value: each change returns a new one.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import Enum

from attr import evolve, field

from manyfest.domain import media_types
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.drafts.overrides import NO_OVERRIDES, IndexOverrides, Overrides
from manyfest.domain.encoding.strict_json import Json
from manyfest.domain.lists.attestations import attested_digest
from manyfest.domain.references import Home, Reference
from manyfest.domain.values import frozen


class ListType(Enum):
    """The family of the list; ``AUTO`` depends on the entries and the target."""

    AUTO = "auto"
    DOCKER = "docker"
    OCI = "oci"

    def excludes(self, family: media_types.Family) -> bool:
        """Whether a list of this type cannot have images of ``family``, as they are converted."""
        return self is not ListType.AUTO and self.value != family.value


class ListForm(Enum):
    """The form of a list that is authored here.

    ``DOCKER`` is what ``docker manifest`` writes, ``BUILDX`` what ``docker buildx imagetools``
    writes. ``BUILDX_OR_IMAGE`` is as ``BUILDX``, but an image alone gets no list around it.
    """

    DOCKER = "docker"
    BUILDX = "buildx"
    BUILDX_OR_IMAGE = "buildx-or-image"


@frozen
class Entry:
    """A child of the list: ``found`` is its descriptor as found at ``source``.

    ``source`` is the reference that the user gave. If that is a list, its entries share it,
    ``list_digest`` is the list's digest, and ``found`` is the list's own descriptor, verbatim.
    """

    source: Reference
    found: Descriptor
    list_digest: Digest | None = None
    overrides: Overrides = NO_OVERRIDES

    @property
    def descriptor(self) -> Descriptor:
        """The descriptor to list: ``found`` with the overrides applied."""
        return self.overrides.applied_to(self.found)

    @property
    def content(self) -> Reference:
        """The reference to the child's bytes: the digest, in the source's home."""
        return self.source.at(self.found.digest)

    @property
    def is_converted(self) -> bool:
        """Whether the child is to be put with other media types than it has at its source."""
        return self.overrides.converted is not None

    def is_in(self, home: Home) -> bool:
        """Whether the child came from this ``home`` as it is listed."""
        return self.source.home == home and not self.is_converted

    @property
    def label(self) -> str:
        """The platform and the source, for messages: ``linux/arm64 (r.example/app:arm64)``."""
        platform = self.descriptor.platform
        return f"{platform} ({self.source})" if platform else str(self.source)

    @property
    def came_from_list(self) -> bool:
        """True for an entry of a list; False for an image or a list itself."""
        return self.list_digest is not None and self.list_digest != self.found.digest


@frozen
class Draft:
    """A list that is being assembled; ``name`` is the reference to push it to.

    ``entries`` are in the order of addition, and are listed in that order if ``keeps_order``.
    ``pushed`` is the digest of the pushed list, until the draft changes again. Times are in UTC.
    ``index_found`` are the fields of the one source list that was flattened, verbatim; ``index``
    are the overrides of these.
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
        """True if ``inspect`` shows the draft instead of the published list.

        A draft that was pushed and not changed since does not shadow it.
        """
        return self.pushed is None

    @property
    def flattened_lists(self) -> tuple[Reference, ...]:
        """The source lists that entries come from, each once."""
        return tuple(dict.fromkeys(e.source for e in self.entries if e.came_from_list))

    @property
    def index_members(self) -> Mapping[str, Json]:
        """The list's own fields, beside its entries."""
        return self.index.applied_to(self.index_found)

    def with_source(self, source: Reference, entries: Sequence[Entry], now: datetime) -> "Draft":
        """Replace the entries of ``source``, or append them if it is new.

        Overrides are kept for entries whose descriptors are unchanged. For a source that is a
        single image they are always kept: an image that moved stays annotated.
        """
        before = [entry for entry in self.entries if entry.source == source]
        known: dict[Descriptor, Entry] = {}
        for old in before:
            known.setdefault(old.found, old)
        alone = before[0] if len(before) == len(entries) == 1 else None
        renewed = tuple(_keeping_overrides(entry, known, alone) for entry in entries)
        if not before:
            return self._changed(self.entries + renewed, now)
        place = self.entries.index(before[0])
        others = [entry for entry in self.entries if entry.source != source]
        return self._changed((*others[:place], *renewed, *others[place:]), now)

    def keeping_order(self, now: datetime) -> "Draft":
        """List the entries in the order of addition from now on."""
        return (
            self if self.keeps_order else evolve(self._changed(self.entries, now), keeps_order=True)
        )

    def annotated(self, entry: Entry, overrides: Overrides, now: datetime) -> "Draft":
        """Add ``overrides`` to those of ``entry``."""
        changed = evolve(entry, overrides=entry.overrides.followed_by(overrides))
        return self._changed(tuple(changed if e == entry else e for e in self.entries), now)

    def index_annotated(self, overrides: IndexOverrides, now: datetime) -> "Draft":
        """Add ``overrides`` to those of the list itself."""
        return evolve(self._changed(self.entries, now), index=self.index.followed_by(overrides))

    def of_type(self, list_type: ListType, now: datetime) -> "Draft":
        """Set the type of the list."""
        return evolve(self._changed(self.entries, now), list_type=list_type)

    def minus(self, entries: Sequence[Entry], now: datetime) -> "Draft":
        """Remove entries, and attestations of images that are no longer listed."""
        removed = set(entries)
        left = [entry for entry in self.entries if entry not in removed]
        digests = {str(entry.found.digest) for entry in left}
        gone = {str(entry.found.digest) for entry in entries} - digests
        kept = tuple(entry for entry in left if attested_digest(entry.found) not in gone)
        return self._changed(kept, now)

    def marked_pushed(self, digest: Digest) -> "Draft":
        """Record that the list was pushed as ``digest``."""
        return evolve(self, pushed=digest)

    def _changed(self, entries: tuple[Entry, ...], now: datetime) -> "Draft":
        return evolve(self, entries=entries, changed_at=now, pushed=None)


def _keeping_overrides(
    entry: Entry, known: Mapping[Descriptor, Entry], alone: Entry | None
) -> Entry:
    """Take the overrides of the same descriptor, or of the one image that was here before.

    Those that come with the entry win.
    """
    same = known.get(entry.found)
    if same is None and alone is not None and _is_list(alone) == _is_list(entry):
        same = alone
    if same is None:
        return entry
    overrides = same.overrides
    if entry.overrides != NO_OVERRIDES:
        overrides = overrides.followed_by(entry.overrides)
    if same.is_converted and same.found.digest != entry.found.digest:
        overrides = evolve(overrides, converted=None)  # it was made from the earlier image
    return evolve(entry, overrides=overrides)


def _is_list(entry: Entry) -> bool:
    return entry.found.media_type in media_types.LISTS
