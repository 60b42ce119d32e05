"""The upkeep of stores, and the stores that a URL names (ADR 0026, ADR 0058)."""

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from manyfest.assembly.settings import default_store_path, store_path
from manyfest.domain.errors import (
    ConfigError,
    FileUnknownError,
    IncompleteStoreError,
    InputError,
)
from manyfest.domain.ports.catalogue import Catalogue
from manyfest.domain.ports.draft_book import DraftBook
from manyfest.domain.ports.garbage import GarbageCollector
from manyfest.domain.ports.integrity import Integrity
from manyfest.domain.ports.queries import Queries

if TYPE_CHECKING:
    from manyfest.assembly.settings import Settings
    from manyfest.domain.operations.store.copy_store import CopiedStore
    from manyfest.domain.ports.housekeeping import Housekeeping
    from manyfest.domain.ports.store import Store

_POSTGRES = ("postgresql", "postgres")

# The names of the parts in messages.
_NAMES = {
    "catalogue": "catalogue",
    "garbage": "garbage collector",
    "integrity": "integrity check",
    "queries": "answer to SQL",
}


def open_url(url: str, settings: "Settings", query_seconds: float | None = None) -> "Store":
    """Open the store at ``SCHEME://…``. A query may take ``query_seconds``, if given.

    Raises UnknownSchemeError, ConfigError: no usable adapter serves the scheme.
    """
    if scheme_of(url) in _POSTGRES:
        return _open_postgres(url, settings, query_seconds)
    from manyfest.assembly.plugins import STORES, factory_for

    store: Store = factory_for(STORES, scheme_of(url))(url, settings)
    return store


def _open_postgres(url: str, settings: "Settings", query_seconds: float | None) -> "Store":
    try:
        from manyfest.store.postgres.store import PostgresStore
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "psycopg":
            raise
        reason = "PostgreSQL needs psycopg: pip install 'manyfest[postgres]'"
        raise ConfigError("MANYFEST_STORE", reason) from error
    except ImportError as error:  # psycopg without the library of PostgreSQL
        reason = f"psycopg cannot be loaded: {(str(error).splitlines() or [''])[0]}"
        raise ConfigError("MANYFEST_STORE", reason) from error
    return PostgresStore(
        url,
        default_store_path(os.environ).parent,
        settings.lock_seconds,
        settings.seconds,
        query_seconds or _hard_seconds(settings),
    )


def _hard_seconds(settings: "Settings") -> float | None:
    """Return what bounds a query without a limit of its own."""
    return settings.seconds if settings.seconds_are_hard else None


def copy_stores(
    source: str, target: str, settings: "Settings", *, with_layers: bool
) -> "CopiedStore":
    """Copy one store into another; both are named as ``MANYFEST_STORE`` names one.

    Raises InputError: they are the same; FileUnknownError: the source is no file that exists; as
    ``copy_store``, and as opening them.
    """
    from manyfest.domain.operations.store.copy_store import copy_store

    first, second = (store_path({"MANYFEST_STORE": name}) for name in (source, target))
    if not (source and target) or first == second:
        raise InputError("cache copy: two different stores are needed")
    if isinstance(first, Path) and not first.is_file():
        raise FileUnknownError(source)
    with (
        closing(_opened(first, settings)) as read,
        closing(_opened(second, settings)) as written,
    ):
        return copy_store(read, written, datetime.now(UTC), with_layers=with_layers)


def _opened(place: Path | str, settings: "Settings") -> "Store":
    from manyfest.store.store import open_store

    if isinstance(place, Path):
        return open_store(place, settings.lock_seconds)
    return open_url(place, settings)


def scheme_of(url: str) -> str:
    """Return the scheme of a store's URL."""
    return url.partition("://")[0]


class StoreParts:
    """``Housekeeping`` of the parts that ``store`` serves, for ``command``."""

    def __init__(self, store: "Store", scheme: str, command: str) -> None:
        self._store = store
        self._scheme = scheme
        self._command = command

    @property
    def catalogue(self) -> Catalogue:
        """See the port."""
        part: Catalogue = self._part("catalogue")
        return part

    @property
    def drafts(self) -> DraftBook:
        """See the port."""
        return self._store.drafts

    @property
    def garbage(self) -> GarbageCollector:
        """See the port."""
        part: GarbageCollector = self._part("garbage")
        return part

    @property
    def integrity(self) -> Integrity:
        """See the port."""
        part: Integrity = self._part("integrity")
        return part

    @property
    def queries(self) -> Queries:
        """See the port."""
        part: Queries = self._part("queries")
        return part

    def _part(self, attribute: str) -> Any:
        part = getattr(self._store, attribute, None)
        if part is None:
            raise IncompleteStoreError(self._scheme, _NAMES[attribute], self._command)
        return part


@contextmanager
def open_housekeeping(
    settings: "Settings", command: str, query_seconds: float | None = None
) -> Iterator["Housekeeping"]:
    """Open the store's upkeep for ``command``; nothing is opened before it is used.

    A query may take ``query_seconds``, or else as long as ``settings`` say. A part that the store
    lacks raises IncompleteStoreError when it is used. Raises as ``open_store_of``.
    """
    if not isinstance(settings.store, Path):
        with closing(open_url(settings.store, settings, query_seconds)) as store:
            yield StoreParts(store, scheme_of(settings.store), command)
        return
    from manyfest.store.maintenance.housekeeping import housekeeping_of
    from manyfest.store.store import open_store

    patience, seconds = settings.lock_seconds, query_seconds or _hard_seconds(settings)
    with (
        closing(open_store(settings.store, patience)) as store,
        closing(housekeeping_of(store, patience, seconds)) as housekeeping,
    ):
        yield housekeeping
