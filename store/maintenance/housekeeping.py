"""Looking after the store: what it holds, what is garbage or damaged, and questions in SQL."""

from attrs import field, frozen

from manyfest.domain.ports.catalogue import Catalogue
from manyfest.domain.ports.draft_book import DraftBook
from manyfest.domain.ports.garbage import GarbageCollector
from manyfest.domain.ports.integrity import Integrity
from manyfest.domain.ports.queries import Queries
from manyfest.store.maintenance.catalogue import SqliteCatalogue
from manyfest.store.maintenance.garbage import SqliteGarbage
from manyfest.store.maintenance.integrity import SqliteIntegrity
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
    queries: Queries
    _looking: Database = field(repr=False)

    def close(self) -> None:
        """Let go of the connection that only looks; the store is closed by whoever opened it."""
        self._looking.close()


def housekeeping_of(
    store: SqliteStore, patience: float = 10.0, seconds: float | None = None
) -> Housekeeping:
    """What looks after ``store``. Touches nothing until it is used.

    ``patience`` is how many seconds to wait for another process's lock, ``seconds`` how long a
    query may take, None for as long as it takes.
    """
    path, files = store.path, LayerFiles(store.layers.folder)
    looking = Database(path, patience, open_read_only)
    return Housekeeping(
        catalogue=SqliteCatalogue(looking, files),
        drafts=store.drafts,
        garbage=SqliteGarbage(store.database, files),
        integrity=SqliteIntegrity(store.database, store.layers, files),
        queries=SqliteQueries(path, patience, seconds),
        looking=looking,
    )
