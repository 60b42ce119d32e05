"""A connection on which SQLite itself refuses to write, with the views of ``views`` in it."""

import sqlite3
from contextlib import closing
from operator import methodcaller
from pathlib import Path

from manyfest.store.maintenance.views import make_views
from manyfest.store.sqlite.migrations import create_newest
from manyfest.store.sqlite.opening import connect, open_existing

# KiB. Documents are found by their digests, anywhere in the file: with SQLite's 2 MiB, ``cache ls``
# of 100,000 tags reads twice as many pages.
_PAGE_CACHE = 8 * 1024


def open_read_only(path: Path) -> sqlite3.Connection | None:
    """Open the store at ``path`` (absolute) with the views; None if there is no file.

    An older file is migrated first, on a connection that may write. Raises StoreError,
    DamagedStoreError, sqlite3.Error and OSError, as ``open_existing`` does.
    """
    existing = open_existing(path)
    if existing is None:
        return None
    with closing(existing):
        connection = connect(f"{path.as_uri()}?mode=ro")
    return _with_views(connection)


def empty_read_only() -> sqlite3.Connection:
    """Return an empty store in memory, with the views."""
    connection = connect(":memory:")
    create_newest(connection)
    return _with_views(connection)


def _with_views(connection: sqlite3.Connection) -> sqlite3.Connection:
    # A JSON escape may encode half a surrogate pair, and SQLite passes it on as invalid UTF-8.
    connection.text_factory = methodcaller("decode", "utf-8", "replace")
    try:
        make_views(connection)
        connection.execute("PRAGMA query_only = ON")
        connection.execute(f"PRAGMA cache_size = -{_PAGE_CACHE}")
    except BaseException:
        connection.close()
        raise
    return connection
