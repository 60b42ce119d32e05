"""PostgreSQL as ``SqlDatabase``: statements, transactions, locks.

Theory of operation.

Opening is lazy, as in SQLite. Reading a store whose schema does not exist returns no rows; the
first transaction creates it. A read outside a transaction whose connection broke connects again,
once: a server that was restarted costs nothing then.

Transactions are READ COMMITTED, and do not wait for each other unless they write the same thing:

- Each takes the store's advisory lock *shared*. Garbage collection and quarantine take it
  *exclusive* (``exclusive``): nothing can be written between their look and their deletion, and
  content that a writer has found stays until its transaction ends.
- ``lock`` takes a lock for each tag or draft that is read and then written. A row lock would not
  do: the tag or draft may have no row yet. Names are hashed to one of 1024 locks, which bounds the
  server's memory, and all locks of a call are taken in the order of their numbers, so that two
  writers do not block each other. A command locks its draft before it writes content, and tags
  after.
- Content is immutable, and kept by "insert unless it is there". Rows that are there are not locked,
  so commands that keep the same content do not wait for each other.

Where two writers block each other all the same, the server ends one of them (SQLSTATE 40P01), and
all that it wrote is rolled back.

A process that stops inside a transaction keeps its locks for a minute at most
(``idle_in_transaction_session_timeout``).
"""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg

from manyfest.domain.errors import (
    ManyfestError,
    StoreDeniedError,
    StoreError,
    StoreUnreachableError,
)
from manyfest.store.postgres.address import Address
from manyfest.store.postgres.errors import is_broken, translating_errors
from manyfest.store.postgres.migrations import MIGRATIONS
from manyfest.store.postgres.opening import READ_ONLY, Opened, migrate, open_connection
from manyfest.store.postgres.statements import as_postgres
from manyfest.store.sqlite.database import Parameters, Row

_SHARED = "BEGIN; SELECT pg_advisory_xact_lock_shared(hashtextextended('manyfest store', 0))"
_EXCLUSIVE = "BEGIN; SELECT pg_advisory_xact_lock(hashtextextended('manyfest store', 0))"
_SNAPSHOT = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_CLASS = int.from_bytes(b"mfst", "big")
_LOCK = f"""
    SELECT pg_advisory_xact_lock({_CLASS}, number) FROM (
        SELECT DISTINCT hashtext(name) & 1023 AS number FROM unnest(%s::text[]) AS name
        ORDER BY number) AS ordered"""
_SPACE = """
    SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0), 0 FROM pg_class AS c
    WHERE c.relnamespace = to_regnamespace('manyfest') AND c.relkind = 'r'"""


