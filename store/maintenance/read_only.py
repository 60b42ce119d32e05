"""A connection for looking only: SQLite itself refuses to write, and the views are there."""

import sqlite3
from contextlib import closing
from pathlib import Path

from manyfest.store.maintenance.views import make_views
from manyfest.store.sqlite.migrations import migrate
from manyfest.store.sqlite.opening import connect, open_existing


def open_read_only(path: Path) -> sqlite3.Connection | None:
    """The store at ``path`` (absolute) with the views in it; None when there is no file.

    An older file is migrated before. Raises what ``open_existing`` raises.
    """
    existing = open_existing(path)
    if existing is None:
        return None
    with closing(existing):
        connection = connect(f"{path.as_uri()}?mode=ro")
    return _with_views(connection)


def empty_read_only() -> sqlite3.Connection:
    """A store that holds nothing, with the views in it."""
    connection = connect(":memory:")
    migrate(connection)
    return _with_views(connection)


def _with_views(connection: sqlite3.Connection) -> sqlite3.Connection:
    # An escape in a document may stand for half a character, which SQLite hands on.
    connection.text_factory = lambda data: data.decode(errors="replace")
    try:
        make_views(connection)
        connection.execute("PRAGMA query_only = ON")
    except BaseException:
        connection.close()
        raise
    return connection
