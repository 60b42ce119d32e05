"""Queries in SQLite, on a connection that can only look, in a thread that can be interrupted."""

import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as OutOfTimeError
from contextlib import closing, contextmanager
from pathlib import Path
from time import monotonic
from typing import TypeVar

from manyfest.domain.errors import DeadlineError, InputError
from manyfest.domain.ports.queries import Answer, AskableView, Value
from manyfest.store.database import patiently
from manyfest.store.looking import nothing_to_look_at, open_for_looking
from manyfest.store.sqlite_errors import is_of_the_statement, translated
from manyfest.store.views import VIEWS

_CHUNK = 500  # rows
_TEXT_LIMIT = 64 * 1024 * 1024  # bytes of a value that a statement makes up
_VIEW_NAMES = frozenset(view.name for view in VIEWS)
_ALLOWED = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE})
_TABLES = frozenset({"observations", "manifests", "blobs", "drafts", "entries", "quarantine"})
_T = TypeVar("_T")


class SqliteQueries:
    """``Queries`` over the store at ``path``; all of a query takes at most ``seconds``."""

    def __init__(self, path: Path, patience: float, seconds: float | None) -> None:
        self._path = path.absolute()
        self._patience = patience
        self._seconds = seconds

    def views(self) -> tuple[AskableView, ...]:
        """See the port."""
        return tuple(AskableView(v.name, v.about, v.columns) for v in VIEWS if v.about)

    @contextmanager
    def ask(self, statement: str) -> Iterator[Answer]:
        """See the port."""
        with self._translated():
            connection = self._connection()
        with closing(connection), ThreadPoolExecutor(1) as thread:
            run = _Interruptible(connection, thread, self._seconds)
            with self._translated():
                cursor = run(lambda: self._executed(connection, statement))
            if cursor.description is None:
                raise InputError("SQL: no statement")
            columns = tuple(column[0] for column in cursor.description)
            yield Answer(columns, self._rows(cursor, run))

    def _connection(self) -> sqlite3.Connection:
        opened = patiently(lambda: open_for_looking(self._path), self._patience)
        connection = opened or nothing_to_look_at()
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _TEXT_LIMIT)
        connection.set_authorizer(_authorized)
        return connection

    def _executed(self, connection: sqlite3.Connection, statement: str) -> sqlite3.Cursor:
        return patiently(lambda: connection.execute(statement), self._patience)

    def _rows(self, cursor: sqlite3.Cursor, run: "_Interruptible") -> Iterator[tuple[Value, ...]]:
        while chunk := self._chunk(cursor, run):
            yield from chunk

    def _chunk(self, cursor: sqlite3.Cursor, run: "_Interruptible") -> list[tuple[Value, ...]]:
        with self._translated():
            return run(lambda: cursor.fetchmany(_CHUNK))

    @contextmanager
    def _translated(self) -> Iterator[None]:
        with translated(self._path):
            try:
                yield
            except (sqlite3.Error, sqlite3.Warning) as error:
                if is_of_the_statement(error):
                    raise InputError(f"SQL: {error}") from error
                raise
            except ValueError as error:  # a statement that is no text for SQLite
                raise InputError(f"SQL: {error}") from error


class _Interruptible:
    """Runs something on the connection in the thread: signals reach the main thread meanwhile."""

    def __init__(
        self, connection: sqlite3.Connection, thread: ThreadPoolExecutor, seconds: float | None
    ) -> None:
        self._connection = connection
        self._thread = thread
        self._deadline = None if seconds is None else monotonic() + seconds

    def __call__(self, action: Callable[[], _T]) -> _T:
        """What ``action`` gives. Raises DeadlineError, and what it raises."""
        left = None if self._deadline is None else max(0.0, self._deadline - monotonic())
        running: Future[_T] = self._thread.submit(action)
        try:
            return running.result(left)
        except OutOfTimeError:
            self._connection.interrupt()
            raise DeadlineError("", "the query took too long") from None
        except BaseException:
            self._connection.interrupt()
            raise


def _authorized(
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
