"""The maintenance ports of one store as one object."""

from attr import field

from manyfest.domain.ports.catalogue import Catalogue
from manyfest.domain.ports.draft_book import DraftBook
from manyfest.domain.ports.garbage import GarbageCollector
from manyfest.domain.ports.integrity import Integrity
from manyfest.domain.values import frozen
from manyfest.store.maintenance.catalogue import SqlCatalogue
from manyfest.store.maintenance.garbage import SqlGarbageCollector
from manyfest.store.maintenance.integrity import SqlIntegrity
from manyfest.store.maintenance.layer_files import LayerFiles
from manyfest.store.maintenance.queries import SqliteQueries
from manyfest.store.maintenance.read_only import open_read_only
from manyfest.store.sqlite.database import Database
from manyfest.store.store import SqliteStore


@frozen
class Housekeeping:
    """The ports over one store; ``garbage`` and ``integrity`` share the store's transactions."""

    catalogue: Catalogue
    drafts: DraftBook
    garbage: GarbageCollector
    integrity: Integrity
    queries: SqliteQueries
    _read_only: Database = field(repr=False)

    def close(self) -> None:
        """Close the connections that read. The store is closed by the caller that opened it."""
        self._read_only.close()
        self.queries.close()


def housekeeping_of(
    store: SqliteStore, lock_timeout: float = 10.0, query_timeout: float | None = None
) -> Housekeeping:
    """Return the maintenance ports over ``store``. Touches nothing until one is used.

    ``lock_timeout`` is how many seconds to wait for another process's lock, ``query_timeout`` how
    many a query may take (None: no limit).
    """
    path, files = store.path, LayerFiles(store.layers.folder)
    read_only = Database(path, lock_timeout, open_read_only)
    return Housekeeping(
        catalogue=SqlCatalogue(read_only, files),
        drafts=store.drafts,
        garbage=SqlGarbageCollector(store.database, files),
        integrity=SqlIntegrity(store.database, store.layers, files),
        queries=SqliteQueries(path, lock_timeout, query_timeout),
        read_only=read_only,
    )
