"""fsck finds every kind of damage and moves it to quarantine, where nothing reads it."""

import os
import sqlite3
from contextlib import closing

import pytest

from manyfest.contracts.draft_book import draft
from manyfest.contracts.garbage_collector import NOW, hold, see
from manyfest.contracts.images import docker_image, oci_image, oci_index
from manyfest.domain.digests import Digest
from manyfest.domain.errors import DamagedStoreError, StoreError
from manyfest.domain.media_types import OCI_INDEX
from manyfest.domain.operations.store.check_store import check_store, set_damage_aside
from manyfest.domain.ports.integrity import ContentKind
from manyfest.domain.references import Reference
from manyfest.store.sqlite import migrations, opening
from tests.support.stores.housekeeping import hold_layers, opened

A, B = oci_image("linux/amd64", text="a"), docker_image("linux/arm64", text="b")
LIST = oci_index(A, B)
TAG = "registry.example/app:x"
CONFIG, LAYER = (Digest.of(blob) for blob in A.blobs)


@pytest.fixture
def path(folder):
    return folder / "store.db"


@pytest.fixture
def kept(path):
    with opened(path) as kept:
        see(kept.contents, TAG, LIST)
        hold_layers(kept.layers, A, B)
        with kept.drafts.transaction():
            kept.drafts.save(draft("app", "a", "b"))
        kept.store.close()
        yield kept


def test_what_is_intact_is_said_to_be(kept):
    checked = check_store(kept.integrity)
    assert checked.damaged == ()
    numbers = {kind.value: number for kind, number in checked.numbers.items()}
    expected = {"file": 1, "manifest": 3, "config": 2, "layer": 2, "tag": 1, "draft": 1}
    assert numbers == expected


def test_a_store_that_is_not_there_is_intact_and_not_made(folder):
    with opened(folder / "none.db") as kept:
        checked = check_store(kept.integrity)
        assert set_damage_aside(kept.integrity, checked, NOW) == ()
    assert (checked.damaged, dict(checked.numbers)) == ((), {})
    assert list(folder.iterdir()) == []


_FLIPPED = "x'00' || substr(data, 2)"

# What is done to the file; the kind, a part of the name and of the reason that is told.
DAMAGES = {
    "a manifest's bytes": (
        f"UPDATE manifests SET data = CAST({_FLIPPED} AS BLOB) WHERE digest = '{A.digest}'",
        (ContentKind.MANIFEST, str(A.digest), "other bytes"),
    ),
    "a manifest that became text": (
        f"UPDATE manifests SET data = CAST(data AS TEXT) WHERE digest = '{A.digest}'",
        (ContentKind.MANIFEST, str(A.digest), "its bytes became text"),
    ),
    "a manifest's type": (
        f"UPDATE manifests SET media_type = 'a/b' WHERE digest = '{A.digest}'",
        (ContentKind.MANIFEST, str(A.digest), "kept as 'a/b'"),
    ),
    "a manifest's type, another": (
        f"UPDATE manifests SET media_type = '{OCI_INDEX}' WHERE digest = '{A.digest}'",
        (
            ContentKind.MANIFEST,
            str(A.digest),
            "but calls itself application/vnd.oci.image.manifest",
        ),
    ),
    "a manifest's digest": (
        f"UPDATE manifests SET digest = 'sha256:0' WHERE digest = '{A.digest}'",
        (ContentKind.MANIFEST, "sha256:0", "its digest cannot be read"),
    ),
    "a digest that is no text": (
        f"UPDATE manifests SET digest = CAST(x'ff00' AS TEXT) WHERE digest = '{A.digest}'",
        (ContentKind.MANIFEST, "\ufffd", "its digest cannot be read"),
    ),
    "a config's bytes": (
        f"UPDATE blobs SET data = CAST({_FLIPPED} AS BLOB) WHERE digest = '{CONFIG}'",
        (ContentKind.CONFIG, str(CONFIG), "other bytes"),
    ),
    "a time": (
        "UPDATE observations SET last_seen = 'noon'",
        (ContentKind.STATE, TAG, "cannot be read"),
    ),
    "a time before the first year": (
        "UPDATE observations SET first_seen = '0001-01-01T00:00:00+14:00'",
        (ContentKind.STATE, TAG, "cannot be read"),
    ),
    "a time without a zone": (
        "UPDATE observations SET last_seen = '2026-01-01T00:00:00'",
        (ContentKind.STATE, TAG, "cannot be read"),
    ),
    "a draft's time before the first year": (
        "UPDATE drafts SET created_at = '0001-01-01T00:00:00+14:00'",
        (ContentKind.DRAFT, "docker.io/library/app:latest", "cannot be read"),
    ),
    "a draft's time after the last year": (
        "UPDATE drafts SET changed_at = '9999-12-31T23:59:59-14:00'",
        (ContentKind.DRAFT, "docker.io/library/app:latest", "cannot be read"),
    ),
    "a home": (
        "UPDATE observations SET home = CAST(x'ff' AS TEXT)",
        (ContentKind.STATE, "\ufffd:x", "UTF-8"),
    ),
    "a reference to nothing": (
        f"UPDATE observations SET digest = '{CONFIG}'",
        (ContentKind.STATE, TAG, "its manifest is not kept"),
    ),
    "a draft": (
        "UPDATE drafts SET list_type = 'x'",
        (ContentKind.DRAFT, "docker.io/library/app:latest", "cannot be read"),
    ),
    "a draft's name": (
        "UPDATE drafts SET name = '//'; UPDATE entries SET draft = '//'",
        (ContentKind.DRAFT, "//", "its name cannot be read"),
    ),
    "an entry": (
        "UPDATE entries SET found = '{' WHERE position = 1",
        (ContentKind.DRAFT, "docker.io/library/app:latest", "cannot be read"),
    ),
    "entries of no draft": (
        "UPDATE entries SET draft = 'y' WHERE position = 1",
        (ContentKind.DRAFT, "y", "an entry of no draft"),
    ),
}


