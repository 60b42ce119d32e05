"""One SQLite file: statements, transactions, and patience with other processes."""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from manyfest.domain.errors import StoreError
from manyfest.store.sqlite.errors import is_busy, translating_sqlite_errors
from manyfest.store.sqlite.opening import create, open_existing, require_writable

Row = tuple[Any, ...]
Parameters = Sequence[Any] | Mapping[str, Any]
Opener = Callable[[Path], sqlite3.Connection | None]
_T = TypeVar("_T")

_SPACE = """
    SELECT page_count * page_size, freelist_count * page_size
    FROM pragma_page_count, pragma_page_size, pragma_freelist_count"""
_PAUSE_SECONDS = 0.01  # SQLite has waited already, but for locks it thinks hopeless


class Database:
    """The file at ``path``, opened at the first statement and created at the first transaction.

    Any thread may read; the one that made it writes. Not for use on both sides of a fork.
    ``patience`` is how many seconds to wait for the lock of another process. Everything raises
    StoreError and DamagedStoreError. ``opener`` opens a file that may not be there.
    """

    def __init__(self, path: Path, patience: float, opener: Opener = open_existing) -> None:
        self.path = path.absolute()
        self._patience = patience
        self._opener = opener
        self._connection: sqlite3.Connection | None = None
        self._lock = threading.RLock()

    def rows(self, statement: str, parameters: Parameters = ()) -> list[Row]:
        """All rows of a SELECT; none when there is no file."""
        with self._lock, translating_sqlite_errors(self.path):
            connection = self._opened()
            if connection is None:
                return []
            return self._patiently(lambda: connection.execute(statement, parameters).fetchall())

    def write(self, statement: str, rows: Iterable[Parameters]) -> None:
        """Run a statement that writes once for each of ``rows``, in the running transaction."""
        with self._lock, translating_sqlite_errors(self.path):
            self._writable().executemany(statement, rows)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All that is written inside is kept at the end, or nothing when something raises.

        Raises at once where nothing could be written.
        """
        self._require_no_transaction()
        try:
            self._begin()  # inside: a signal may arrive just after it, too
            yield
            self._commit()
        except BaseException:
            self._roll_back()
            raise

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """All that is read inside is of one moment; temporary tables made inside go away."""
        self._require_no_transaction()
        try:
            with self._lock, translating_sqlite_errors(self.path):
                connection = self._opened()
                if connection is not None:
                    connection.execute("BEGIN")
            yield
        finally:
            self._roll_back()

    def space(self) -> tuple[int, int]:
        """The file's size in bytes, and how many of them are free; zeros when there is none."""
        size, free = (*self.rows(_SPACE), (0, 0))[0]
        return size, free

    @property
    def exists(self) -> bool:
        """Whether there is a file."""
        with self._lock, translating_sqlite_errors(self.path):
            return self._opened() is not None

    @property
    def is_in_transaction(self) -> bool:
        """Whether a transaction or a snapshot is running: not in one begun without a file."""
        with self._lock:
            return self._connection is not None and self._connection.in_transaction

    def close(self) -> None:
        """Let go of the file; what was not committed is lost. A later use opens it again."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
            self._connection = None

    def _require_no_transaction(self) -> None:
        if self.is_in_transaction:
            raise RuntimeError("transactions do not nest")

    def _begin(self) -> None:
        """IMMEDIATE: a transaction that reads before it writes would fail under contention."""
        with self._lock, translating_sqlite_errors(self.path):
            connection = self._opened() or self._created()
            require_writable(self.path)
            self._patiently(lambda: connection.execute("BEGIN IMMEDIATE"))

    def _commit(self) -> None:
        with self._lock, translating_sqlite_errors(self.path):
            connection = self._writable()
            self._patiently(lambda: connection.execute("COMMIT"))

    def _roll_back(self) -> None:
        """SQLite has done it already after some errors, such as a full disk."""
        with self._lock, translating_sqlite_errors(self.path):
            if self._connection is not None and self._connection.in_transaction:
                self._connection.execute("ROLLBACK")

    def _opened(self) -> sqlite3.Connection | None:
        if self._connection is None:
            self._connection = self._patiently(lambda: self._opener(self.path))
        return self._connection

    def _created(self) -> sqlite3.Connection:
        with translating_sqlite_errors(self.path, "be created"):
            create(self.path)
        connection = self._opened()
        if connection is None:
            raise StoreError(str(self.path), "cannot be created: it went away at once")
        return connection

    def _writable(self) -> sqlite3.Connection:
        if self._connection is None or not self._connection.in_transaction:
            raise RuntimeError("writing is for inside of a transaction")
        return self._connection

    def _patiently(self, action: Callable[[], _T]) -> _T:
        return patiently(action, self._patience)


def patiently(action: Callable[[], _T], seconds: float) -> _T:
    """``action()``, for so long again and again as another process holds the lock it needs."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return action()
        except sqlite3.OperationalError as error:
            if not is_busy(error) or time.monotonic() >= deadline:
                raise
        time.sleep(_PAUSE_SECONDS)
