"""A foreign or damaged file is refused by name and left untouched."""

import os
import socket
import sqlite3
from contextlib import chdir, closing

import pytest

from manyfest.contracts.draft_book import draft
from manyfest.domain.digests import Digest
from manyfest.domain.errors import DamagedStoreError, ManyfestError, StoreError
from manyfest.domain.manifests import Manifest
from manyfest.domain.media_types import OCI_MANIFEST
from manyfest.domain.references import Reference
from manyfest.store.sqlite.migrations import MIGRATIONS
from manyfest.store.store import open_store
from tests.support.stores.children import AS_NOBODY, run

KNOWN = len(MIGRATIONS)
KEPT = [Manifest(OCI_MANIFEST, b'{"number": %d}' % number * 200) for number in range(20)]


@pytest.fixture
def path(tmp_path):
    """An intact store with content."""
    path = tmp_path / "of its own" / "store.db"
    with closing(open_store(path)) as store, store.transaction():
        store.contents.keep_manifests(KEPT)
        store.drafts.save(draft("app", "a", "b"))
    return path


def _pragma(setting):
    def change(path):
        with closing(sqlite3.connect(path)) as connection:
            connection.execute(f"PRAGMA {setting}")

    return change


def _bytes(change):
    return lambda path: path.write_bytes(change(path.read_bytes()))


def _foreign(path):
    path.unlink()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE theirs (x)")


