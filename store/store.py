"""The store as one object: content store and draft book in one file, layers in a folder beside."""

from contextlib import AbstractContextManager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from manyfest.store.sqlite.database import Database

# Each part is imported when it is first used: a listing of drafts needs no other (ADR 0009).
if TYPE_CHECKING:
    from manyfest.store.content_store import SqlContentStore
    from manyfest.store.draft_book import SqlDraftBook
    from manyfest.store.layer_store import FileLayerStore


class SqliteStore:
    """``Store`` in one SQLite file and a folder of layers.

    ``contents`` and ``drafts`` share one connection, so a transaction of either covers both.
    """

    def __init__(self, database: Database) -> None:
        self.database = database

    @cached_property
    def contents(self) -> "SqlContentStore":
        """See the ports."""
        from manyfest.store.content_store import SqlContentStore

        return SqlContentStore(self.database)

    @cached_property
    def drafts(self) -> "SqlDraftBook":
        """See the ports."""
        from manyfest.store.draft_book import SqlDraftBook

        return SqlDraftBook(self.database)

    @cached_property
    def layers(self) -> "FileLayerStore":
        """See the ports."""
        from manyfest.store.layer_store import FileLayerStore

        return FileLayerStore(self.path.with_name(f"{self.path.name}.layers"))

    @property
    def path(self) -> Path:
        """The SQLite file."""
        return self.database.path

    def transaction(self) -> AbstractContextManager[None]:
        """See the ports."""
        return self.database.transaction()

    def check_opens(self) -> None:
        """Raise StoreError or DamagedStoreError if there is a file that cannot be opened."""
        _ = self.database.exists  # opens the file

    def close(self) -> None:
        """Close the file and lose what was not committed. A later use opens it again."""
        self.database.close()


def open_store(path: Path | str, lock_timeout: float = 10.0) -> SqliteStore:
    """Return the store in the file at ``path``, which need not exist.

    Nothing is touched yet: the first use opens the file, the first transaction creates it, and
    until then the store is empty. A fault of the file or its folder raises at that use (StoreError,
    DamagedStoreError) and leaves it as it was. ``lock_timeout`` is how many seconds to wait for
    another process's lock.
    """
    return SqliteStore(Database(Path(path), lock_timeout))
