"""The SQL databases that a store may be in, as one interface: SQLite and PostgreSQL.

Statements are in the dialect that both have, with the placeholders of SQLite (``?``, ``:name``).
"""

from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import Protocol

from manyfest.store.sqlite.database import Parameters, Row


class SqlDatabase(Protocol):
    """A database. Every method raises StoreError and DamagedStoreError.

    Any thread may read; the thread that made it writes.
    """

    @property
    def path(self) -> object:
        """The file or URL; its ``str`` is for messages, and holds no password."""
        ...

    @property
    def pairs(self) -> str:
        """SQL for a JSON array of pairs, a parameter, as rows: number, first, second."""
        ...

    @property
    def texts(self) -> str:
        """SQL for a JSON array of texts, a parameter, as rows: number, text."""
        ...

    @property
    def exists(self) -> bool:
        """True if there is a file or a schema; without one, reading finds nothing."""
        ...

    @property
    def is_in_transaction(self) -> bool:
        """True inside a transaction or snapshot."""
        ...

    def rows(self, statement: str, parameters: Parameters = ()) -> list[Row]:
        """All rows of a SELECT."""
        ...

    def write(self, statement: str, rows: Iterable[Parameters]) -> None:
        """Run a writing statement once for each of ``rows``, in the running transaction."""
        ...

    def lock(self, *names: str) -> None:
        """Keep other writers from the things with these names, until the transaction ends.

        Outside a transaction, and where one excludes all other writers, this does nothing.
        """
        ...

    def transaction(self) -> AbstractContextManager[None]:
        """Commit everything written inside at the end, or nothing if the block raises."""
        ...

    def exclusive(self) -> AbstractContextManager[None]:
        """As ``transaction``, with no other writer at the same time."""
        ...

    def snapshot(self) -> AbstractContextManager[None]:
        """Read the state of one moment inside, without write access."""
        ...

    def space(self) -> tuple[int, int]:
        """The size in bytes, and the free part of it; zeros without a store."""
        ...