FILES = {
    "empty": (_bytes(lambda _: b""), DamagedStoreError, "the file is empty"),
    "text": (_bytes(lambda _: b"hello\n" * 999), DamagedStoreError, "file is not a database"),
    "short text": (_bytes(lambda _: b"hello"), DamagedStoreError, "file is not a database"),
    "header zeroed": (
        _bytes(lambda data: bytes(100) + data[100:]),
        DamagedStoreError,
        "file is not a database",
    ),
    "cut in half": (
        _bytes(lambda data: data[: len(data) // 2]),
        DamagedStoreError,
        "malformed",
    ),
    "schema page overwritten": (
        _bytes(lambda data: data[:100] + b"\xa5" * 3996 + data[4096:]),
        DamagedStoreError,
        "malformed",
    ),
    "of nobody": (_foreign, StoreError, r"another program \(application_id 0x0\)"),
    "of another program": (
        _pragma("application_id = 0x47504b47"),
        StoreError,
        r"another program \(application_id 0x47504b47\)",
    ),
    "newer": (
        _pragma(f"user_version = {KNOWN + 7}"),
        StoreError,
        f"of version {KNOWN + 7}, and this manyfest knows up to version {KNOWN}; install",
    ),
}
READ_AND_WRITE = {
    "reading drafts": lambda store: store.drafts.drafts(),
    "reading contents": lambda store: store.contents.manifest(KEPT[0].digest),
    "writing": lambda store: store.transaction().__enter__(),
}
each_use = pytest.mark.parametrize("use", READ_AND_WRITE.values(), ids=READ_AND_WRITE.keys())


@each_use
@pytest.mark.parametrize(("spoil", "error", "reason"), FILES.values(), ids=FILES.keys())
def test_a_bad_file_is_refused_in_one_line_and_left_as_it_is(path, spoil, error, reason, use):
    spoil(path)
    before = path.read_bytes()
    with closing(open_store(path)) as store, pytest.raises(error, match=reason) as raised:
        use(store)
    assert str(path) in str(raised.value)
    assert "\n" not in str(raised.value)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def _socket(path):
    with socket.socket(socket.AF_UNIX) as listener, chdir(path.parent):  # its path must be short
        listener.bind(path.name)


def _loop(path):
    path.symlink_to(path)


KINDS = {
    "folder": (lambda path: path.mkdir(), "is a folder, not a file"),
    "pipe": (os.mkfifo, "is a named pipe, not a file"),
    "socket": (_socket, "is a socket, not a file"),
    "device": (lambda path: path.symlink_to("/dev/null"), "is a device, not a file"),
    "loop": (_loop, "cannot be opened: Too many levels of symbolic links"),
}


@each_use
@pytest.mark.parametrize(("make", "reason"), KINDS.values(), ids=KINDS.keys())
def test_what_is_no_regular_file_is_refused_at_once(tmp_path, make, reason, use):
    path = tmp_path / "store.db"
    make(path)
    with closing(open_store(path)) as store, pytest.raises(StoreError, match=reason):
        use(store)


def test_a_parent_that_is_a_file_is_refused(path):
    store = open_store(path / "store.db")
    with pytest.raises(StoreError, match="cannot be opened: Not a directory"):
        store.drafts.drafts()


@pytest.mark.parametrize("use", ["store.drafts.drafts()", "store.transaction().__enter__()"])
def test_a_file_that_may_not_be_read_is_refused(open_folder, use):
    path = open_folder / "store.db"
    with open_store(path).transaction():
        pass
    path.chmod(0)
    line = run(f"{AS_NOBODY}try: {use}\nexcept ManyfestError as error: print(error)", path)
    assert line == f"the store {path} cannot be opened: Permission denied\n"


def _pages_of_other_tables(path):
    """Return the pages of tables and indexes that no read below touches; each has one page yet."""
    read = "('manifests', 'drafts', 'entries')"
    with closing(sqlite3.connect(path)) as connection:
        select = f"SELECT rootpage - 1 FROM sqlite_master WHERE tbl_name NOT IN {read}"
        return {page for (page,) in connection.execute(select)}


def test_a_page_of_noise_is_damage_and_never_a_wrong_answer(path):
    data, outcomes, not_read = path.read_bytes(), {}, _pages_of_other_tables(path)
    for page in range(len(data) // 4096):
        rest = data[(page + 1) * 4096 :]
        path.write_bytes(data[: page * 4096] + b"\x5a" * 4096 + rest)
        outcomes[page] = _read_all(path)
    harmless = {page for page, outcome in outcomes.items() if "damaged" not in outcome}
    assert harmless <= not_read


@pytest.mark.parametrize("start", range(8))
def test_a_flipped_bit_anywhere_raises_nothing_but_our_own_errors(path, start):
    data = path.read_bytes()
    for place in range(start * 97, len(data), 8 * 97):
        path.write_bytes(data[:place] + bytes([data[place] ^ 1 << place % 8]) + data[place + 1 :])
        _read_all(path)


def _read_all(path):
    """The result of each read; a returned manifest must have the right bytes."""
    outcomes = []
    with closing(open_store(path, lock_timeout=0)) as store:
        for manifest in KEPT:
            try:
                found = store.contents.manifest(manifest.digest)
                outcomes.append("absent" if found is None else "found")
                assert found is None or found.data == manifest.data
            except DamagedStoreError:
                outcomes.append("damaged")
            except StoreError:
                outcomes.append("refused")
        for read in (store.drafts.drafts, lambda: store.drafts.find(Reference.parse("app"))):
            try:
                read()
            except DamagedStoreError:
                outcomes.append("damaged")
            except ManyfestError:
                outcomes.append("refused")
    return outcomes


NO_ENTRIES = {
    "found": ("found = '[1]'", r"draft docker\.io/library/app:latest cannot be read"),
    "overrides": ("overrides = '[1]'", r"draft docker\.io/library/app:latest cannot be read"),
    "source": ("source = 'A B'", r"draft docker\.io/library/app:latest cannot be read"),
    "no UTF-8": ("source = CAST(x'ff' AS TEXT)", "Could not decode to UTF-8"),
}


@pytest.mark.parametrize(("spoilt", "reason"), NO_ENTRIES.values(), ids=NO_ENTRIES.keys())
def test_a_draft_that_cannot_be_read_back_is_damage(path, spoilt, reason):
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(f"UPDATE entries SET {spoilt} WHERE position = 1")
    with pytest.raises(DamagedStoreError, match=reason):
        open_store(path).drafts.find(Reference.parse("app"))


def test_an_observation_that_cannot_be_read_back_is_damage_that_names_it(path):
    app = Reference.parse("app")
    with closing(sqlite3.connect(path)) as connection, connection:
        row = (str(app.home), app.tag, str(Digest.of(KEPT[0].data)), "noon", "noon")
        connection.execute("INSERT INTO observations VALUES (1, ?, ?, ?, ?, ?, 0)", row)
    with pytest.raises(DamagedStoreError, match=f"the observation of {app} cannot be read"):
        open_store(path).contents.last_observation(app)
