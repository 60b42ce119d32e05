"""A store of an earlier version: its rows stay, and it becomes one of the newest version."""

import sqlite3
from contextlib import closing

from manyfest.domain.digests import Digest
from manyfest.domain.references import Reference
from manyfest.store.sqlite.migrations import MIGRATIONS
from tests.support.stores.housekeeping import opened

# The statements of a file that the last version before claims (7) made, as SQLite has them.
_SCHEMA_7 = """
CREATE TABLE "manifests" (
   "digest" TEXT PRIMARY KEY NOT NULL,
   "media_type" TEXT NOT NULL,
   "data" BLOB NOT NULL
);
CREATE TABLE "blobs" (
   "digest" TEXT PRIMARY KEY NOT NULL,
   "data" BLOB NOT NULL
);
CREATE TABLE "observations" (
   "id" INTEGER PRIMARY KEY,
   "home" TEXT NOT NULL,
   "tag" TEXT NOT NULL,
   "digest" TEXT NOT NULL REFERENCES "manifests"("digest"),
   "first_seen" TEXT NOT NULL,
   "last_seen" TEXT NOT NULL
);
CREATE INDEX "idx_observations_home_tag_last_seen"
    ON "observations" ("home", "tag", "last_seen");
CREATE TABLE "drafts" (
   "name" TEXT PRIMARY KEY NOT NULL,
   "created_at" TEXT NOT NULL,
   "changed_at" TEXT NOT NULL,
   "pushed" TEXT
, "keeps_order" INTEGER NOT NULL DEFAULT 0,
   "list_type" TEXT NOT NULL DEFAULT 'auto', "index_found" TEXT NOT NULL DEFAULT '{}',
   "index_said" TEXT NOT NULL DEFAULT '{}');
CREATE TABLE "entries" (
   "position" INTEGER NOT NULL,
   "draft" TEXT NOT NULL REFERENCES "drafts"("name"),
   "source" TEXT NOT NULL,
   "list_digest" TEXT,
   "found" TEXT NOT NULL,
   "overrides" TEXT NOT NULL,
   PRIMARY KEY ("draft", "position")
);
CREATE INDEX "idx_observations_digest"
    ON "observations" ("digest");
CREATE TABLE "quarantine" (
   "id" INTEGER PRIMARY KEY,
   "kind" TEXT NOT NULL,
   "name" TEXT NOT NULL,
   "reason" TEXT NOT NULL,
   "set_aside_at" TEXT NOT NULL,
   "data" BLOB NOT NULL
);
CREATE TABLE "hosts" (
   "host" TEXT NOT NULL,
   "scheme" TEXT NOT NULL,
   "realm" TEXT NOT NULL,
   "service" TEXT NOT NULL,
   "learnt_at" TEXT NOT NULL,
   "insecure" INTEGER NOT NULL,
   PRIMARY KEY ("host", "insecure")
);
CREATE TABLE "digests" (
   "digest" TEXT PRIMARY KEY NOT NULL,
   "last_seen" TEXT NOT NULL
);
PRAGMA application_id = 0x6d667374;
PRAGMA user_version = 7;
"""
_CONFIG = Digest.of(b"config")
_IMAGE = b'{"schemaVersion":2,"config":{"digest":"%s"}}' % str(_CONFIG).encode()
_SEEN = ("2026-05-01T12:00:00.000000+00:00", "2026-05-02T12:00:00.000000+00:00")


def test_a_store_of_version_7_is_upgraded_with_its_rows(tmp_path):
    path, digest = tmp_path / "store.db", Digest.of(_IMAGE)
    with closing(sqlite3.connect(path)) as old, old:
        old.executescript(_SCHEMA_7)
        media_type = "application/vnd.oci.image.manifest.v1+json"
        old.execute("INSERT INTO manifests VALUES (?, ?, ?)", (str(digest), media_type, _IMAGE))
        observed = (1, "r.example/app", "1", str(digest), *_SEEN)
        old.execute("INSERT INTO observations VALUES (?, ?, ?, ?, ?, ?)", observed)
    path.chmod(0o600)
    with opened(path) as kept:
        found = kept.contents.last_observation(Reference.parse("r.example/app:1"))
        assert kept.contents.manifest(digest).data == _IMAGE
        assert [one.manifest for one in kept.contents.predecessors(_CONFIG)] == [digest]
    assert (found.digest, found.is_claimed) == (digest, False)
    with closing(sqlite3.connect(path)) as now:
        assert now.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
