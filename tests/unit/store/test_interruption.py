"""Ctrl-C while SQLite works: it ends the statement and rolls back the transaction."""

import sqlite3
from contextlib import closing

import pytest

from manyfest.contracts.garbage_collector import hold, see
from manyfest.contracts.images import oci_image
from manyfest.store.maintenance import views
from manyfest.store.sqlite.database import Database
from tests.support.stores.children import run
from tests.support.stores.housekeeping import opened

IMAGE = oci_image()

_INTERRUPTED = """
from threading import Timer
endless = "WITH RECURSIVE t(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM t) SELECT max(x) FROM t"
try:
    with store.transaction():
        store.contents.keep_blobs([b"x"])
        Timer(0.3, lambda: os.kill(os.getpid(), 2)).start()
        store.database.rows(endless)
except KeyboardInterrupt:
    print("interrupted", store.contents.blob(Digest.of(b"x")))
"""


def test_a_statement_without_end_ends_and_its_transaction_is_taken_back(folder):
    with opened(folder / "store.db") as kept:
        hold(kept.contents, IMAGE)
    assert run(_INTERRUPTED, folder / "store.db") == "interrupted None\n"


@pytest.mark.parametrize(
    "look",
    [
        lambda kept: list(kept.catalogue.tags()),
        lambda kept: kept.queries.run("SELECT * FROM manifests").__enter__(),
    ],
    ids=["ls", "query"],
)
def test_in_a_function_that_sqlite_calls_it_is_one_too(folder, monkeypatch, look):
    with opened(folder / "store.db") as kept:
        see(kept.contents, "registry.example/app:x", IMAGE)
        monkeypatch.setitem(views._HASHES, "sha256", _interrupt)
        with pytest.raises(KeyboardInterrupt) as caught:
            look(kept)
    assert isinstance(caught.value.__cause__, sqlite3.OperationalError)


def _interrupt(*_arguments):
    raise KeyboardInterrupt


class _Interrupted(sqlite3.Connection):
    """Simulates a signal during BEGIN, which raises once the transaction has begun."""

    def execute(self, statement, parameters=(), /):
        cursor = super().execute(statement, parameters)
        if statement.startswith("BEGIN"):
            raise KeyboardInterrupt
        return cursor


@pytest.mark.parametrize("begin", [Database.transaction, Database.snapshot])
def test_ctrl_c_just_after_a_transaction_began_leaves_none_running(tmp_path, begin):
    """Otherwise cleaning up after the command could not begin a transaction of its own."""
    path = tmp_path / "store.db"
    path.touch()
    connection = sqlite3.connect(path, isolation_level=None, factory=_Interrupted)
    database = Database(path, 1, lambda _: connection)
    with closing(database):
        with pytest.raises(KeyboardInterrupt), begin(database):
            pass
        assert not database.is_in_transaction
