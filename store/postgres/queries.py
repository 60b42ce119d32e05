"""SQL from the user in PostgreSQL: one statement that reads, under a role that may nothing else.

Theory of operation. The statement goes through the extended protocol, which takes exactly one. It
runs on a connection of its own, in a transaction that is READ ONLY before the statement begins,
with a time limit that the server enforces, and as the role ``manyfest_query``: that role is no
superuser, owns nothing, and may read the views alone. Where there is no such role, or it may more,
nothing runs, and the error has the statements that an administrator runs. Rows come one by one, so
an answer of any size needs no memory.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import chain
from typing import Any

import psycopg

from manyfest.domain.errors import DeadlineError, QueryError, StoreDeniedError
from manyfest.domain.ports.queries import QueryResult, QueryView, Value
from manyfest.store.maintenance.views import VIEWS
from manyfest.store.postgres.address import Address
from manyfest.store.postgres.database import PostgresDatabase
from manyfest.store.postgres.errors import first_line, translated, translating_errors
from manyfest.store.postgres.opening import Opened

ROLE = "manyfest_query"
_DEFAULT_SECONDS = 120.0
_LOOK = """
    SELECT r.rolsuper OR r.rolcreaterole OR r.rolcreatedb OR r.rolreplication OR r.rolbypassrls
            OR EXISTS (SELECT 1 FROM pg_shdepend AS d WHERE d.refclassid = 'pg_authid'::regclass
                AND d.refobjid = r.oid AND d.deptype = 'o')
            OR EXISTS (SELECT 1 FROM pg_auth_members AS m WHERE m.member = r.oid),
        pg_has_role(r.oid, 'MEMBER'), has_schema_privilege(r.oid, 'manyfest_views', 'USAGE'),
        has_table_privilege(r.oid, 'manyfest_views.tags', 'SELECT')
    FROM pg_roles AS r WHERE r.rolname = %s"""
_ADVICE = (
    f"CREATE ROLE {ROLE} NOLOGIN; GRANT USAGE ON SCHEMA manyfest_views TO {ROLE}; "
    f"GRANT SELECT ON ALL TABLES IN SCHEMA manyfest_views TO {ROLE}; "
    f'GRANT {ROLE} TO "{{}}"'
)
# The statement is to blame: its syntax, names, rights, values, or that it writes.
_STATEMENT_CLASSES = frozenset({"0A", "21", "22", "25", "2F", "38", "39", "42", "54", "55", "P0"})
_CANCELED = "57014"


class PostgresQueries:
    """``Queries`` on connections of its own; ``seconds`` limits a query (None: two minutes)."""

    def __init__(
        self, address: Address, lock_timeout: float, patience: float, seconds: float | None
    ) -> None:
        self._address = address
        self._timeouts = lock_timeout, patience
        self._seconds = _DEFAULT_SECONDS if seconds is None else seconds

    def views(self) -> tuple[QueryView, ...]:
        """See the port."""
        return tuple(QueryView(v.name, v.about, v.columns) for v in VIEWS if v.about)

    @contextmanager
    def run(self, statement: str) -> Iterator[QueryResult]:
        """See the port."""
        with closing(PostgresDatabase(self._address, *self._timeouts)) as database:
            opened = database.opened
            with translating_errors(self._address):
                self._restrict(opened)
            with opened.connection.cursor() as cursor:
                yield self._answer(cursor, statement)

    def _restrict(self, opened: Opened) -> None:
        """Begin the transaction in which the statement can do nothing but read the views."""
        connection = opened.connection
        row = connection.execute(_LOOK, (ROLE,)).fetchone() if opened.version else None
        if row is None or row[0] or not all(row[1:]):
            fault = f"has a role {ROLE} that may more than read" if row and row[0] else ""
            reason = fault or f"has no role {ROLE} to run queries under"
            advice = f"an administrator runs: {_ADVICE.format(opened.role)}"
            raise StoreDeniedError(str(self._address), f"{reason}; {advice}")
        limit = max(1, int(self._seconds * 1000))
        connection.execute(
            f"BEGIN READ ONLY; SET LOCAL ROLE {ROLE}; SET LOCAL statement_timeout = {limit};"
            " SET LOCAL search_path = manyfest_views, pg_catalog".encode()
        )

    def _answer(self, cursor: "psycopg.Cursor[Any]", statement: str) -> QueryResult:
        """Start the statement, and wait for its first row."""
        with self._translating():
            columns = _prepared(cursor.connection.pgconn, statement)
            rows = cursor.stream(b"EXECUTE query")
            first = next(rows, None)
        return QueryResult(columns, self._values(chain(() if first is None else (first,), rows)))

    def _values(self, rows: Iterator[tuple[Any, ...]]) -> Iterator[tuple[Value, ...]]:
        with self._translating():
            for row in rows:
                yield tuple(map(_value, row))

    @contextmanager
    def _translating(self) -> Iterator[None]:
        try:
            yield
        except psycopg.Error as error:
            state = error.sqlstate or ""
            if state == _CANCELED:
                raise DeadlineError("", "the query took too long") from None
            if state[:2] in _STATEMENT_CLASSES or isinstance(error, psycopg.ProgrammingError):
                raise QueryError(first_line(error)) from None
            raise translated(self._address, error) from None


def _prepared(connection: "psycopg.pq.abc.PGconn", statement: str) -> tuple[str, ...]:
    """Prepare the statement, which has to be one, and return the names of its columns.

    Raises QueryError: it returns no rows, so it does not read; psycopg.Error.
    """
    if "\x00" in statement:
        raise QueryError("the statement has a NUL character")
    for result in (connection.prepare(b"query", statement.encode()), None):
        described = result or connection.describe_prepared(b"query")
        if described.status != psycopg.pq.ExecStatus.COMMAND_OK:
            raise psycopg.errors.error_from_result(described)
    if not described.nfields:
        raise QueryError("no statement that reads rows")
    return tuple((described.fname(number) or b"").decode() for number in range(described.nfields))


def _value(value: Any) -> Value:
    """Return a value as SQLite has them: truth as 1 and 0, and other types as text."""
    if isinstance(value, bool):
        return int(value)
    return value if value is None or isinstance(value, int | float | str | bytes) else str(value)
