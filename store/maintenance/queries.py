"""SQL from the user, on a read-only connection, restricted to the views and to a deadline."""

import math
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from time import monotonic

from manyfest.domain.errors import DeadlineError, QueryError
from manyfest.domain.ports.queries import QueryResult, QueryView, Value
from manyfest.store.maintenance.read_only import empty_read_only, open_read_only
from manyfest.store.maintenance.views import VIEWS
from manyfest.store.sqlite.database import retry_while_busy
from manyfest.store.sqlite.errors import (
    is_interruption,
    is_statement_error,
    translating_sqlite_errors,
)
from manyfest.store.sqlite.opening import allow_interrupt

_CHUNK = 500  # rows
# Rows read before the first is handed out, so that most queries have released the lock by then: the
# consumer may be slow, such as a person with a pager.
_READ_AHEAD = 100_000
_VALUE_LIMIT = 64 * 1024 * 1024  # bytes of one value, which a statement may compute
_VIEW_NAMES = frozenset(view.name for view in VIEWS)
_ALLOWED_ACTIONS = frozenset(
    {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}
)
_TABLES = frozenset(
    {
        *("manifests", "blobs", "observations", "digests", "drafts", "entries"),
        *("quarantine", "hosts"),
    }
)


class SqliteQueries:
    """``Queries`` over the store at ``path``.

    ``lock_timeout`` is how many seconds to wait for another process's lock, ``query_timeout`` how
    many a query may take in all, reading its rows included (None: no limit).
    """

    def __init__(self, path: Path, lock_timeout: float, query_timeout: float | None) -> None:
        self._path = path.absolute()
        self._lock_timeout = lock_timeout
        self._query_timeout = math.inf if query_timeout is None else query_timeout

    def views(self) -> tuple[QueryView, ...]:
        """See the port."""
        return tuple(QueryView(v.name, v.about, v.columns) for v in VIEWS if v.about)

    @contextmanager
    def run(self, statement: str) -> Iterator[QueryResult]:
        """See the port."""
        deadline = monotonic() + self._query_timeout
        with translating_sqlite_errors(self._path):
            connection = self._connect(deadline)
        with closing(connection):
            with self._translating_errors(deadline):
                cursor = self._execute(connection, statement)
            if cursor.description is None:
                raise QueryError("no statement")
            columns = tuple(column[0] for column in cursor.description)
            yield QueryResult(columns, self._rows(cursor, deadline))

    def _connect(self, deadline: float) -> sqlite3.Connection:
        opened = retry_while_busy(lambda: open_read_only(self._path), self._lock_timeout)
        connection = opened or empty_read_only()
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _VALUE_LIMIT)
        connection.set_authorizer(_authorizer)
        return allow_interrupt(connection, lambda: monotonic() > deadline)

    def _execute(self, connection: sqlite3.Connection, statement: str) -> sqlite3.Cursor:
        return retry_while_busy(lambda: connection.execute(statement), self._lock_timeout)

    def _rows(self, cursor: sqlite3.Cursor, deadline: float) -> Iterator[tuple[Value, ...]]:
        read_ahead: list[tuple[Value, ...]] = []
        while len(read_ahead) < _READ_AHEAD and (chunk := self._chunk(cursor, deadline)):
            read_ahead += chunk
        yield from read_ahead
        while chunk := self._chunk(cursor, deadline):
            yield from chunk

    def _chunk(self, cursor: sqlite3.Cursor, deadline: float) -> list[tuple[Value, ...]]:
        with self._translating_errors(deadline):
            return cursor.fetchmany(_CHUNK)

    @contextmanager
    def _translating_errors(self, deadline: float) -> Iterator[None]:
        with translating_sqlite_errors(self._path):
            try:
                yield
            except (sqlite3.Error, sqlite3.Warning) as error:
                if is_interruption(error) and monotonic() > deadline:
                    raise DeadlineError("", "the query took too long") from None
                if is_statement_error(error):
                    raise QueryError(str(error)) from error
                raise
            except ValueError as error:  # SQLite cannot take the statement as text (a NUL in it)
                raise QueryError(str(error)) from error


def _authorizer(
    action: int, first: str | None, second: str | None, schema: str | None, view: str | None
) -> int:
    """Allow reading, of the store's tables only through the views: the tables may change."""
    if action in _ALLOWED_ACTIONS:
        return sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_PRAGMA:
        return sqlite3.SQLITE_OK if first == "table_info" and second else sqlite3.SQLITE_DENY
    if action != sqlite3.SQLITE_READ:
        return sqlite3.SQLITE_DENY
    # SQLite passes an empty column name when rows are only counted.
    is_direct = schema == "main" and first in _TABLES and second and view not in _VIEW_NAMES
    return sqlite3.SQLITE_DENY if is_direct else sqlite3.SQLITE_OK
