"""Connect to the server, and read, create or migrate the schema.

Theory of operation. One statement, ``_LOOK``, sets the connection up and reads all that decides
whether it can be used: the encoding, the number of the schema, and what the role may do. A store
without a schema is empty: reading does not create it, the first transaction does. Migrations run
one by one, each in a transaction that takes an advisory lock first and looks at the number again
inside, so that of many machines that open an older store each migration runs once.
"""

from typing import Any, TypeVar

import psycopg
from psycopg.adapt import Loader
from psycopg.generators import PQGen  # type: ignore[attr-defined]

from manyfest.domain.errors import ConfigError, StoreDeniedError, StoreError
from manyfest.domain.values import frozen
from manyfest.store.postgres.address import Address
from manyfest.store.postgres.errors import ENCODE, translating_errors, translating_login_errors
from manyfest.store.postgres.migrations import MIGRATIONS
from manyfest.store.postgres.views import view_statements

_T = TypeVar("_T")
_NAME = "manyfest"
_PAUSE_MILLISECONDS = 60_000  # that a transaction may pause before the server ends it
_LOOK = """
    SELECT set_config('search_path', 'manyfest, manyfest_views, pg_catalog', false),
        set_config('lock_timeout', %s, false), set_config('statement_timeout', %s, false),
        set_config('idle_in_transaction_session_timeout', %s, false),
        set_config('default_transaction_isolation', 'read committed', false),
        current_setting('server_encoding'), current_user::text, current_database()::text,
        to_regnamespace('manyfest') IS NOT NULL,
        obj_description(to_regnamespace('manyfest'), 'pg_namespace'),
        CASE WHEN to_regnamespace('manyfest') IS NOT NULL
            THEN has_schema_privilege('manyfest', 'USAGE') END,
        CASE WHEN to_regnamespace('manyfest') IS NOT NULL
                AND has_schema_privilege('manyfest', 'USAGE')
                AND to_regclass('manyfest.observations') IS NOT NULL
            THEN has_table_privilege('manyfest.observations', 'INSERT') END,
        current_setting('transaction_read_only') = 'on'"""
_MIGRATION_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('manyfest migration', 0))"
# Read from the tables: what to_regnamespace found before the lock, the server remembers.
_VERSION = """
    SELECT d.description FROM pg_description AS d JOIN pg_namespace AS n ON n.oid = d.objoid
    WHERE d.classoid = 'pg_namespace'::regclass AND n.nspname = 'manyfest'"""
READ_ONLY = "cannot be written: the role {} may only read it"


class PatientConnection(psycopg.Connection[tuple[Any, ...]]):
    """A connection on which no wait for the server is longer than ``patience`` seconds."""

    patience: float | None = None

    def wait(self, gen: "PQGen[_T]", interval: float = 0.1, timeout: float | None = None) -> "_T":
        """Wait for the server. Raises psycopg.OperationalError: it is silent."""
        limit = self.patience if timeout is None else timeout
        return super().wait(gen, interval, limit)


@frozen
class Opened:
    """A connection, and what its role may do. ``version`` is 0 where there is no schema."""

    connection: PatientConnection
    version: int
    role: str
    database: str
    may_write: bool


class _Number(Loader):
    """Numeric values as int where they are whole, else as float, as SQLite has them."""

    def load(self, data: Any) -> int | float:
        text = bytes(data).decode()
        return int(text) if text.lstrip("-").isdigit() else float(text)


def open_connection(address: Address, lock_timeout: float, patience: float) -> Opened:
    """Connect, and read what is there.

    ``lock_timeout`` is how many seconds to wait for another writer, ``patience`` how many for any
    answer. Raises StoreUnreachableError, StoreDeniedError, StoreError (another program's schema, a
    newer one, another encoding), ConfigError (the URL).
    """
    connection = _connect(address, patience)
    try:
        with translating_errors(address):
            lock_timeout = min(lock_timeout, patience * 0.9)  # so that it is told from slowness
            milliseconds = (lock_timeout * 1000, patience * 1000, _PAUSE_MILLISECONDS)
            found = connection.execute(_LOOK, [str(int(each)) for each in milliseconds]).fetchone()
        return _checked(connection, address, found)
    except BaseException:
        connection.close()
        raise


