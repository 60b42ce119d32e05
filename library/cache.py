"""The client's methods for its store: ``client.cache``."""

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from attr import evolve

from manyfest.domain.errors import InputError
from manyfest.library import inputs
from manyfest.library.calls import Calls
from manyfest.library.inputs import Name, PlatformName
from manyfest.library.results import Rows

if TYPE_CHECKING:
    from manyfest.adapters.bundles.temporary_bundles import TemporaryBundles
    from manyfest.assembly.session import Session
    from manyfest.domain.drafts.draft import Draft
    from manyfest.domain.errors import ManyfestError
    from manyfest.domain.operations.content.export_bundle import Exported
    from manyfest.domain.operations.content.fetch import Fetched
    from manyfest.domain.operations.content.import_bundle import Imported
    from manyfest.domain.operations.memories.pull_memory import Pulled
    from manyfest.domain.operations.memories.push_memory import PushedMemory
    from manyfest.domain.operations.store.check_store import StoreCheck
    from manyfest.domain.operations.store.copy_store import CopiedStore
    from manyfest.domain.ports.catalogue import CachedTag, Statistics
    from manyfest.domain.ports.garbage import Garbage
    from manyfest.domain.ports.housekeeping import Housekeeping
    from manyfest.domain.ports.queries import QueryView
    from manyfest.domain.references import Reference

_MONTH = timedelta(days=30)


