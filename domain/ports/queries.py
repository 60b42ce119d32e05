"""The query port: SQL over views of the store.

A store of an installed adapter may serve it as ``queries`` (ADR 0026).
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any, Protocol

from manyfest.domain.values import frozen

Value = Any  # None, int, float, str, bytes; or what JSON has, where the database has JSON


@frozen
class QueryResult:
    """The column names, and the rows, which must be read within the query."""

    columns: tuple[str, ...]
    rows: Iterator[tuple[Value, ...]]


@frozen
class QueryView:
    """A view that may be queried: its name, topic and columns."""

    name: str
    about: str
    columns: str


class Queries(Protocol):
    """Runs queries, and changes nothing. A missing store is empty."""

    def run(self, statement: str) -> AbstractContextManager[QueryResult]:
        """Run one SQL statement that reads.

        Ctrl-C ends it at once. Raises, on entering and while rows are read: QueryError, in the
        engine's words (invalid, or more than a read of the views); DeadlineError: out of time;
        StoreError, DamagedStoreError.
        """
        ...

    def views(self) -> tuple[QueryView, ...]:
        """The views that may be queried."""
        ...
