"""Stores that a URL names: PostgreSQL, and those of installed adapters (ADR 0026, ADR 0058)."""

from typing import TYPE_CHECKING, Any

from manyfest.domain.errors import IncompleteStoreError
from manyfest.domain.ports.catalogue import Catalogue
from manyfest.domain.ports.draft_book import DraftBook
from manyfest.domain.ports.garbage import GarbageCollector
from manyfest.domain.ports.integrity import Integrity
from manyfest.domain.ports.queries import Queries

if TYPE_CHECKING:
    from manyfest.assembly.settings import Settings
    from manyfest.domain.ports.store import Store

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
