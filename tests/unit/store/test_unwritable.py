"""A store that is read-only or full: reading works, and writing fails with one line."""

import resource
import sqlite3
import sys
from contextlib import closing

import pytest

from manyfest.contracts.draft_book import draft
from manyfest.domain.errors import StoreError
from manyfest.domain.manifests import Manifest
from manyfest.domain.media_types import OCI_MANIFEST
from manyfest.store.store import open_store
from tests.support.stores.children import AS_NOBODY, run

ONE, TWO = Manifest(OCI_MANIFEST, b"1"), Manifest(OCI_MANIFEST, b"2")

_TRY = """
try:
    print(store.drafts.drafts()[0].name)
    with store.transaction():
        store.contents.keep_blobs([b"x" * 9999])
except ManyfestError as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("folder_mode", "file_mode"),
    [(0o555, 0o666), (0o777, 0o444), (0o555, 0o444)],
    ids=["folder", "file", "both"],
)
def test_where_nothing_can_be_written_reading_works(open_folder, folder_mode, file_mode):
    path = open_folder / "store.db"
    with closing(open_store(path)) as store, store.transaction():
        store.drafts.save(draft("app", "a"))
    path.chmod(file_mode)
    open_folder.chmod(folder_mode)
    before = path.read_bytes()
    reason = "cannot be written: it or its folder is read-only"
    lines = run(AS_NOBODY + _TRY, path).splitlines()
    assert lines == ["docker.io/library/app:latest", f"the store {path} {reason}"]
    assert path.read_bytes() == before
    assert list(open_folder.iterdir()) == [open_folder / "store.db"]


def test_where_nothing_can_be_written_nothing_is_created(open_folder):
    path = open_folder / "store.db"
    open_folder.chmod(0o555)
    code = "try: store.transaction().__enter__()\nexcept ManyfestError as error: print(error)"
    line = run(AS_NOBODY + code, path)
    assert line == f"the store {path} cannot be created: Permission denied\n"
    assert list(open_folder.iterdir()) == []


def _keep(path, *manifests):
    with closing(open_store(path)) as store, store.transaction():
        store.contents.keep_manifests(manifests)


def _query(path, statement):
    with closing(sqlite3.connect(path)) as connection, connection:
        return connection.execute(statement).fetchall()


@pytest.fixture
def limit_files(monkeypatch):
    """Return a function that limits the size of files, in bytes."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # it would be cut off
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("room", [0, 1, 4096, 20_000])
def test_a_write_that_finds_no_room_fails_and_leaves_the_store_intact(folder, limit_files, room):
    path = folder / "store.db"
    _keep(path, ONE)
    with closing(open_store(path)) as store:
        limit_files(path.stat().st_size + room)
        with pytest.raises(StoreError, match="disk I/O error"), store.transaction():
            store.contents.keep_blobs([bytes(100_000)])
        assert store.contents.manifest(ONE.digest) == ONE
    limit_files(resource.RLIM_INFINITY)
    assert _query(path, "PRAGMA integrity_check") == [("ok",)]
    assert _query(path, "SELECT count(*) FROM blobs") == [(0,)]
    _keep(path, TWO)


def test_a_creation_that_finds_no_room_leaves_nothing_behind(folder, limit_files):
    limit_files(5000)
    store = open_store(folder / "store.db")
    with pytest.raises(StoreError, match="disk I/O error"), store.transaction():
        pytest.fail("a store without room")
    assert list(folder.iterdir()) == []


def test_a_full_database_is_said_to_lack_space(folder):
    """SQLite's words are the same for a page limit and for a full disk."""
    path = folder / "store.db"
    _keep(path, ONE)
    with closing(open_store(path)) as store:
        store.drafts.drafts()
        (pages,) = store.database.rows("PRAGMA page_count")[0]
        store.database.rows(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(StoreError, match="no space left on the device"), store.transaction():
            store.contents.keep_blobs([bytes(100_000)])
        assert store.contents.manifest(ONE.digest) == ONE


def test_a_transaction_that_could_not_be_kept_is_refused_before_anything_is_done(open_folder):
    """SQLite alone would begin one on a read-only file and fail at the first write."""
    path = open_folder / "store.db"
    _keep(path, ONE)
    path.chmod(0o444)
    open_folder.chmod(0o555)
    code = "try:\n  with store.transaction(): print('inside')\nexcept ManyfestError as e: print(e)"
    reason = "cannot be written: it or its folder is read-only"
    assert run(AS_NOBODY + code, path) == f"the store {path} {reason}\n"


def test_a_transaction_in_which_nothing_was_written_leaves_the_file_as_it_was(folder):
    path = folder / "store.db"
    _keep(path, ONE)
    before = path.read_bytes()
    with closing(open_store(path)) as store, store.transaction():
        pass
    assert path.read_bytes() == before
    assert list(folder.iterdir()) == [path]
