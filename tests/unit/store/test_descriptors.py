"""The index of descriptors is written with the bytes of a manifest, and gone with them."""

import json
import sqlite3
from contextlib import closing

import pytest

from manyfest.contracts.garbage_collector import DAY, NOW, see
from manyfest.contracts.images import oci_image, oci_index
from manyfest.domain.digests import Digest
from manyfest.domain.manifests import Manifest
from manyfest.domain.media_types import OCI_MANIFEST
from manyfest.domain.operations.store.collect_garbage import Retention, collect_garbage
from manyfest.store.sqlite.database import Database
from tests.support.stores.housekeeping import opened

A, B = oci_image("linux/amd64", text="a"), oci_image("linux/arm64", text="b")
LIST = oci_index(A, B)
SOME = Digest.of(b"some")


@pytest.fixture
def kept(folder):
    with opened(folder / "store.db") as kept:
        yield kept


def rows(kept) -> list[tuple]:
    with closing(sqlite3.connect(kept.store.path)) as connection:
        return connection.execute("SELECT * FROM descriptors").fetchall()


def keep(kept, *manifests: Manifest) -> None:
    with kept.contents.transaction():
        kept.contents.keep_manifests(manifests)


def test_keeping_a_manifest_takes_one_statement(kept, monkeypatch) -> None:
    written = []
    write = Database.write
    monkeypatch.setattr(
        Database, "write", lambda self, *of: (written.append(of[0]), write(self, *of))[1]
    )
    for _ in range(2):
        keep(kept, LIST.manifest, A.manifest)
    assert len(written) == 2
    assert len(rows(kept)) == 4


def test_rows_go_with_their_manifest(kept) -> None:
    see(kept.contents, "r.example/app:1", LIST)
    collect_garbage(kept.garbage, kept.drafts, Retention(DAY, NOW + 2 * DAY))
    assert rows(kept) == []


def test_rows_are_right_again_when_damaged_bytes_are_replaced(kept) -> None:
    keep(kept, LIST.manifest)
    before = rows(kept)
    with closing(sqlite3.connect(kept.store.path)) as connection, connection:
        connection.execute("UPDATE manifests SET data = x'00'")
    assert rows(kept) == []
    keep(kept, LIST.manifest)
    assert rows(kept) == before


@pytest.mark.parametrize(
    "document",
    [
        '{"config": {"digest": "%s"}, "config": {"digest": "%s"}}',
        '{"layers": [{"digest": "%s"}], "layers": [{"digest": "%s"}]}',
    ],
)
def test_members_that_occur_twice_count_once(kept, document) -> None:
    keep(kept, Manifest(OCI_MANIFEST, (document % (SOME, A.digest)).encode()))
    assert len(rows(kept)) == 1


@pytest.mark.parametrize(
    "named",
    [
        "sha256:" + "\ud800" * 64,
        "sha256:" + "a" * 65,
        "sha256:",
        "blake3:" + "a" * 64,
        "a" * 100_000,
        7,
        None,
        [str(SOME)],
        {"digest": str(SOME)},
    ],
)
def test_what_is_no_digest_has_no_row_or_is_never_found(kept, named) -> None:
    document = {"layers": [{"digest": named}], "annotations": {"digest": str(SOME)}}
    keep(kept, Manifest(OCI_MANIFEST, json.dumps(document).encode()))
    assert list(kept.contents.predecessors(SOME)) == []
    with closing(sqlite3.connect(kept.store.path)) as connection:
        [(longest,)] = connection.execute("SELECT max(length(digest)) FROM descriptors")
    assert (longest or 0) <= 135
