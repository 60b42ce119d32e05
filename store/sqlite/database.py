"""One SQLite file: statements, transactions, and retries while another process locks it.

Theory of operation.

Opening is lazy. Nothing touches the file before the first statement. Reading a store that does not
exist returns no rows and creates nothing; the first transaction creates the file.

Transactions. Writing is possible only inside ``transaction``, which begins with BEGIN IMMEDIATE: it
takes SQLite's write lock at once, so that everything read inside remains true until COMMIT, and a
transaction that reads before it writes cannot fail halfway for want of the lock. Any error rolls
back. ``snapshot`` begins a deferred transaction and always rolls back: its reads agree with each
other, it needs no write access, and its temporary tables disappear. Neither nests. The rollback is
armed before BEGIN runs, because a signal may arrive just after BEGIN succeeded.

Locks. With a rollback journal a writer has the write lock from BEGIN IMMEDIATE on. It excludes
readers only during COMMIT, and when a large transaction spills into the file before; COMMIT in turn
waits until current readers are done. SQLite reports all of these as SQLITE_BUSY. Its own busy wait
does not serve Ctrl-C, and gives up at once where it suspects a deadlock, so it is set to a fraction
of a second (``opening``) and ``retry_while_busy`` repeats the statement in Python until
``lock_timeout`` is over.

Threads and forks. One connection serves all threads; a lock lets one statement run at a time. Only
the thread that made the object writes: another thread's write would silently join the running
transaction. A connection must not cross a fork: the child does not inherit the POSIX locks that its
copy of SQLite believes it has (https://sqlite.org/howtocorrupt.html, 2.6).
"""

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
# SQLite has waited already, except where it suspects a deadlock.
_RETRY_SECONDS = 0.01


class Database:
    """The file at ``path``, opened at the first statement, created at the first transaction.

    Any thread may read; the thread that made it writes. Not for use on both sides of a fork.
    ``lock_timeout`` is how many seconds to wait for another process's lock. ``opener`` opens a file
    and returns None if there is none. Every method raises StoreError and DamagedStoreError.
    """

    pairs = """
        (SELECT key AS number, json_extract(value, '$[0]') AS first,
            json_extract(value, '$[1]') AS second FROM json_each(?))"""

    texts = "(SELECT key AS number, value AS text FROM json_each(?))"

    def __init__(self, path: Path, lock_timeout: float, opener: Opener = open_existing) -> None:
        self.path = path.absolute()
        self._lock_timeout = lock_timeout
        self._opener = opener
        self._connection: sqlite3.Connection | None = None
        self._lock = threading.RLock()

    def rows(self, statement: str, parameters: Parameters = ()) -> list[Row]:
        """Return all rows of a SELECT; none if there is no file."""
        with self._lock, translating_sqlite_errors(self.path):
            connection = self._open()
            if connection is None:
                return []
            return self._retrying(lambda: connection.execute(statement, parameters).fetchall())

    def write(self, statement: str, rows: Iterable[Parameters]) -> None:
        """Run a writing statement once for each of ``rows``, in the running transaction."""
        with self._lock, translating_sqlite_errors(self.path):
            self._require_transaction().executemany(statement, rows)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit everything written inside at the end, or nothing if the block raises.

        Raises on entering if the file cannot be written.
        """
        self._require_no_transaction()
        try:
            self._begin()  # within try: a signal may arrive just after it succeeded
            yield
            self._commit()
        except BaseException:
            self._roll_back()
            raise

    exclusive = transaction  # BEGIN IMMEDIATE keeps all other writers out

    def lock(self, *names: str) -> None:
        """Do nothing: no other process writes during a transaction."""

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Read the state of one moment inside; temporary tables made inside disappear."""
        self._require_no_transaction()
        try:
            with self._lock, translating_sqlite_errors(self.path):
                connection = self._open()
                if connection is not None:
                    connection.execute("BEGIN")
            yield
        finally:
            self._roll_back()

    def space(self) -> tuple[int, int]:
        """Return the file's size and its free part in bytes; zeros if there is no file."""
        size, free = (*self.rows(_SPACE), (0, 0))[0]
        return size, free

    @property
    def exists(self) -> bool:
        """True if there is a file."""
        with self._lock, translating_sqlite_errors(self.path):
            return self._open() is not None

    @property
    def is_in_transaction(self) -> bool:
        """True inside a transaction or snapshot; a snapshot without a file is none."""
        with self._lock:
            return self._connection is not None and self._connection.in_transaction

    def close(self) -> None:
        """Close the file and lose what was not committed. A later use opens it again."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
            self._connection = None

    def _require_no_transaction(self) -> None:
        if self.is_in_transaction:
            raise RuntimeError("transactions do not nest")

    def _require_transaction(self) -> sqlite3.Connection:
        if self._connection is None or not self._connection.in_transaction:
            raise RuntimeError("writing is for inside of a transaction")
        return self._connection

    def _begin(self) -> None:
        with self._lock, translating_sqlite_errors(self.path):
            connection = self._open() or self._create()
            require_writable(self.path)
            self._retrying(lambda: connection.execute("BEGIN IMMEDIATE"))

    def _commit(self) -> None:
        with self._lock, translating_sqlite_errors(self.path):
            connection = self._require_transaction()
            self._retrying(lambda: connection.execute("COMMIT"))

    def _roll_back(self) -> None:
        """Roll back, unless SQLite has done so itself, as it does when the disk is full."""
        with self._lock, translating_sqlite_errors(self.path):
            if self._connection is not None and self._connection.in_transaction:
                self._connection.execute("ROLLBACK")

    def _open(self) -> sqlite3.Connection | None:
        if self._connection is None:
            self._connection = self._retrying(lambda: self._opener(self.path))
        return self._connection

    def _create(self) -> sqlite3.Connection:
        with translating_sqlite_errors(self.path, "be created"):
            create(self.path)
        connection = self._open()
        if connection is None:
            raise StoreError(str(self.path), "cannot be created: it disappeared at once")
        return connection

    def _retrying(self, action: Callable[[], _T]) -> _T:
        return retry_while_busy(action, self._lock_timeout)


def retry_while_busy(action: Callable[[], _T], timeout: float) -> _T:
    """Call ``action`` again while another process has the lock, for ``timeout`` seconds."""
    deadline = time.monotonic() + timeout
    while True:
        try:
            return action()
        except sqlite3.OperationalError as error:
            if not is_busy(error) or time.monotonic() >= deadline:
                raise
        time.sleep(_RETRY_SECONDS)
