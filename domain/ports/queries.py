"""The query port: questions in SQL, over views of what the store holds.

Asked of our own store alone: one from outside is not looked after from here (ADR 0026).
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any, Protocol

from attrs import frozen

Value = Any  # what SQL gives: None, int, float, str, bytes


@frozen
class QueryResult:
    """The names of the columns, and the rows as they come: read them before the query is left."""

    columns: tuple[str, ...]
    rows: Iterator[tuple[Value, ...]]


@frozen
class QueryView:
    """A view that may be asked: what it is about, and its columns."""

    name: str
    about: str
    columns: str


class Queries(Protocol):
    """Answers questions, and changes nothing. A store that is not there holds nothing."""

    def run(self, statement: str) -> AbstractContextManager[QueryResult]:
        """The answer to one SQL statement that reads.

        Ctrl-C ends it at once. Raises on entering and while rows are read: QueryError, in SQLite's
        words (no such statement, or it does more than read the views); DeadlineError, when the
        time for it is over; StoreError, DamagedStoreError.
        """
        ...

    def views(self) -> tuple[QueryView, ...]:
        """The views that may be asked."""
        ...
