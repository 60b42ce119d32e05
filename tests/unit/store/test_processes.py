"""Several processes use one store: nothing is lost, and nothing hangs."""

import signal
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from manyfest.contracts.draft_book import draft
from manyfest.domain.digests import Digest
from manyfest.domain.errors import StoreError
from manyfest.domain.manifests import Manifest
from manyfest.domain.media_types import OCI_MANIFEST
from manyfest.domain.references import Reference
from manyfest.store.sqlite import database
from manyfest.store.store import open_store
from tests.support.stores.children import start

APP = Reference.parse("app")
MANY = 8

_ADD_ENTRY = """
print("ready", flush=True)
sys.stdin.readline()
source = Reference.parse(sys.argv[2])
name, now = Reference.parse("app"), datetime.now(UTC)
with store.transaction():
    found = Descriptor("a/b", Digest.of(sys.argv[2].encode()), 1)
    draft = store.drafts.find(name) or Draft(name, now, now)
    store.drafts.save(draft.with_source(source, [Entry(source, found)], now))
"""


@pytest.fixture
def path(folder):
    return folder / "store.db"


@pytest.mark.parametrize("beginning", ["no file yet", "a draft"])
def test_entries_added_at_the_same_time_are_all_there(path, beginning):
    if beginning == "a draft":
        with closing(open_store(path)) as store, store.transaction():
            store.drafts.save(draft("app"))
    sources = [f"h.example/{number}:x" for number in range(MANY)]
    _at_once([start(_ADD_ENTRY, path, source) for source in sources])
    found = open_store(path).drafts.find(APP)
    assert sorted(str(entry.source) for entry in found.entries) == sources
    assert list(path.parent.iterdir()) == [path]


def _at_once(children):
    for child in children:
        assert child.stdout.readline() == "ready\n"
    for child in children:
        child.stdin.write("go\n")
        child.stdin.flush()
    for child in children:
        output, _ = child.communicate(timeout=300)
        assert (output, child.returncode) == ("", 0)


_DIE = """
with store.transaction():
    store.drafts.remove(Reference.parse("app"))
    store.contents.keep_blobs([bytes(int(sys.argv[2]))])
    print("inside", flush=True)
    sys.stdin.readline()
"""


@pytest.mark.parametrize(
    ("size", "spilled"), [(1_000, False), (5_000_000, True)], ids=["pages in memory", "in the file"]
)
def test_a_kill_in_a_transaction_loses_nothing_committed(path, size, spilled):
    with closing(open_store(path)) as store, store.transaction():
        store.drafts.save(draft("app", "a", "b"))
    before = path.stat().st_size
    child = start(_DIE, path, str(size))
    assert child.stdout.readline() == "inside\n"
    child.send_signal(signal.SIGKILL)
    child.communicate(timeout=300)
    assert (path.stat().st_size > before) is spilled
    with closing(open_store(path)) as store:
        assert store.drafts.drafts() == (draft("app", "a", "b"),)
        assert store.contents.blob(Digest.of(bytes(size))) is None
        with store.transaction():
            store.contents.keep_blobs([b"next"])
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_kill_in_a_migration_leaves_the_older_version(path):
    old = "from manyfest.store.sqlite import migrations, opening\n"
    past = old + "migrations.MIGRATIONS = opening.MIGRATIONS = migrations.MIGRATIONS[:1]\n"
    past += "opening.create_newest = migrations.migrate\n"
    child = start(past + "store.transaction().__enter__()", path)
    child.communicate(timeout=300)
    dying = """
import os
from manyfest.store.sqlite import migrations
def die(database):
    migrations._create_drafts(database)
    os.kill(os.getpid(), 9)
migrations.MIGRATIONS = (migrations.MIGRATIONS[0], die)
store.drafts.drafts()
"""
    child = start(dying, path)
    child.communicate(timeout=300)
    assert child.returncode == -signal.SIGKILL
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)
    assert open_store(path).drafts.drafts() == ()


@pytest.fixture
def locked(path):
    """Yield a store inside a write transaction; other connections may still read the file."""
    kept = Manifest(OCI_MANIFEST, b"{}")
    with closing(open_store(path)) as other, other.transaction():
        other.contents.keep_manifests([kept])
    with closing(open_store(path)) as other, other.transaction():
        other.contents.keep_blobs([b"later"])
        yield other


class _Clock:
    """A clock that only ``sleep`` moves; SQLite's own short waits do not count."""

    now = 0.0

    def monotonic(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


def test_a_lock_is_waited_for_as_long_as_was_said_and_then_named(path, locked, monkeypatch):
    clock = _Clock()
    monkeypatch.setattr(database, "time", clock)
    with closing(open_store(path, lock_timeout=0.05)) as store:
        with pytest.raises(StoreError) as raised, store.transaction():
            pytest.fail("two writers")
        assert 0.05 <= clock.now < 0.07
        assert str(raised.value) == f"the store {path} is locked by another process"


def test_reading_goes_on_while_another_writes_and_sees_nothing_of_it(path, locked):
    with closing(open_store(path, lock_timeout=0)) as store:
        assert store.contents.manifest(Digest.of(b"{}")).data == b"{}"
        assert store.contents.blob(Digest.of(b"later")) is None


def test_a_commit_waits_for_readers(path):
    with closing(open_store(path)) as store, store.transaction():
        store.contents.keep_blobs([b"x"])
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM blobs").fetchall()
        with closing(open_store(path, lock_timeout=0.2)) as store:
            with pytest.raises(StoreError, match="locked"), store.transaction():
                store.contents.keep_blobs([b"y"])
            reader.execute("COMMIT")
            assert store.contents.blob(Digest.of(b"y")) is None
            with store.transaction():
                store.contents.keep_blobs([b"y"])
            assert store.contents.blob(Digest.of(b"y")) == b"y"


_WAIT = """
import time
pause = time.sleep
def sleep(seconds):
    print("waiting", flush=True)
    pause(seconds)
time.sleep = sleep
open_store(sys.argv[1], lock_timeout=3600).transaction().__enter__()
"""


def test_ctrl_c_ends_the_waiting(path, locked):
    child = start(_WAIT, path)
    assert child.stdout.readline() == "waiting\n"
    child.send_signal(signal.SIGINT)
    output, _ = child.communicate(timeout=300)  # and not an hour
    assert "KeyboardInterrupt" in output


def test_nothing_slow_is_imported_to_read_and_write(path):
    """sqlite-utils takes longer to import than most commands run: it is for the schema alone."""
    open_store(path).transaction().__enter__()
    code = """
import sys
before = set(sys.modules)
from manyfest.domain.manifests import Manifest
from manyfest.store.store import open_store
store = open_store(sys.argv[1])
with store.transaction():
    store.contents.keep_manifests([Manifest("a/b", b"{}")])
    assert store.drafts.drafts() == ()
loaded = {name.partition(".")[0] for name in sys.modules}
print(*sorted(loaded & {"sqlite_utils", "cattrs", "httpx", "typer", "rich", "click", "pluggy"}))
print(len(set(sys.modules) - before) < 120)
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("\nTrue\n", "")