class PostgresDatabase:
    """``SqlDatabase`` at ``address``; see there. Not for use on both sides of a fork.

    ``lock_timeout`` is how many seconds to wait for another writer, ``patience`` how many for any
    answer of the server.
    """

    pairs = """
        (SELECT number - 1 AS number, value ->> 0 AS first, value ->> 1 AS second
        FROM jsonb_array_elements(CAST(? AS jsonb)) WITH ORDINALITY AS e(value, number))"""

    texts = """
        (SELECT number - 1 AS number, text
        FROM jsonb_array_elements_text(CAST(? AS jsonb)) WITH ORDINALITY AS e(text, number))"""

    def __init__(self, address: Address, lock_timeout: float, patience: float) -> None:
        self.path = address
        self._lock_timeout = lock_timeout
        self._patience = patience
        self._opened: Opened | None = None
        self._is_in_transaction = False
        self._lock = threading.RLock()

    def rows(self, statement: str, parameters: Parameters = ()) -> list[Row]:
        """Return all rows of a SELECT; none if there is no schema."""
        with self._lock:
            try:
                return self._rows(statement, parameters)
            except StoreUnreachableError as error:
                if self._is_in_transaction:
                    raise
                self.close()
                if not is_broken(error):
                    raise
                return self._rows(statement, parameters)

    def write(self, statement: str, rows: Iterable[Parameters]) -> None:
        """Run a writing statement once for each of ``rows``, in the running transaction."""
        with self._lock, translating_errors(self.path):
            opened = self._require_transaction()
            with opened.connection.cursor() as cursor:
                cursor.executemany(as_postgres(statement), rows)

    def lock(self, *names: str) -> None:
        """Keep other transactions from what has these names, until this one ends."""
        if self._is_in_transaction and names:
            self.rows(_LOCK.replace("%s", "?"), (list(names),))

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit everything written inside at the end, or nothing if the block raises."""
        with self._transaction(_SHARED):
            yield

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """As ``transaction``, with no other writer at the same time."""
        with self._transaction(_EXCLUSIVE):
            yield

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Read the state of one moment inside."""
        self._require_no_transaction()
        try:
            if self.exists:
                self._begin(_SNAPSHOT)
            yield
        finally:
            self._roll_back()

    def space(self) -> tuple[int, int]:
        """Return the size of all tables in bytes; how much of it is free is the server's affair."""
        size, free = (*self.rows(_SPACE), (0, 0))[0]
        return int(size), int(free)

    @property
    def exists(self) -> bool:
        """True if there is a schema."""
        with self._lock:
            return self._current().version > 0

    @property
    def is_in_transaction(self) -> bool:
        """True inside a transaction or snapshot; a snapshot without a schema is none."""
        return self._is_in_transaction

    @property
    def opened(self) -> Opened:
        """The connection, and what its role may do."""
        with self._lock:
            return self._current()

    def close(self) -> None:
        """Close the connection; the server rolls back what was not committed."""
        with self._lock:
            opened, self._opened = self._opened, None
            self._is_in_transaction = False
            if opened is not None:
                with suppress(psycopg.Error):
                    opened.connection.close()

    def _rows(self, statement: str, parameters: Parameters) -> list[Row]:
        opened = self._current()
        if not opened.version:
            return []
        with translating_errors(self.path):
            cursor = opened.connection.execute(as_postgres(statement), parameters)
            return cursor.fetchall() if cursor.description else []

    def _current(self) -> Opened:
        """Return the open connection; an older schema is migrated first."""
        if self._opened is None:
            opened = open_connection(self.path, self._lock_timeout, self._patience)
            if 0 < opened.version < len(MIGRATIONS):
                opened = migrate(opened, self.path)
            self._opened = opened
        return self._opened

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[None]:
        self._require_no_transaction()
        self._require_writable()
        try:
            self._begin(begin)
            yield
            self._commit()
        except BaseException:
            self._roll_back()
            raise

    def _require_writable(self) -> None:
        opened = self.opened
        if not opened.may_write:
            raise StoreDeniedError(str(self.path), READ_ONLY.format(opened.role))
        if not opened.version:
            self._opened = migrate(opened, self.path)

    def _begin(self, statement: str) -> None:
        """Begin; on a connection that broke since its last use, on another one."""
        with self._lock:
            try:
                self._run(statement)
            except StoreError as error:
                if not is_broken(error):
                    raise
                self.close()
                self._run(statement)
            self._is_in_transaction = True

    def _run(self, statement: str) -> None:
        opened = self._current()
        with translating_errors(self.path):
            opened.connection.execute(statement.encode())

    def _commit(self) -> None:
        with self._lock:
            self._require_transaction()
            self._run("COMMIT")
            self._is_in_transaction = False

    def _roll_back(self) -> None:
        """Roll back; a connection that does not take that is closed, which does the same."""
        with self._lock:
            self._is_in_transaction = False
            opened = self._opened
            if opened is None or opened.connection.closed:
                self._opened = None
                return
            if opened.connection.info.transaction_status is not _IDLE:
                try:
                    self._run("ROLLBACK")
                except ManyfestError:
                    self.close()

    def _require_no_transaction(self) -> None:
        if self._is_in_transaction:
            raise RuntimeError("transactions do not nest")

    def _require_transaction(self) -> Opened:
        if self._opened is None or not self._is_in_transaction:
            raise RuntimeError("writing is for inside of a transaction")
        return self._opened


_IDLE: Any = psycopg.pq.TransactionStatus.IDLE