@pytest.mark.parametrize(("statement", "expected"), DAMAGES.values(), ids=DAMAGES.keys())
def test_damage_is_found_and_set_aside(kept, path, statement, expected):
    _write(path, statement)
    kind, name, reason = expected
    checked = check_store(kept.integrity)
    (found,) = checked.damaged
    assert found.kind is kind
    assert name in found.name
    assert reason in found.reason
    set_damage_aside(kept.integrity, checked, NOW)
    again = check_store(kept.integrity)
    assert again.damaged == ()
    rows = _rows(path, "SELECT kind, name, reason FROM quarantine WHERE kind != 'entry'")
    assert rows == [(kind.value, found.name, found.reason)] or kind is ContentKind.DRAFT
    assert _rows(path, "SELECT count(*) FROM quarantine") != [(0,)]
    assert _rows(path, "PRAGMA foreign_key_check") == []


@pytest.mark.parametrize(
    "statement",
    [
        f"DELETE FROM descriptors WHERE digest = '{A.digest}'",
        f"UPDATE descriptors SET digest = '{CONFIG}' WHERE digest = '{A.digest}'",
        f"INSERT INTO descriptors VALUES ('{A.digest}', 'layer', 7, '{CONFIG}')",
    ],
)
def test_an_index_of_descriptors_that_lies_is_found_and_made_anew(kept, path, statement):
    before = _rows(path, "SELECT * FROM descriptors")
    _write(path, statement)
    checked = check_store(kept.integrity)
    [found] = checked.damaged
    assert (found.kind, found.reason) == (
        ContentKind.FILE,
        "the index of descriptors differs from the manifests",
    )
    set_damage_aside(kept.integrity, checked, NOW)
    assert _rows(path, "SELECT * FROM descriptors") == before
    assert check_store(kept.integrity).damaged == ()


LABELLED = b'{"config": {"Labels": {"team": "core", "b": "c"}}}'
TEXTS = "SELECT manifest, text FROM annotation_texts UNION ALL SELECT config, text FROM label_texts"


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM annotation_texts",
        "UPDATE annotation_texts SET text = 'x'",
        f"INSERT INTO annotation_texts VALUES ('{A.digest}', 'x')",
        "DELETE FROM label_texts",
        "UPDATE label_texts SET text = 'x'",
        f"INSERT INTO label_texts VALUES ('{CONFIG}', 'x')",
    ],
)
def test_an_index_of_texts_that_lies_is_found_and_made_anew(kept, path, statement):
    noted = oci_index(A, annotations={"z": "1", "a": "2"}, artifactType="a/b").manifest
    with kept.contents.transaction():
        kept.contents.keep_manifests([noted])
        kept.contents.keep_blobs([LABELLED])
    before = _rows(path, TEXTS)
    assert len(before) == 2
    assert check_store(kept.integrity).damaged == ()
    _write(path, statement)
    checked = check_store(kept.integrity)
    assert [one.reason for one in checked.damaged] == [
        "the index of texts differs from the documents"
    ]
    set_damage_aside(kept.integrity, checked, NOW)
    assert _rows(path, TEXTS) == before
    assert check_store(kept.integrity).damaged == ()


