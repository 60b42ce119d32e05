"""The schema, as numbered migrations; ``user_version`` of a file is that of the last one done.

A migration that was released is never edited: what comes later is added at the end.
"""

import sqlite3
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database


def _contents_and_observations(database: "Database") -> None:
    columns = {"digest": str, "media_type": str, "data": bytes}
    database.table("manifests").create(columns, pk="digest", not_null=columns)
    columns = {"digest": str, "data": bytes}
    database.table("blobs").create(columns, pk="digest", not_null=columns)
    # tag is empty for the only image of a layout
    texts = ("home", "tag", "digest", "first_seen", "last_seen")
    database.table("observations").create(
        {"id": int} | dict.fromkeys(texts, str),
        pk="id",
        not_null=texts,
        foreign_keys=[("digest", "manifests", "digest")],
    ).create_index(("home", "tag", "last_seen"))


def _drafts(database: "Database") -> None:
    columns = dict.fromkeys(("name", "created_at", "changed_at", "pushed"), str)
    database.table("drafts").create(columns, pk="name", not_null=set(columns) - {"pushed"})
    # found and overrides are JSON: the descriptor's own members, and what was annotated
    texts = ("draft", "source", "list_digest", "found", "overrides")
    database.table("entries").create(
        {"position": int} | dict.fromkeys(texts, str),
        pk=("draft", "position"),
        not_null={"position", *texts} - {"list_digest"},
        foreign_keys=[("draft", "drafts", "name")],
    )


def _order_of_drafts(database: "Database") -> None:
    database.table("drafts").add_column("keeps_order", int, not_null_default=0)


def _lists_themselves(database: "Database") -> None:
    drafts = database.table("drafts")
    drafts.add_column("list_type", str, not_null_default="auto")
    # JSON: what the list that was taken apart says of itself, and what a person said over that
    drafts.add_column("index_found", str, not_null_default="{}")
    drafts.add_column("index_said", str, not_null_default="{}")


def _housekeeping(database: "Database") -> None:
    # forgetting a manifest looks for what refers to it
    database.table("observations").create_index(("digest",))
    # kind and name: of what was found damaged; data: its bytes, or its row as JSON
    columns = dict.fromkeys(("kind", "name", "reason", "set_aside_at"), str) | {"data": bytes}
    database.table("quarantine").create({"id": int} | columns, pk="id", not_null=columns)


def _hosts(database: "Database") -> None:
    # how registries were found to want to be spoken to; insecure: learnt where that was allowed
    texts = ("host", "scheme", "realm", "service", "learnt_at")
    columns = dict.fromkeys(texts, str) | {"insecure": int}
    database.table("hosts").create(columns, pk=("host", "insecure"), not_null=columns)


def _asked_by_digest(database: "Database") -> None:
    # what somebody asked for by digest, and when last: no tag need have pointed to it
    columns = {"digest": str, "last_seen": str}
    database.table("digests").create(columns, pk="digest", not_null=columns)


MIGRATIONS: tuple[Callable[["Database"], None], ...] = (
    _contents_and_observations,
    _drafts,
    _order_of_drafts,
    _lists_themselves,
    _housekeeping,
    _hosts,
    _asked_by_digest,
)


def version_of(connection: sqlite3.Connection) -> int:
    """The number of the last migration that this file has seen."""
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return version


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the file to the newest version, each migration in a transaction of its own.

    Imports sqlite-utils, which takes longer than most commands: call it only when it is needed.
    Raises sqlite3.Error; the file then is of the version it had after the last migration done.
    """
    from sqlite_utils import Database

    database = Database(connection, execute_plugins=False)
    for number, migration in enumerate(MIGRATIONS, start=1):
        connection.execute("BEGIN IMMEDIATE")
        try:
            if version_of(connection) < number:  # else another process was faster
                migration(database)
                connection.execute(f"PRAGMA user_version = {number}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
