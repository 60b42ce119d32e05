"""A draft: a list on this machine, until it is pushed."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from attr import evolve

from manyfest.domain.digests import Digest
from manyfest.domain.drafts.draft import Draft as StoredDraft
from manyfest.domain.drafts.draft import Entry
from manyfest.domain.errors import DraftUnknownError
from manyfest.domain.media_types import Family
from manyfest.domain.platforms import Platform
from manyfest.domain.references import Reference
from manyfest.library import inputs
from manyfest.library.calls import Calls
from manyfest.library.inputs import Name, PlatformName

if TYPE_CHECKING:
    from manyfest.library.results import Pushed


class Draft:
    """The draft of one name in the client's store, which every method reads again.

    Made by ``Client.create`` and ``Client.draft``. Methods raise DraftUnknownError where it was
    removed meanwhile; StoreError.
    """

    def __init__(self, name: Reference, calls: Calls) -> None:
        self._calls = calls
        self.name = name

    def __repr__(self) -> str:
        return f"Draft({str(self.name)!r})"

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The entries, in the order in which they came."""
        return self._stored().entries

    @property
    def platforms(self) -> tuple[Platform, ...]:
        """The platforms of the entries that have one."""
        platforms = (entry.descriptor.platform for entry in self.entries)
        return tuple(each for each in platforms if each is not None)

    @property
    def pushed(self) -> Digest | None:
        """The digest under which it was pushed last; None if it changed since."""
        return self._stored().pushed

    def add(
        self,
        sources: Name | Iterable[Name],
        *,
        platforms: Iterable[PlatformName] = (),
        attestations: bool = True,
        nest: bool = False,
        on_conflict: str = "keep",
        convert: Family | str | None = None,
        annotations: Mapping[str, str] | None = None,
        os: str = "",
        arch: str = "",
        variant: str = "",
        os_version: str = "",
        os_features: Iterable[str] = (),
        artifact_type: str = "",
        subject: Name | None = None,
    ) -> None:
        """Add images and lists; see ``Client.create`` for what the arguments say.

        Raises as ``Client.create``.
        """
        from manyfest.domain.operations.drafts.create import DraftMode
        from manyfest.library.composing import compose, options_of, overrides

        options = options_of(
            DraftMode.ADD,
            platforms=inputs.platforms(platforms),
            attestations=attestations,
            nest=nest,
            on_conflict=on_conflict,
            annotations=annotations,
            overrides=overrides(os, arch, variant, os_version, os_features),
            artifact_type=artifact_type,
        )
        compose(self.name, sources, options, self._calls, subject, convert)

    def drop(self, *entries: str) -> None:
        """Remove entries, with their attestations: all of those that are named, or none.

        An entry is named by its reference, its digest or the beginning of that, or its platform.
        Raises EntryUnknownError; AmbiguousEntryError.
        """
        from manyfest.assembly.references import entry_name
        from manyfest.domain.operations.drafts.drop import drop

        with self._calls.writing() as session:
            drop(self.name, [entry_name(str(entry)) for entry in entries], ports=session)

    def annotate(
        self,
        entry: str,
        *,
        os: str = "",
        arch: str = "",
        variant: str = "",
        os_version: str = "",
        os_features: Iterable[str] = (),
        annotations: Mapping[str, str] | None = None,
        unset: Iterable[str] = (),
    ) -> None:
        """Set the platform or annotations of an entry, which is named as in ``drop``.

        Fields that are not given stay. ``unset`` are variant, os-version, os-features and
        annotation:KEY. Raises EntryUnknownError; AmbiguousEntryError; UnsupportedPlatformError.
        """
        from manyfest.assembly.references import entry_name
        from manyfest.domain.operations.drafts.annotate import annotate
        from manyfest.library.composing import overrides

        changes = evolve(
            overrides(os, arch, variant, os_version, os_features),
            annotations=tuple((annotations or {}).items()),
            unset=inputs.texts(unset),
        )
        with self._calls.writing() as session:
            annotate(self.name, entry_name(str(entry)), changes, ports=session)

    def annotate_list(
        self,
        *,
        annotations: Mapping[str, str] | None = None,
        artifact_type: str = "",
        subject: Name | None = None,
        unset: Iterable[str] = (),
    ) -> None:
        """Set annotations, artifact type or subject of the list itself.

        The registry is asked for ``subject``. Raises InvalidMediaTypeError; what reading raises.
        """
        from manyfest.domain.drafts.overrides import IndexOverrides
        from manyfest.domain.operations.drafts.annotate import annotate_index

        with self._calls.writing() as session:
            place = None if subject is None else inputs.source(subject, session)
            overrides = IndexOverrides(
                artifact_type,
                None if place is None else session.registry.head_manifest(place),
                tuple((annotations or {}).items()),
                inputs.texts(unset),
            )
            annotate_index(self.name, overrides, ports=session)

    def push(
        self,
        destinations: Name | Iterable[Name] = (),
        *,
        tags: str | Iterable[str] = (),
        expect: Digest | str | None = None,
        expect_platforms: Iterable[PlatformName] = (),
        convert: Family | str | None = None,
        merge: bool = False,
        untagged: bool = False,
        attached: bool | None = None,
        foreign_layers: bool = False,
        purge: bool = False,
        dry_run: bool = False,
    ) -> "Pushed":
        """Publish the draft under its name, or as ``destinations``, and further ``tags``.

        Content goes first, tags last. ``expect`` is the digest that the tag has to have, or
        ``"absent"``. ``expect_platforms`` are exactly those of the list. ``merge`` merges into the
        tag's list, safely beside other writers. ``untagged`` writes by digest alone. ``attached``
        says whether signatures and the like must come along (None: if they can). ``purge`` removes
        the draft. With ``dry_run``, nothing is written.

        Raises UnexpectedPlatformsError; TagMovedError; MergeOvertakenError; ListError;
        ConversionError; NotCachedError; what writing raises; InputError: options that exclude each
        other.
        """
        from manyfest.assembly.publication import PushOrder
        from manyfest.library.publication import push

        expected, names = inputs.expectation(expect), inputs.texts(tags)
        inputs.require_one_way(expected, names, merge=merge, untagged=untagged)
        order = PushOrder(
            inputs.targets(self.name, destinations, names),
            expected,
            inputs.platforms(expect_platforms),
            inputs.family(convert),
            is_merge=merge,
            is_untagged=untagged,
            attached=inputs.attached_mode(attached),
            with_foreign=foreign_layers,
            is_purge=purge,
            is_dry_run=dry_run,
        )
        return push(self.name, order, self._calls)

    def remove(self) -> None:
        """Remove the draft; what is published stays."""
        from manyfest.domain.operations.drafts.drop import remove

        with self._calls.writing() as session:
            remove(self.name, session.drafts)

    def _stored(self) -> StoredDraft:
        with self._calls.writing() as session:
            found = session.drafts.find(self.name)
        if found is None:
            raise DraftUnknownError(str(self.name))
        return found