def test_bytes_that_are_damaged_on_disk_are_told_once(kept, path):
    _write(path, "DROP TRIGGER descriptors_of_healed")
    other = A.manifest.data.replace(LAYER.hex.encode(), CONFIG.hex.encode())
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE manifests SET data = ? WHERE digest = ?", (other, str(A.digest)))
    [found] = check_store(kept.integrity).damaged
    assert (found.kind, found.name) == (ContentKind.MANIFEST, str(A.digest))


def test_the_damaged_bytes_are_kept_in_quarantine(kept, path):
    _write(path, f"UPDATE blobs SET data = x'0001ff' WHERE digest = '{CONFIG}'")
    set_damage_aside(kept.integrity, check_store(kept.integrity), NOW)
    assert _rows(path, "SELECT name, data FROM quarantine") == [(str(CONFIG), b"\x00\x01\xff")]
    assert kept.contents.blob(CONFIG) is None
    assert kept.catalogue.statistics().quarantined.size == 3


def test_a_tag_is_forgotten_with_what_it_pointed_to_and_older_states_with_it(kept, path):
    see(kept.contents, TAG, A, days_ago=-1)
    see(kept.contents, TAG, B, days_ago=-2)
    see(kept.contents, "registry.example/app:y", B)
    _write(path, f"UPDATE manifests SET data = x'00' WHERE digest = '{A.digest}'")
    forgotten = set_damage_aside(kept.integrity, check_store(kept.integrity), NOW)
    assert forgotten == (TAG,)
    history = kept.contents.history(Reference.parse(TAG))
    assert [seen.digest for seen in history] == [B.digest]
    assert kept.contents.last_observation(Reference.parse("registry.example/app:y"))
    assert kept.contents.manifest(A.digest) is None


def test_an_older_state_never_passes_for_the_newest(kept, path):
    see(kept.contents, TAG, A, days_ago=-1)
    _write(path, f"UPDATE manifests SET data = x'00' WHERE digest = '{A.digest}'")
    set_damage_aside(kept.integrity, check_store(kept.integrity), NOW)
    assert kept.contents.last_observation(Reference.parse(TAG)) is None
    assert kept.contents.manifest(LIST.digest)


def test_a_damaged_layer_is_moved_and_the_others_stay(kept, folder):
    file = folder / "store.db.layers" / "sha256" / LAYER.hex
    file.write_bytes(b"other")
    checked = check_store(kept.integrity)
    assert [(found.kind, found.name) for found in checked.damaged] == [
        (ContentKind.LAYER, str(LAYER))
    ]
    set_damage_aside(kept.integrity, checked, NOW)
    assert kept.layers.size(LAYER) is None
    aside = folder / "store.db.layers" / "quarantine" / "sha256" / LAYER.hex
    assert aside.read_bytes() == b"other"
    assert list(kept.layers.digests()) == [Digest.of(B.blobs[1])]
    assert check_store(kept.integrity).damaged == ()


@pytest.mark.parametrize("make", [os.mkfifo, lambda place: place.symlink_to("/dev/zero")])
def test_a_layer_that_is_no_file_is_damage_and_nothing_hangs(kept, folder, make):
    file = folder / "store.db.layers" / "sha256" / LAYER.hex
    file.unlink()
    make(file)
    checked = check_store(kept.integrity)
    assert [found.reason for found in checked.damaged] == ["no file"]
    set_damage_aside(kept.integrity, checked, NOW)
    assert check_store(kept.integrity).damaged == ()


