"""The host book in SQL; in SQLite on a connection of its own that never waits for a lock."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from manyfest.domain.encoding.timestamps import format_utc, parse_utc
from manyfest.domain.errors import DamagedStoreError, StoreError
from manyfest.domain.ports.host_book import LIFETIME, HostFacts, is_fresh
from manyfest.store.rows import damage_if_unreadable
from manyfest.store.sqlite.database import Database
from manyfest.store.sqlite.opening import open_existing

if TYPE_CHECKING:
    from manyfest.store.sql_database import SqlDatabase

_SELECT = """
    SELECT scheme, realm, service, chunk_size, lacks_referrers, takes_tags, learnt_at FROM hosts
    WHERE host = ? AND insecure = ?"""
_REPLACE = """
    INSERT INTO hosts
        (host, insecure, scheme, realm, service, chunk_size, lacks_referrers, takes_tags, learnt_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (host, insecure) DO UPDATE SET scheme = excluded.scheme, realm = excluded.realm,
        service = excluded.service, chunk_size = excluded.chunk_size,
        lacks_referrers = excluded.lacks_referrers, takes_tags = excluded.takes_tags,
        learnt_at = excluded.learnt_at"""
_DELETE_EXPIRED = "DELETE FROM hosts WHERE learnt_at < ?"

_STORE_ERRORS = (StoreError, DamagedStoreError)


class SqlHostBook:
    """``HostBook`` in an SQL database, which it never creates."""

    def __init__(self, database: "SqlDatabase") -> None:
        self._database = database

    def find(self, host: str, now: datetime, *, insecure: bool) -> HostFacts | None:
        """See the port."""
        with (
            suppress(*_STORE_ERRORS),
            damage_if_unreadable(self._database.path, f"what {host} was learnt to be"),
        ):
            for *learnt, learnt_at in self._database.rows(_SELECT, (host, insecure)):
                if is_fresh(parse_utc(learnt_at), now):
                    return _facts(host, learnt, insecure=insecure)
        return None

    def keep(self, facts: Iterable[HostFacts], now: datetime) -> None:
        """See the port."""
        rows = sorted((_row(each, now) for each in facts), key=lambda row: str(row[0]))
        with suppress(*_STORE_ERRORS):
            if rows and self._database.exists:
                with self._database.transaction():
                    self._database.write(_DELETE_EXPIRED, [(format_utc(now - LIFETIME),)])
                    self._database.write(_REPLACE, rows)


class SqliteHostBook(SqlHostBook):
    """A host book in the store's file, on a connection of its own."""

    def __init__(self, path: Path) -> None:
        self._file = Database(path, 0.0, partial(open_existing, busy_timeout=0.0))
        super().__init__(self._file)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _facts(host: str, learnt: Sequence[Any], *, insecure: bool) -> HostFacts:
    *texts, chunk_size, lacks_referrers, takes_tags = learnt
    scheme, realm, service = map(str, texts)
    takes = None if takes_tags is None else bool(takes_tags)
    able = int(chunk_size), takes, bool(lacks_referrers)
    return HostFacts(host, insecure, scheme, realm, service, *able)


def _row(facts: HostFacts, now: datetime) -> tuple[str | int | None, ...]:
    login = facts.realm, facts.service
    able = facts.chunk_size, facts.lacks_referrers, facts.takes_tags
    return facts.host, facts.insecure, facts.scheme, *login, *able, format_utc(now)
