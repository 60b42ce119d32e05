"""Queries in SQLite, on a connection that can only look, and that ends in time."""

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
from manyfest.store.sqlite.database import patiently
from manyfest.store.sqlite.errors import (
    is_interruption,
    is_statement_error,
    translating_sqlite_errors,
)
from manyfest.store.sqlite.opening import allow_interrupt

_CHUNK = 500  # rows
_AHEAD = 100_000  # rows; whoever is slow to take them, a person perhaps, must not hold the lock
_TEXT_LIMIT = 64 * 1024 * 1024  # bytes of a value that a statement makes up
_VIEW_NAMES = frozenset(view.name for view in VIEWS)
_ALLOWED = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE})
_TABLES = frozenset(
    {
        *("manifests", "blobs", "observations", "digests", "drafts", "entries"),
        *("quarantine", "hosts"),
    }
)


class SqliteQueries:
    """``Queries`` over the store at ``path``; all of a query takes at most ``seconds``."""

    def __init__(self, path: Path, patience: float, seconds: float | None) -> None:
        self._path = path.absolute()
        self._patience = patience
        self._seconds = math.inf if seconds is None else seconds

    def views(self) -> tuple[QueryView, ...]:
        """See the port."""
        return tuple(QueryView(v.name, v.about, v.columns) for v in VIEWS if v.about)

    @contextmanager
    def run(self, statement: str) -> Iterator[QueryResult]:
        """See the port."""
        deadline = monotonic() + self._seconds
        with translating_sqlite_errors(self._path):
            connection = self._connection(deadline)
        with closing(connection):
            with self._translated(deadline):
                cursor = self._executed(connection, statement)
            if cursor.description is None:
                raise QueryError("no statement")
            columns = tuple(column[0] for column in cursor.description)
            yield QueryResult(columns, self._rows(cursor, deadline))

    def _connection(self, deadline: float) -> sqlite3.Connection:
        opened = patiently(lambda: open_read_only(self._path), self._patience)
        connection = opened or empty_read_only()
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _TEXT_LIMIT)
        connection.set_authorizer(_authorizer)
        return allow_interrupt(connection, lambda: monotonic() > deadline)

    def _executed(self, connection: sqlite3.Connection, statement: str) -> sqlite3.Cursor:
        return patiently(lambda: connection.execute(statement), self._patience)

    def _rows(self, cursor: sqlite3.Cursor, deadline: float) -> Iterator[tuple[Value, ...]]:
        ahead: list[tuple[Value, ...]] = []
        while len(ahead) < _AHEAD and (chunk := self._chunk(cursor, deadline)):
            ahead += chunk
        yield from ahead
        while chunk := self._chunk(cursor, deadline):
            yield from chunk

    def _chunk(self, cursor: sqlite3.Cursor, deadline: float) -> list[tuple[Value, ...]]:
        with self._translated(deadline):
            return cursor.fetchmany(_CHUNK)

    @contextmanager
    def _translated(self, deadline: float) -> Iterator[None]:
        with translating_sqlite_errors(self._path):
            try:
                yield
            except (sqlite3.Error, sqlite3.Warning) as error:
                if is_interruption(error) and monotonic() > deadline:
                    raise DeadlineError("", "the query took too long") from None
                if is_statement_error(error):
                    raise QueryError(str(error)) from error
                raise
            except ValueError as error:  # a statement that is no text for SQLite
                raise QueryError(str(error)) from error


def _authorizer(
    action: int, first: str | None, second: str | None, place: str | None, view: str | None
) -> int:
    """Reading is allowed, of the store's own tables by way of the views only: those may change."""
    if action in _ALLOWED:
        return sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_PRAGMA:
        return sqlite3.SQLITE_OK if first == "table_info" and second else sqlite3.SQLITE_DENY
    if action != sqlite3.SQLITE_READ:
        return sqlite3.SQLITE_DENY
    # A column without a name is how SQLite says that rows are only counted.
    is_inner = place == "main" and first in _TABLES and second and view not in _VIEW_NAMES
    return sqlite3.SQLITE_DENY if is_inner else sqlite3.SQLITE_OK