class Cache:
    """The store of a client. Methods raise StoreError, DamagedStoreError."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def fetch(
        self,
        names: Name | Iterable[Name],
        *,
        platforms: Iterable[PlatformName] = (),
        layers: bool = False,
        foreign_layers: bool = False,
        attached: bool = False,
        through: str | None = None,
    ) -> "Fetched":
        """Fetch images and lists into the store, for use offline; what is there is not fetched.

        With ``attached``, signatures, SBOMs and the like are fetched, too. With ``through``, a
        mirror (``HOST[:PORT][/PREFIX]``) is asked for everything, until it has it, and verified
        then. A reference that cannot be fetched is one of ``failures``, and no error. Raises
        InvalidReferenceError; InvalidPlatformError; InputError: ``foreign_layers`` without
        ``layers``, or a mirror offline.
        """
        from manyfest.domain.operations.content.fetch import Fetched, fetch
        from manyfest.domain.operations.content.fetch_attached import fetch_attached
        from manyfest.domain.operations.content.fetch_slices import fetch_slices, leave_attached

        if foreign_layers and not layers:
            raise InputError("foreign_layers goes with layers")
        with self._calls.writing() as session:
            places = tuple(dict.fromkeys(inputs.source(n, session) for n in inputs.names(names)))
            wanted = inputs.platforms(platforms)
            mirror = inputs.mirror(through, session)
            ports = session if mirror is None else session.through(mirror)
            bring = partial(
                fetch,
                ports=ports if mirror is None else ports.filling(),
                platforms=wanted,
                with_layers=layers,
                with_foreign=foreign_layers,
                again=mirror is not None,
                on_event=session.checking_deadline(self._calls.on_event),
            )
            attach = partial(fetch_attached, ports=ports) if attached else leave_attached
            slices = fetch_slices(places, bring, session.restart_deadline, attach)
            fetched = sum(slices, Fetched())
            faults = {} if mirror is None or wanted else dict(_faults(places, fetched, ports))
        return evolve(fetched, failures={**fetched.failures, **faults})

    def export(
        self,
        target: str | Path,
        names: Name | Iterable[Name] | None = None,
        *,
        layers: bool = False,
        since: str | Path | Iterable[str | Path] = (),
        drafts: Name | Iterable[Name] = (),
        all_drafts: bool = False,
        sparse: bool = False,
    ) -> "Exported":
        """Write cached content to a bundle: ``target`` is a .tar, a .tar.zst or a folder.

        Without ``names`` and ``drafts``, all cached tags of registries are exported. Content that
        the bundles ``since`` have is left out; with ``sparse``, lists may lack images. Raises
        NotFoundError: there is nothing to export; DraftUnknownError; IncompleteError; BundleError.
        """
        from manyfest.adapters.bundles.open_bundle import open_bundle
        from manyfest.adapters.bundles.write_bundle import require_target, write_bundle
        from manyfest.domain.errors import NotFoundError
        from manyfest.domain.operations.content.export_bundle import (
            export_bundle,
            layers_with_progress,
        )

        require_target(str(target))
        earlier = inputs.paths(since)
        with self._calls.writing() as session, ExitStack() as stack:
            wanted = None if names is None else inputs.names(names)
            chosen = [_draft(each, session) for each in inputs.names(drafts)]
            places = [inputs.source(name, session) for name in wanted or ()]
            exported = export_bundle(
                None if wanted is None and not chosen else places,
                session.drafts.drafts() if all_drafts else chosen,
                ports=session,
                with_layers=layers,
                sparse=sparse,
                earlier=[stack.enter_context(open_bundle(Path(each))) for each in earlier],
            )
            if not (exported.packing.entries or exported.packing.drafts):
                raise NotFoundError("there is nothing to export")
            packing = layers_with_progress(exported.packing, self._calls.on_event)
            write_bundle(Path(target), packing)
        return exported

    def import_(
        self,
        bundle: str | Path,
        *,
        name: str | None = None,
        layers: bool = True,
        sparse: bool = False,
        force: bool = False,
    ) -> "Imported":
        """Read a bundle, an OCI layout or an archive of ``docker save`` into the store.

        ``name`` is a repository for bare tags, or with a tag the name of an image that has none.
        With ``force``, drafts are replaced. Raises BundleError; LayoutError; IntegrityError;
        ConflictError; OSError.
        """
        from manyfest.adapters.bundles.open_bundle import open_bundle
        from manyfest.domain.operations.content.bundle_images import Naming
        from manyfest.domain.operations.content.import_bundle import ImportOptions, import_bundle

        with self._calls.writing() as session:
            check = partial(session.check_deadline, str(bundle))
            with open_bundle(Path(bundle), check) as opened:
                return import_bundle(
                    opened,
                    ports=session,
                    naming=Naming.parse(name),
                    terms=ImportOptions(layers, sparse, force),
                    on_event=session.checking_deadline(self._calls.on_event),
                )

    def push(self, memory: Name, names: Name | Iterable[Name]) -> "PushedMemory":
        """Push the history and content of cached tags to a memory in a registry or layout.

        Raises NeverSeenError; what writing raises.
        """
        from manyfest.domain.operations.memories.push_memory import push_memory

        with self._calls.writing() as session:
            packer = _packer(memory, session)
            places = [inputs.source(name, session) for name in inputs.names(names)]
            return push_memory(inputs.target(memory), places, ports=session, packer=packer)

    def pull(self, memory: Name, *, trust: bool | None = None) -> "Pulled":
        """Merge a memory into the store; with ``trust``, its history counts as observed here.

        By default, the memories in ``MANYFEST_TRUSTED_MEMORY`` are trusted. Raises what reading
        raises.
        """
        from manyfest.domain.operations.memories.pull_memory import pull_memory

        place = inputs.target(memory)
        if trust is None:
            trust = place in map(inputs.target, self._calls.settings.trusted_memories)
        with self._calls.writing() as session:
            packer = _packer(memory, session)
            return pull_memory(place, ports=session, packer=packer, is_trusted=trust)

    def copy(self, target: str | Path, *, layers: bool = False) -> "CopiedStore":
        """Copy this store into another, a file or a URL, and verify it there.

        What ``target`` has stays; drafts of it that differ are ``kept``. Raises InputError: it is
        this store; FileUnknownError: this store does not exist; DamagedStoreError.
        """
        from manyfest.assembly.stores import copy_stores

        return copy_stores(
            str(self._calls.settings.store), str(target), self._calls.settings, with_layers=layers
        )

    def ls(self, pattern: str | None = None) -> "tuple[CachedTag, ...]":
        """Return the cached tags, all or those that match; ``*`` matches any text."""
        with self._upkeep("cache ls") as store:
            return tuple(store.catalogue.tags(pattern))

    def stats(self) -> "Statistics":
        """Return numbers and sizes of cached content."""
        with self._upkeep("cache stats") as store:
            return store.catalogue.statistics()

    def query(self, statement: str) -> Rows:
        """Answer a SELECT in SQL; see ``views``. Raises QueryError: it is none, or too slow."""
        with self._upkeep("cache query") as store, store.queries.run(statement) as answer:
            return Rows(answer.columns, tuple(answer.rows))

    def views(self) -> "tuple[QueryView, ...]":
        """Return the views that ``query`` can read."""
        with self._upkeep("cache query") as store:
            return store.queries.views()

    def gc(self, keep: timedelta = _MONTH, *, dry_run: bool = False) -> "Garbage":
        """Remove content that was not used for ``keep``, and that nothing refers to; return it."""
        from manyfest.domain.operations.store.collect_garbage import (
            Retention,
            collect_garbage,
            find_garbage,
        )

        act = find_garbage if dry_run else collect_garbage
        with self._upkeep("cache gc") as store:
            garbage = act(store.garbage, store.drafts, Retention(keep, datetime.now(UTC)))
            if not dry_run:
                store.garbage.vacuum()
        return garbage

    def fsck(self, *, dry_run: bool = False) -> "StoreCheck":
        """Hash all content, and quarantine what is damaged; damage is no error.

        With ``dry_run``, nothing changes.
        """
        from manyfest.domain.operations.store.check_store import check_store, set_damage_aside

        with self._upkeep("cache fsck") as store:
            checked = check_store(store.integrity)
            if checked.damaged and not dry_run:
                set_damage_aside(store.integrity, checked, datetime.now(UTC))
        return checked

    def _upkeep(self, command: str) -> "AbstractContextManager[Housekeeping]":
        from manyfest.assembly.stores import open_housekeeping

        return open_housekeeping(self._calls.settings, command)


def _packer(memory: Name, session: "Session") -> "TemporaryBundles":
    from manyfest.adapters.bundles.temporary_bundles import TemporaryBundles

    check = partial(session.check_deadline, str(memory))
    return TemporaryBundles(check, session.restart_deadline)


def _draft(name: Name, session: "Session") -> "Draft":
    from manyfest.domain.errors import DraftUnknownError

    found = session.drafts.find(inputs.named(name))
    if found is None:
        raise DraftUnknownError(str(name))
    return found


def _faults(
    places: "Iterable[Reference]", fetched: "Fetched", session: "Session"
) -> "Iterator[tuple[Reference, ManyfestError]]":
    """Verify what was fetched through the mirror of ``session``; yield what it lacks."""
    from manyfest.domain.operations.content.fetch_slices import faults_of

    whole = [place for place in places if place not in fetched.failures]
    for some in session.slices(whole):
        yield from faults_of(some, ports=session)
