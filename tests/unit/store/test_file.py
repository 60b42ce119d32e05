"""The store file: created at the first write, complete, private, of the newest version."""

import os
import sqlite3
import stat
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from manyfest.contracts.draft_book import draft
from manyfest.domain.history.observation import Observation
from manyfest.domain.manifests import Manifest
from manyfest.domain.media_types import OCI_MANIFEST
from manyfest.domain.references import Reference
from manyfest.store.sqlite import migrations, opening, schema
from manyfest.store.store import open_store

ONE, TWO = Manifest(OCI_MANIFEST, b"1"), Manifest(OCI_MANIFEST, b"2")
APP = Reference.parse("app")
NOON = datetime(2024, 6, 1, 12, tzinfo=UTC)


def _keep(path, *manifests):
    with closing(open_store(path)) as store, store.transaction():
        store.contents.keep_manifests(manifests)


def _query(path, statement):
    with closing(sqlite3.connect(path)) as connection, connection:
        return connection.execute(statement).fetchall()


def test_reading_what_is_not_there_makes_no_file(folder):
    path = folder / "deep" / "store.db"
    with closing(open_store(path)) as store:
        assert store.drafts.drafts() == ()
        assert store.contents.manifest(ONE.digest) is None
    assert list(folder.iterdir()) == []


def test_the_first_write_makes_a_private_file_in_a_private_folder(folder):
    path = folder / "deep" / "store.db"
    _keep(path, ONE)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path.parent / "store.db"]


def test_what_was_written_is_there_after_closing(folder):
    path = folder / "store.db"
    with closing(open_store(path)) as store:
        with store.transaction():
            store.contents.keep_manifests([ONE])
            store.drafts.save(draft("app", "a"))
        store.close()
        assert store.contents.manifest(ONE.digest) == ONE
    assert open_store(path).drafts.find(APP) == draft("app", "a")


def test_a_store_that_appears_later_is_seen(folder):
    path = folder / "store.db"
    with closing(open_store(path)) as early:
        assert early.contents.manifest(ONE.digest) is None
        _keep(path, ONE)
        assert early.contents.manifest(ONE.digest) == ONE


def test_the_file_is_a_rollback_journal_database_of_ours(folder):
    path = folder / "store.db"
    _keep(path, ONE)
    header = path.read_bytes()[:100]
    assert header[18:20] == b"\x01\x01"  # 2 is WAL
    assert header[68:72] == b"mfst"
    assert int.from_bytes(header[60:64], "big") == len(migrations.MIGRATIONS)


SETTINGS = {"synchronous": 2, "foreign_keys": 1, "journal_mode": "delete"}


def test_the_connection_is_durable_and_checks_foreign_keys(folder):
    path = folder / "store.db"
    opening.create(path)
    with closing(opening.open_existing(path)) as connection:
        for setting, value in {
            "synchronous": 2,
            "foreign_keys": 1,
            "journal_mode": "delete",
        }.items():
            assert connection.execute(f"PRAGMA {setting}").fetchone() == (value,)


NAMES = ["with space", "100%", "a?b#c&mode=memory", "ü", "-dash", ":memory:", "file:x?y"]


@pytest.mark.parametrize("name", NAMES)
def test_any_file_name_will_do(folder, monkeypatch, name):
    monkeypatch.chdir(folder)
    _keep(name, ONE)
    assert list(folder.iterdir()) == [folder / name]
    assert open_store(folder / name).contents.manifest(ONE.digest) == ONE


def test_a_relative_path_stays_where_it_was_said(folder, monkeypatch):
    monkeypatch.chdir(folder)
    store = open_store("store.db")
    monkeypatch.chdir("/")
    with store.transaction():
        pass
    store.close()
    assert list(folder.iterdir()) == [folder / "store.db"]


@pytest.mark.parametrize("target", ["there.db", "not yet.db"])
def test_a_symbolic_link_is_followed_and_stays(folder, target):
    _keep(folder / "there.db", ONE)
    (folder / "link").symlink_to(target)
    _keep(folder / "link", TWO)
    assert (folder / "link").is_symlink()
    assert open_store(folder / target).contents.manifest(TWO.digest) == TWO


def test_a_failed_creation_leaves_nothing_behind(folder, monkeypatch):
    statements = (*schema.STATEMENTS, "CREATE TABLE manifests (x)")
    monkeypatch.setattr(schema, "STATEMENTS", statements)
    with pytest.raises(sqlite3.OperationalError):
        opening.create(folder / "store.db")
    assert list(folder.iterdir()) == []


def test_creating_where_one_is_leaves_it(folder):
    path = folder / "store.db"
    _keep(path, ONE)
    opening.create(path)
    assert open_store(path).contents.manifest(ONE.digest) == ONE
    assert list(folder.iterdir()) == [folder / "store.db"]


@pytest.mark.parametrize("there_already", [False, True])
def test_a_file_system_without_links_will_do(folder, monkeypatch, there_already):
    path = folder / "store.db"
    if there_already:
        _keep(path, ONE)

    def refuse(source, target):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    opening.create(path)
    assert (open_store(path).contents.manifest(ONE.digest) == ONE) is there_already
    assert list(folder.iterdir()) == [folder / "store.db"]


def test_an_older_file_is_migrated_and_keeps_what_it_has(folder, monkeypatch):
    path = folder / "store.db"
    with monkeypatch.context() as past:
        for module in (migrations, opening):
            past.setattr(module, "MIGRATIONS", migrations.MIGRATIONS[:1])
        past.setattr(opening, "create_newest", migrations.migrate)
        _keep(path, ONE)
    assert _query(path, "PRAGMA user_version") == [(1,)]
    with closing(open_store(path)) as store, store.transaction():
        assert store.contents.manifest(ONE.digest) == ONE
        store.drafts.save(draft("app", "a"))
    assert _query(path, "PRAGMA user_version") == [(len(migrations.MIGRATIONS),)]


def test_a_migration_that_fails_leaves_the_older_version(folder, monkeypatch):
    path = folder / "store.db"
    _keep(path, ONE)
    before = path.read_bytes()

    def fail(database):
        database.table("manifests").drop()
        raise sqlite3.OperationalError("no")

    for module in (migrations, opening):
        monkeypatch.setattr(module, "MIGRATIONS", (*migrations.MIGRATIONS, fail))
    with pytest.raises(sqlite3.OperationalError):
        opening.open_existing(path)
    assert path.read_bytes() == before


def test_a_row_of_history_ends_where_another_digest_was_seen(folder):
    path = folder / "store.db"
    seen = [(ONE, 0), (ONE, 5), (TWO, 6), (ONE, 7), (ONE, 9)]
    with closing(open_store(path)) as store, store.transaction():
        store.contents.keep_manifests([ONE, TWO])
        for manifest, minute in seen:
            at = NOON + timedelta(minutes=minute)
            store.contents.observe([Observation(APP, manifest.digest, at)])
    select = "SELECT digest, substr(first_seen, 15, 2), substr(last_seen, 15, 2) FROM observations"
    assert _query(path, select) == [
        (str(ONE.digest), "00", "05"),
        (str(TWO.digest), "06", "06"),
        (str(ONE.digest), "07", "09"),
    ]