def test_what_was_healed_meanwhile_is_left(kept, path):
    _write(path, f"UPDATE manifests SET data = x'00' WHERE digest = '{A.digest}'")
    checked = check_store(kept.integrity)
    hold(kept.contents, A)
    assert set_damage_aside(kept.integrity, checked, NOW) == ()
    assert kept.contents.manifest(A.digest) == A.manifest
    assert _rows(path, "SELECT count(*) FROM quarantine") == [(0,)]


def test_a_layer_that_was_fetched_again_meanwhile_is_left(kept):
    kept.layers.folder.joinpath("sha256", LAYER.hex).write_bytes(b"damaged")
    checked = check_store(kept.integrity)
    assert [found.name for found in checked.damaged] == [str(LAYER)]
    hold_layers(kept.layers, A)
    set_damage_aside(kept.integrity, checked, NOW)
    assert check_store(kept.integrity).damaged == ()
    assert kept.layers.size(LAYER) is not None


def test_an_index_that_lost_a_row_is_made_anew(kept, path):
    index = "idx_observations_digest"
    (schema,) = _rows(path, f"SELECT * FROM sqlite_master WHERE name = '{index}'")
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute(f"DELETE FROM sqlite_master WHERE name = '{index}'")
    see(kept.contents, "registry.example/app:y", B)
    kept.store.close()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("INSERT INTO sqlite_master VALUES (?, ?, ?, ?, ?)", schema)
    checked = check_store(kept.integrity)
    assert {found.kind for found in checked.damaged} == {ContentKind.FILE}
    set_damage_aside(kept.integrity, checked, NOW)
    assert check_store(kept.integrity).damaged == ()
    assert kept.contents.last_observation(Reference.parse(TAG)).digest == LIST.digest


def test_a_file_beyond_repair_is_left_as_it_is(kept, path):
    (page,) = _rows(path, "SELECT rootpage FROM sqlite_master WHERE name = 'manifests'")[0]
    (size,) = _rows(path, "PRAGMA page_size")[0]
    data = bytearray(path.read_bytes())
    data[(page - 1) * size : page * size] = b"\xff" * size
    path.write_bytes(data)
    checked = check_store(kept.integrity)
    assert {found.kind for found in checked.damaged} >= {ContentKind.FILE}
    with pytest.raises(DamagedStoreError):
        set_damage_aside(kept.integrity, checked, NOW)
    assert path.read_bytes() == data


def test_a_failure_half_way_sets_nothing_aside(kept, path, monkeypatch):
    _write(path, f"UPDATE blobs SET data = x'00' WHERE digest = '{CONFIG}'")
    _write(path, f"UPDATE manifests SET data = x'00' WHERE digest = '{A.digest}'")
    checked = check_store(kept.integrity)
    assert len(checked.damaged) == 2
    _write(
        path,
        "CREATE TRIGGER full BEFORE DELETE ON blobs BEGIN SELECT raise(ABORT, 'no'); END",
    )
    with pytest.raises(StoreError):
        set_damage_aside(kept.integrity, checked, NOW)
    assert _rows(path, "SELECT count(*) FROM quarantine") == [(0,)]


def test_of_an_older_version_nothing_is_lost(folder, monkeypatch):
    path = folder / "older.db"
    with monkeypatch.context() as past, opened(path) as kept:
        for module in (migrations, opening):
            past.setattr(module, "MIGRATIONS", migrations.MIGRATIONS[:4])
        past.setattr(opening, "create_newest", migrations.migrate)
        hold(kept.contents, LIST)
    seen = "(1, 'registry.example/app', 'x', '{}', '2025-01-01T00:00:00+00:00', '{}')"
    seen = seen.format(LIST.digest, "2025-02-01T00:00:00+00:00")
    _write(path, f"INSERT INTO observations VALUES {seen}")
    assert _rows(path, "PRAGMA user_version") == [(4,)]
    with opened(path) as kept:
        assert [tag.observation.digest for tag in kept.catalogue.tags()] == [LIST.digest]
        assert check_store(kept.integrity).damaged == ()
        assert kept.contents.last_observation(Reference.parse(TAG)).digest == LIST.digest
    assert _rows(path, "SELECT count(*) FROM quarantine") == [(0,)]


def _write(path, statements):
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in statements.split("; ") if "TRIGGER" not in statements else [statements]:
            connection.execute(statement)


def _rows(path, statement):
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(statement).fetchall()
