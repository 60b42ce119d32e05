"""The store in PostgreSQL as one object; layers are in a folder of this machine."""

from functools import cached_property
from pathlib import Path

from manyfest.store.draft_book import SqlDraftBook
from manyfest.store.host_book import SqlHostBook
from manyfest.store.layer_store import FileLayerStore
from manyfest.store.maintenance.layer_files import LayerFiles
from manyfest.store.postgres.address import Address
from manyfest.store.postgres.catalogue import PostgresCatalogue
from manyfest.store.postgres.content_store import PostgresContentStore
from manyfest.store.postgres.database import PostgresDatabase
from manyfest.store.postgres.garbage import PostgresGarbageCollector
from manyfest.store.postgres.integrity import PostgresIntegrity
from manyfest.store.postgres.queries import PostgresQueries


class PostgresStore:
    """``Store``, ``Housekeeping`` and the host book at ``url``, on one connection.

    Queries alone have connections of their own. ``folder`` is where layers go, in a folder that has
    the server's and the database's name. ``lock_timeout`` is how many seconds to wait for another
    writer, ``patience`` how many for any answer, ``query_seconds`` how many a query may take.
    """

    def __init__(
        self,
        url: str,
        folder: Path,
        lock_timeout: float = 10.0,
        patience: float = 120.0,
        query_seconds: float | None = None,
    ) -> None:
        address = Address(url)
        self.database = PostgresDatabase(address, lock_timeout, patience)
        self.contents = PostgresContentStore(self.database)
        self.drafts = SqlDraftBook(self.database)
        self.layers = FileLayerStore(folder / f"{address.file_name}.layers")
        self.hosts = SqlHostBook(self.database)
        self.queries = PostgresQueries(address, lock_timeout, patience, query_seconds)
        self._files = LayerFiles(self.layers.folder)

    @cached_property
    def catalogue(self) -> PostgresCatalogue:
        """Tags and statistics."""
        return PostgresCatalogue(self.database, self._files)

    @cached_property
    def garbage(self) -> PostgresGarbageCollector:
        """Finds and removes unneeded content."""
        return PostgresGarbageCollector(self.database, self._files)

    @cached_property
    def integrity(self) -> PostgresIntegrity:
        """Finds and quarantines damage."""
        return PostgresIntegrity(self.database, self.layers, self._files)

    def check_opens(self) -> None:
        """Raise StoreError if the server cannot be reached, or its schema not be used."""
        _ = self.database.exists

    def close(self) -> None:
        """Close the connection and lose what was not committed. A later use opens it again."""
        self.database.close()
