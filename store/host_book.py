"""The host book in SQLite, on a connection of its own that waits for nobody."""

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from functools import partial
from pathlib import Path

from manyfest.domain.encoding.timestamps import format_utc, parse_utc
from manyfest.domain.errors import DamagedStoreError, StoreError
from manyfest.domain.ports.host_book import LIFETIME, HostFacts, is_fresh
from manyfest.store.rows import damage_if_unreadable
from manyfest.store.sqlite.database import Database
from manyfest.store.sqlite.opening import open_existing

_FIND = "SELECT scheme, realm, service, learnt_at FROM hosts WHERE host = ? AND insecure = ?"
_KEEP = """
    INSERT OR REPLACE INTO hosts (host, insecure, scheme, realm, service, learnt_at)
    VALUES (?, ?, ?, ?, ?, ?)"""
_FORGET_OLD = "DELETE FROM hosts WHERE learnt_at < ?"

_NO_BOOK = (StoreError, DamagedStoreError)


class SqliteHostBook:
    """``HostBook`` in the store's file, where there is one: it is not made for this alone."""

    def __init__(self, path: Path) -> None:
        self._database = Database(path, 0.0, partial(open_existing, patience=0.0))

    def find(self, host: str, now: datetime, *, insecure: bool) -> HostFacts | None:
        """See the port."""
        with (
            suppress(*_NO_BOOK),
            damage_if_unreadable(self._database.path, f"what {host} was learnt to be"),
        ):
            for scheme, realm, service, learnt_at in self._database.rows(_FIND, (host, insecure)):
                if is_fresh(parse_utc(learnt_at), now):
                    return HostFacts(host, insecure, str(scheme), str(realm), str(service))
        return None

    def keep(self, facts: Iterable[HostFacts], now: datetime) -> None:
        """See the port."""
        rows = [_row(each, now) for each in facts]
        with suppress(*_NO_BOOK):
            if rows and self._database.exists:
                with self._database.transaction():
                    self._database.write(_FORGET_OLD, [(format_utc(now - LIFETIME),)])
                    self._database.write(_KEEP, rows)

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()


def _row(facts: HostFacts, now: datetime) -> tuple[str | bool, ...]:
    where = facts.host, facts.insecure
    return *where, facts.scheme, facts.realm, facts.service, format_utc(now)
