"""SQL from the user, on a read-only connection, restricted to the views and to a deadline.

Theory of operation. SQLite looks whether it is to stop between two instructions of its virtual
machine (``opening.allow_interrupt``), but a single call of an SQL function is one instruction:
``instr`` of large values, or ``LIKE`` with many wildcards, may take minutes. So the statement runs
in a thread of its own, which works without Python's lock there, and the calling thread waits for
rows (``Answer``): Ctrl-C, a signal and the deadline reach it at any time. It then leaves the thread
behind, and the lock that this has on the file ends with the process.
"""

import math
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import Thread
from time import monotonic

from manyfest.domain.errors import QueryError
from manyfest.domain.ports.queries import QueryResult, QueryView
from manyfest.store.maintenance.answer import Answer
from manyfest.store.maintenance.read_only import empty_read_only, open_read_only
from manyfest.store.maintenance.views import PRIVATE_VIEWS, VIEWS, query_views
from manyfest.store.sqlite.database import retry_while_busy
from manyfest.store.sqlite.errors import (
    is_interruption,
    is_statement_error,
    translating_sqlite_errors,
)
from manyfest.store.sqlite.opening import allow_interrupt

_VALUE_LIMIT = 64 * 1024 * 1024  # bytes of one value, which a statement may compute
_HEAP_LIMIT = 512 * 1024 * 1024  # bytes that SQLite may use for it all, wide rows included
# Seconds to wait for a query that was told to end. Most do at once; a function that computes for
# long does when it is done, and ends with the process in any case.
_LAST_WAIT = 0.5
_ALLOWED_ACTIONS = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_RECURSIVE})
_DENIED_FUNCTIONS = frozenset({"load_extension", "fts3_tokenizer"})  # they lead to native code
_VIEW_NAMES = frozenset({view.name for view in VIEWS} | {*PRIVATE_VIEWS})
_TABLE_FUNCTIONS = frozenset({"json_each", "json_tree"})
# SQLite makes a table function known at its first use, by what looks like a write.
_USE_TABLE_FUNCTIONS = "SELECT 1 FROM json_each('[]'), json_tree('[]')"


class SqliteQueries:
    """``Queries`` over the store at ``path``.

    ``lock_timeout`` is how many seconds to wait for another process's lock, ``query_timeout`` how
    many a query may take in all, reading its rows included (None: no limit). Connections of queries
    that ended well are used again, since a new one takes a millisecond to make its views: call
    ``close`` at the end.
    """

    def __init__(self, path: Path, lock_timeout: float, query_timeout: float | None) -> None:
        self._path = path.absolute()
        self._lock_timeout = lock_timeout
        self._query_timeout = math.inf if query_timeout is None else query_timeout
        self._idle: list[sqlite3.Connection] = []

    def close(self) -> None:
        """Close the connections. A later query opens another."""
        while self._idle:
            self._idle.pop().close()

    def views(self) -> tuple[QueryView, ...]:
        """See the port."""
        return query_views()

    @contextmanager
    def run(self, statement: str) -> Iterator[QueryResult]:
        """See the port."""
        answer = Answer(monotonic() + self._query_timeout)
        with translating_sqlite_errors(self._path):
            opened = self._idle.pop() if self._idle else self._open()
            connection = opened or _restricted(empty_read_only())
        allow_interrupt(connection, lambda: answer.is_over)
        leave = self._idle.append if opened else sqlite3.Connection.close
        work = partial(self._work, connection, statement, answer, leave)
        worker = Thread(target=work, name="query", daemon=True)
        worker.start()
        try:
            yield QueryResult(answer.columns(), answer.rows())
        finally:
            answer.stop()
            worker.join(_LAST_WAIT)

    def _open(self) -> sqlite3.Connection | None:
        opened = retry_while_busy(lambda: open_read_only(self._path), self._lock_timeout)
        return opened and _restricted(opened)

    def _work(
        self,
        connection: sqlite3.Connection,
        statement: str,
        answer: Answer,
        leave: Callable[[sqlite3.Connection], None],
    ) -> None:
        """Run the statement, in a thread of its own, and ``leave`` the connection."""
        try:
            with self._translating_errors(answer):
                for row in self._execute(connection, statement, answer):
                    answer.add(row)
        except BaseException as error:  # noqa: BLE001 - it is raised again by the reader
            connection.close()
            answer.end(error)
        else:
            leave(connection)
            answer.end()

    def _execute(
        self, connection: sqlite3.Connection, statement: str, answer: Answer
    ) -> sqlite3.Cursor:
        execute = partial(connection.execute, statement)
        cursor = retry_while_busy(execute, self._lock_timeout)
        if cursor.description is None:
            raise QueryError("no statement")
        answer.begin(tuple(column[0] for column in cursor.description))
        return cursor

    @contextmanager
    def _translating_errors(self, answer: Answer) -> Iterator[None]:
        with translating_sqlite_errors(self._path):
            try:
                yield
            except (sqlite3.Error, sqlite3.Warning) as error:
                if is_interruption(error) and answer.is_late:
                    raise answer.late_error() from None
                if is_statement_error(error):
                    raise QueryError(str(error)) from error
                raise
            except MemoryError as error:
                reason = f"it needs more than {_HEAP_LIMIT // 1024 // 1024} MiB of memory"
                raise QueryError(reason) from error
            except ValueError as error:  # SQLite cannot take the statement as text (a NUL in it)
                raise QueryError(str(error)) from error


def _restricted(connection: sqlite3.Connection) -> sqlite3.Connection:
    """Keep statements on the connection to the views, and to bounds of memory."""
    connection.execute(f"PRAGMA hard_heap_limit = {_HEAP_LIMIT}")
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _VALUE_LIMIT)
    connection.execute(_USE_TABLE_FUNCTIONS)
    connection.set_authorizer(_authorizer)
    return connection


def _authorizer(
    action: int, first: str | None, second: str | None, schema: str | None, reader: str | None
) -> int:
    """Allow to read the views, and tables through these alone: tables may change.

    ``reader`` is the name in FROM that leads to a table: that of a view, or of a common table
    expression of the query's.
    """
    is_allowed = action in _ALLOWED_ACTIONS
    if action == sqlite3.SQLITE_FUNCTION:
        is_allowed = second not in _DENIED_FUNCTIONS
    elif action == sqlite3.SQLITE_PRAGMA:
        is_allowed = first == "table_info" and second in _VIEW_NAMES
    elif action == sqlite3.SQLITE_READ:
        is_allowed = _may_read(first or "", second or "", schema, reader)
    return sqlite3.SQLITE_OK if is_allowed else sqlite3.SQLITE_DENY


def _may_read(table: str, column: str, schema: str | None, reader: str | None) -> bool:
    """Allow a column of a view, of a table to its private view, and of ``json_each``.

    Where rows are only counted there is no column, and ``table`` may be any name of the query's.
    """
    if not column or table in _TABLE_FUNCTIONS or PRIVATE_VIEWS.get(reader or "") == table:
        return True
    return schema == "temp" and table in _VIEW_NAMES
