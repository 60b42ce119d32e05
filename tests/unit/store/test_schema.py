"""A new store is made from a snapshot of the schema; the migrations must arrive at the same."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from manyfest.store.sqlite.migrations import MIGRATIONS, create_newest, migrate, version_of

DETAILS = ("table_xinfo", "index_list", "foreign_key_list")


@pytest.fixture
def connections():
    with (
        closing(sqlite3.connect(":memory:", isolation_level=None)) as migrated,
        closing(sqlite3.connect(":memory:", isolation_level=None)) as new,
    ):
        migrate(migrated)
        create_newest(new)
        yield migrated, new


def described(connection: sqlite3.Connection) -> dict[tuple[str, ...], Any]:
    """Tables with their columns, keys and indexes, whatever their statements look like."""
    names = connection.execute("SELECT type, name, tbl_name FROM sqlite_master").fetchall()
    found: dict[tuple[str, ...], Any] = {("names",): sorted(names)}
    for kind, name, _ in names:
        for detail in DETAILS if kind == "table" else ("index_xinfo",):
            found[name, detail] = connection.execute(f"PRAGMA {detail}({name})").fetchall()
    return found


def test_a_new_store_is_as_the_migrations_would_make_it(connections):
    migrated, new = connections
    advice = "write it anew: python -m tests.golden.generate_schema"
    assert described(new) == described(migrated), advice
    assert version_of(new) == version_of(migrated) == len(MIGRATIONS), advice


@pytest.mark.parametrize("pragma", ["encoding", "page_size", "auto_vacuum", "application_id"])
def test_the_file_itself_is_the_same(connections, pragma):
    migrated, new = connections
    assert new.execute(f"PRAGMA {pragma}").fetchall() == (
        migrated.execute(f"PRAGMA {pragma}").fetchall()
    )


def test_a_new_store_is_made_without_sqlite_utils(tmp_path: Path):
    code = """
import sys
from pathlib import Path
from manyfest.store.store import open_store
store = open_store(Path(sys.argv[1]))
with store.transaction():
    pass
print("sqlite_utils" in sys.modules)
"""
    file = tmp_path / "new" / "store.db"
    done = subprocess.run(
        [sys.executable, "-c", code, str(file)], capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("False\n", "")
    assert file.exists()