def migrate(opened: Opened, address: Address) -> Opened:
    """Create the schema, or bring it to the newest version.

    Raises StoreDeniedError: the role may not, or may only read.
    """
    if opened.version and not opened.may_write:
        reason = f"is of version {opened.version}, has to become {len(MIGRATIONS)}, and "
        raise StoreDeniedError(str(address), reason + READ_ONLY.format(opened.role))
    with translating_errors(address):
        for number, migration in enumerate(MIGRATIONS, start=1):
            _apply(opened.connection, number, migration)
    return Opened(opened.connection, len(MIGRATIONS), opened.role, opened.database, may_write=True)


def _connect(address: Address, patience: float) -> PatientConnection:
    try:
        with translating_login_errors(address):
            connection = PatientConnection.connect(
                address.url,
                autocommit=True,
                connect_timeout=max(2, int(min(patience, 10))),
                application_name=_NAME,
                client_encoding="utf8",
            )
    except psycopg.ProgrammingError:  # in its text is the URL
        hint = ENCODE if "%" in address.url else ""
        raise ConfigError("MANYFEST_STORE", f"{address} is no URL of PostgreSQL{hint}") from None
    connection.patience = patience + 1  # the server's own limit comes first
    connection.adapters.register_loader("numeric", _Number)
    return connection


def _checked(connection: PatientConnection, address: Address, found: Any) -> Opened:
    encoding, role, database, exists, comment, may_use, may_insert, is_read_only = found[5:]
    if encoding != "UTF8":
        reason = f"is in a database of encoding {encoding}; create one with ENCODING 'UTF8'"
        raise StoreError(str(address), reason)
    if exists and not may_use:
        grant = f'GRANT USAGE ON SCHEMA manyfest, manyfest_views TO "{role}"'
        raise StoreDeniedError(str(address), f"cannot be read by the role {role}: {grant}")
    version = _version(comment, address) if exists else 0
    if version > len(MIGRATIONS):
        known = f"this manyfest knows up to version {len(MIGRATIONS)}; install a newer manyfest"
        reason = f"is of version {version}, and {known}"
        raise StoreError(str(address), reason)
    may_write = not is_read_only and (may_insert is not False)
    return Opened(connection, version, role, database, may_write)


def _version(comment: str | None, address: Address) -> int:
    name, _, number = (comment or "").partition(" ")
    if name != _NAME or not number.isdigit():
        raise StoreError(str(address), "has a schema manyfest of another program")
    return int(number)


def _apply(connection: PatientConnection, number: int, migration: str) -> None:
    """Run one migration, unless another machine has run it."""
    with connection.transaction():
        connection.execute(_MIGRATION_LOCK)
        row = connection.execute(_VERSION).fetchone()
        done = int(row[0].partition(" ")[2]) if row and row[0] else 0
        if done >= number:
            return
        if number == 1:
            connection.execute("CREATE SCHEMA IF NOT EXISTS manyfest")
            connection.execute("REVOKE ALL ON SCHEMA manyfest FROM PUBLIC")
        connection.execute(migration.encode())
        if number == len(MIGRATIONS):  # the views read the newest tables
            _make_views(connection)
        connection.execute(f"COMMENT ON SCHEMA manyfest IS '{_NAME} {number}'".encode())


def _make_views(connection: PatientConnection) -> None:
    """Make the views again; roles that may read them keep that."""
    connection.execute("CREATE SCHEMA IF NOT EXISTS manyfest_views")
    for statement in view_statements():
        connection.execute(statement.encode())
