"""SQL from the user in PostgreSQL: one statement that reads, under a role that may nothing else.

Theory of operation. The statement goes through the extended protocol, which takes exactly one. It
runs on a connection of its own, in a transaction that is READ ONLY before the statement begins,
with a time limit that the server enforces, and as the role ``manyfest_query``: that role is no
superuser, owns nothing, and may read the views alone. Where there is no such role, or it may more,
nothing runs, and the error has the statements that an administrator runs. A statement can leave the
role by a function (``set_config``), and then may what the login may: superusers run none. Rows come
one by one, so an answer of any size needs no memory.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import chain
from typing import Any

import psycopg
from psycopg.adapt import AdaptersMap, Loader
from psycopg.postgres import types
from psycopg.rows import dict_row
from psycopg.types.string import TextLoader

from manyfest.domain.errors import DeadlineError, QueryError, StoreDeniedError, StoreError
from manyfest.domain.ports.queries import QueryResult, QueryView, Value
from manyfest.store.maintenance.views import query_views
from manyfest.store.postgres.address import Address
from manyfest.store.postgres.database import PostgresDatabase
from manyfest.store.postgres.errors import first_line, translated, translating_errors
from manyfest.store.postgres.opening import Opened

ROLE = "manyfest_query"
_DEFAULT_SECONDS = 120.0
_LOOK = """
    SELECT (SELECT rolsuper FROM pg_roles WHERE rolname = session_user) AS login_is_superuser,
        r.oid IS NULL AS is_missing,
        r.rolsuper OR r.rolcreaterole OR r.rolcreatedb OR r.rolreplication OR r.rolbypassrls
            AS may_more,
        EXISTS (SELECT 1 FROM pg_shdepend AS d WHERE d.refclassid = 'pg_authid'::regclass
            AND d.refobjid = r.oid AND d.deptype = 'o') AS owns,
        EXISTS (SELECT 1 FROM pg_auth_members AS m WHERE m.member = r.oid) AS is_member,
        NOT (has_schema_privilege(r.oid, 'manyfest_views', 'USAGE')
            AND has_table_privilege(r.oid, 'manyfest_views.tags', 'SELECT')) AS may_not_read,
        NOT pg_has_role(session_user, r.oid, 'MEMBER') AS may_not_be,
        session_user::text AS login, n.nspowner::regrole::text AS owner,
        (SELECT string_agg(m.roleid::regrole::text, ', ') FROM pg_auth_members AS m
            WHERE m.member = r.oid) AS groups
    FROM pg_namespace AS n LEFT JOIN pg_roles AS r ON r.rolname = %s
    WHERE n.nspname = 'manyfest_views'"""
_MAY_MORE = f"has a role {ROLE} that may more than read"
_READ = (
    f"GRANT USAGE ON SCHEMA manyfest_views TO {ROLE}; "
    f"GRANT SELECT ON ALL TABLES IN SCHEMA manyfest_views TO {ROLE}"
)
_JOIN = f'GRANT {ROLE} TO "{{login}}"'
# By a column of _LOOK, in this order: what is wrong, and what an administrator runs.
_FAULTS = {
    "is_missing": (
        f"has no role {ROLE} to run queries under",
        f"CREATE ROLE {ROLE} NOLOGIN; {_READ}; {_JOIN}",
    ),
    "may_more": (
        _MAY_MORE,
        f"ALTER ROLE {ROLE} NOSUPERUSER NOCREATEROLE NOCREATEDB NOREPLICATION NOBYPASSRLS",
    ),
    "owns": (
        f"{_MAY_MORE}: it owns tables or other objects",
        f"REASSIGN OWNED BY {ROLE} TO {{owner}} (in each database where it does)",
    ),
    "is_member": (f"{_MAY_MORE}: it belongs to other roles", f"REVOKE {{groups}} FROM {ROLE}"),
    "may_not_read": (f"does not let the role {ROLE} read its views", _READ),
    "may_not_be": (f"does not let the login {{login}} use the role {ROLE}", _JOIN),
}
_SUPERUSER = (
    "is used by a superuser, {login}, whose rights a query could take back; "
    "use a login that has no more rights than it needs"
)
_EMPTY = "has no views to query yet: the first command that writes makes them"
# The statement is to blame: its syntax, names, rights, values, or that it writes.
_STATEMENT_CLASSES = frozenset({"0A", "21", "22", "25", "2F", "38", "39", "42", "54", "55", "P0"})
_CANCELED = "57014"
_OWN_FORM = frozenset(
    ("int2", "int4", "int8", "oid", "float4", "float8", "numeric", "bytea", "json", "jsonb")
)


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
        return query_views()

    @contextmanager
    def run(self, statement: str) -> Iterator[QueryResult]:
        """See the port."""
        with closing(PostgresDatabase(self._address, *self._timeouts)) as database:
            opened = database.opened
            with translating_errors(self._address):
                self._restrict(opened)
            with opened.connection.cursor() as cursor:
                _load_as_text(cursor.adapters)
                yield self._answer(cursor, statement)

    def _restrict(self, opened: Opened) -> None:
        """Begin the transaction in which the statement can do nothing but read the views."""
        if not opened.version:
            raise StoreError(str(self._address), _EMPTY)
        connection = opened.connection
        with connection.cursor(row_factory=dict_row) as cursor:
            found = cursor.execute(_LOOK, (ROLE,)).fetchone() or {}
        fault = _fault(found)
        if fault:
            raise StoreDeniedError(str(self._address), fault.format_map(found))
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
            yield from rows

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


def _fault(found: dict[str, Any]) -> str:
    """Return what keeps a query from running, and the remedy, or ""; its names are filled in."""
    if found["login_is_superuser"]:
        return _SUPERUSER
    fault = next((fault for column, fault in _FAULTS.items() if found[column]), None)
    return f"{fault[0]}; an administrator runs: {fault[1]}" if fault else ""


class _Truth(Loader):
    """Truth as 1 and 0, as SQLite has it; in a JSON document it stays true and false."""

    def load(self, data: Any) -> int:
        return int(bytes(data) == b"t")


def _load_as_text(adapters: AdaptersMap) -> None:
    """Load values as the server writes them, but for numbers, bytes, JSON and arrays."""
    for known in types:
        if known.name not in _OWN_FORM:
            adapters.register_loader(known.oid, TextLoader)
    adapters.register_loader("bool", _Truth)
