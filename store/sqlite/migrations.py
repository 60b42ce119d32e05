"""The schema, as numbered migrations; a file's ``user_version`` is the last one applied.

A released migration is never edited: a later change is a new migration at the end. sqlite-utils
migrates an older file and is imported for that alone. A new file is made from ``schema``, which is
what the migrations arrive at, as statements (ADR 0031).
"""

import sqlite3
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database


def _create_contents_and_observations(database: "Database") -> None:
    columns = {"digest": str, "media_type": str, "data": bytes}
    database.table("manifests").create(columns, pk="digest", not_null=columns)
    columns = {"digest": str, "data": bytes}
    database.table("blobs").create(columns, pk="digest", not_null=columns)
    # tag is empty for an OCI layout's only image
    texts = ("home", "tag", "digest", "first_seen", "last_seen")
    database.table("observations").create(
        {"id": int} | dict.fromkeys(texts, str),
        pk="id",
        not_null=texts,
        foreign_keys=[("digest", "manifests", "digest")],
    ).create_index(("home", "tag", "last_seen"))


def _create_drafts(database: "Database") -> None:
    columns = dict.fromkeys(("name", "created_at", "changed_at", "pushed"), str)
    database.table("drafts").create(columns, pk="name", not_null=set(columns) - {"pushed"})
    # JSON: found is the descriptor's own members, overrides is what the user set with annotate
    texts = ("draft", "source", "list_digest", "found", "overrides")
    database.table("entries").create(
        {"position": int} | dict.fromkeys(texts, str),
        pk=("draft", "position"),
        not_null={"position", *texts} - {"list_digest"},
        foreign_keys=[("draft", "drafts", "name")],
    )


def _add_order_of_drafts(database: "Database") -> None:
    database.table("drafts").add_column("keeps_order", int, not_null_default=0)


def _add_own_fields_of_lists(database: "Database") -> None:
    drafts = database.table("drafts")
    drafts.add_column("list_type", str, not_null_default="auto")
    # JSON: the list's own fields as its source has them (found), and as the user set them (said)
    drafts.add_column("index_found", str, not_null_default="{}")
    drafts.add_column("index_said", str, not_null_default="{}")


def _add_quarantine(database: "Database") -> None:
    # for the foreign key: deleting a manifest searches the observations that refer to it
    database.table("observations").create_index(("digest",))
    # kind and name of the damaged thing; data is its bytes, or its row as JSON
    columns = dict.fromkeys(("kind", "name", "reason", "set_aside_at"), str) | {"data": bytes}
    database.table("quarantine").create({"id": int} | columns, pk="id", not_null=columns)


def _create_hosts(database: "Database") -> None:
    # how to connect to a registry host; insecure is 1 if it was learnt with insecurity allowed
    texts = ("host", "scheme", "realm", "service", "learnt_at")
    columns = dict.fromkeys(texts, str) | {"insecure": int}
    database.table("hosts").create(columns, pk=("host", "insecure"), not_null=columns)


def _create_digest_reads(database: "Database") -> None:
    # digests requested by digest, and when last; a tag need not have pointed to them
    columns = {"digest": str, "last_seen": str}
    database.table("digests").create(columns, pk="digest", not_null=columns)


def _add_claims(database: "Database") -> None:
    # 1 if a bundle claims it; what was imported before this migration counts as seen
    database.table("observations").add_column("claimed", int, not_null_default=0)


def _add_chunk_size(database: "Database") -> None:
    # bytes of a body that the host took after it had refused a larger one; 0 if it refused none
    database.table("hosts").add_column("chunk_size", int, not_null_default=0)


def _add_takes_tags(database: "Database") -> None:
    # whether a PUT by digest may name tags; NULL if that was not tried
    database.table("hosts").add_column("takes_tags", int)


def _add_lacks_referrers(database: "Database") -> None:
    # 1 if the host answered as those without a listing of referrers do
    database.table("hosts").add_column("lacks_referrers", int, not_null_default=0)


def _create_packages(database: "Database") -> None:
    # packages of SBOMs among the blobs; image is empty for one that names no subject
    database.execute(
        """CREATE TABLE "packages" (
   "id" INTEGER PRIMARY KEY,
   "statement" TEXT NOT NULL REFERENCES "blobs"("digest") ON DELETE CASCADE,
   "image" TEXT NOT NULL,
   "name" TEXT NOT NULL,
   "version" TEXT NOT NULL,
   "type" TEXT NOT NULL,
   "licence" TEXT NOT NULL,
   "purl" TEXT NOT NULL
)"""
    )
    database.table("packages").create_index(("statement",))  # for the foreign key
    database.table("packages").create_index(("name", "version"))


def _create_descriptors(database: "Database") -> None:
    from manyfest.store.sqlite.descriptors import CREATE

    for statement in CREATE:
        database.execute(statement)


def _create_claims(database: "Database") -> None:
    # what other servers recorded of the past of tags, and removals from here; without manifests
    columns = ("home", "tag", "source", "digest", "first_seen", "last_seen")
    database.table("claims").create(dict.fromkeys(columns, str), pk=columns[:5], not_null=columns)


def _add_homes_of_digest_reads(database: "Database") -> None:
    # from which home a digest was read; empty if that is not known
    for statement in (
        'ALTER TABLE "digests" RENAME TO "read_before"',
        """CREATE TABLE "digests" (
   "digest" TEXT NOT NULL,
   "home" TEXT NOT NULL,
   "last_seen" TEXT NOT NULL,
   PRIMARY KEY ("digest", "home")
) WITHOUT ROWID""",
        "INSERT INTO digests SELECT digest, '', last_seen FROM read_before",
        'DROP TABLE "read_before"',
    ):
        database.execute(statement)


def _create_texts(database: "Database") -> None:
    from manyfest.store.sqlite.texts import CREATE

    for statement in CREATE:
        database.execute(statement)
    # the images of statements are found without reading their packages
    database.execute("DROP INDEX idx_packages_statement")
    database.table("packages").create_index(("statement", "image"))


MIGRATIONS: tuple[Callable[["Database"], None], ...] = (
    _create_contents_and_observations,
    _create_drafts,
    _add_order_of_drafts,
    _add_own_fields_of_lists,
    _add_quarantine,
    _create_hosts,
    _create_digest_reads,
    _add_claims,
    _add_chunk_size,
    _add_takes_tags,
    _create_packages,
    _add_lacks_referrers,
    _create_descriptors,
    _create_claims,
    _add_homes_of_digest_reads,
    _create_texts,
)


def version_of(connection: sqlite3.Connection) -> int:
    """Return the number of the last migration applied to the file; 0 if none."""
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return version


def create_newest(connection: sqlite3.Connection) -> None:
    """Make the newest schema in an empty file, from its snapshot. Raises sqlite3.Error."""
    from manyfest.store.sqlite.schema import STATEMENTS, VERSION

    connection.execute("BEGIN IMMEDIATE")
    for statement in STATEMENTS:
        connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {VERSION}")
    connection.execute("COMMIT")


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the file to the newest version, each migration in a transaction of its own.

    Imports sqlite-utils, which takes longer than most commands run: call it only when needed.
    Raises sqlite3.Error; the file then has the version of the last migration that succeeded.
    """
    from sqlite_utils import Database

    database = Database(connection, execute_plugins=False)
    for number, migration in enumerate(MIGRATIONS, start=1):
        connection.execute("BEGIN IMMEDIATE")
        try:
            if version_of(connection) < number:  # else another process applied it first
                migration(database)
                connection.execute(f"PRAGMA user_version = {number}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
