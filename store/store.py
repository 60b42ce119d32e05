"""The store as one object: content store and draft book in one file, layers in a folder beside."""

from contextlib import AbstractContextManager
from pathlib import Path

from attrs import field, frozen

from manyfest.store.content_store import SqliteContentStore
from manyfest.store.draft_book import SqliteDraftBook
from manyfest.store.layer_store import LayerFolder
from manyfest.store.sqlite.database import Database


@frozen
class SqliteStore:
    """Both ports over one connection, so that ``transaction()`` of either is that of both."""

    contents: SqliteContentStore
    drafts: SqliteDraftBook
    layers: LayerFolder
    database: Database = field(repr=False)

    @property
    def path(self) -> Path:
        """The file."""
        return self.database.path

    def transaction(self) -> AbstractContextManager[None]:
        """See the ports."""
        return self.database.transaction()

    def close(self) -> None:
        """Let go of the file; what was not committed is lost. A later use opens it again."""
        self.database.close()


def open_store(path: Path | str, patience: float = 10.0) -> SqliteStore:
    """The store in the file at ``path``, which need not be there.

    Touches nothing: the file is opened at the first use, made at the first transaction, and until
    then holds nothing. What is wrong with it, or with its folder, raises at that use (StoreError,
    DamagedStoreError), and it is left as it was. ``patience`` is how many seconds to wait for
    another process's lock.
    """
    database = Database(Path(path), patience)
    return SqliteStore(
        SqliteContentStore(database),
        SqliteDraftBook(database),
        LayerFolder(database.path.with_name(f"{database.path.name}.layers")),
        database,
    )
