"""The upkeep of stores, and the stores that a URL names (ADR 0026, ADR 0058)."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from manyfest.domain.errors import IncompleteStoreError
from manyfest.domain.ports.catalogue import Catalogue
from manyfest.domain.ports.draft_book import DraftBook
from manyfest.domain.ports.garbage import GarbageCollector
from manyfest.domain.ports.integrity import Integrity
from manyfest.domain.ports.queries import Queries

if TYPE_CHECKING:
    from manyfest.assembly.settings import Settings
    from manyfest.domain.ports.housekeeping import Housekeeping
    from manyfest.domain.ports.store import Store

_LOCK_SECONDS = 10.0  # the longest wait for another process

# What a part is called in messages.
_NAMES = {
    "catalogue": "catalogue",
    "garbage": "garbage collector",
    "integrity": "integrity check",
    "queries": "answer to SQL",
}


def open_url(url: str, settings: "Settings") -> "Store":
    """Open the store at ``SCHEME://…``.

    Raises UnknownSchemeError, ConfigError: no usable adapter serves the scheme.
    """
    from manyfest.assembly.plugins import STORES, factory_for

    store: Store = factory_for(STORES, scheme_of(url))(url, settings)
    return store


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
    lacks raises IncompleteStoreError when it is used. Raises as ``open_session``.
    """
    if not isinstance(settings.store, Path):
        with closing(open_url(settings.store, settings)) as store:
            yield StoreParts(store, scheme_of(settings.store), command)
        return
    from manyfest.store.maintenance.housekeeping import housekeeping_of
    from manyfest.store.store import open_store

    patience = min(_LOCK_SECONDS, settings.seconds)
    seconds = query_seconds or (settings.seconds if settings.seconds_are_hard else None)
    with (
        closing(open_store(settings.store, patience)) as store,
        closing(housekeeping_of(store, patience, seconds)) as housekeeping,
    ):
        yield housekeeping
