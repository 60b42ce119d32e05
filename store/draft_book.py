"""The draft book in SQL: lists being assembled, as rows of drafts and entries."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from itertools import groupby
from typing import TYPE_CHECKING

from manyfest.domain.drafts.draft import Draft
from manyfest.domain.references import Reference
from manyfest.store.rows import damage_if_unreadable, draft_of, draft_row, entry_rows

if TYPE_CHECKING:
    from manyfest.store.sql_database import SqlDatabase
    from manyfest.store.sqlite.database import Parameters

# One statement reads drafts and entries: between two, another process might write.
_SELECT = """
    SELECT name, created_at, changed_at, pushed, keeps_order, list_type, index_found, index_said,
        source, list_digest, found, overrides
    FROM drafts LEFT JOIN entries ON draft = name"""
_DRAFT_COLUMNS = 8  # the columns after these are the entry's
_ORDER = "ORDER BY name, position"
_INSERT_DRAFT = """
    INSERT INTO drafts (name, created_at, changed_at, pushed, keeps_order, list_type, index_found,
        index_said)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)"""
_INSERT_ENTRY = """
    INSERT INTO entries (draft, position, source, list_digest, found, overrides)
    VALUES (?, ?, ?, ?, ?, ?)"""
_DELETE = ("DELETE FROM entries WHERE draft = ?", "DELETE FROM drafts WHERE name = ?")


class SqlDraftBook:
    """``DraftBook`` in an SQL database."""

    def __init__(self, database: "SqlDatabase") -> None:
        self._database = database

    def transaction(self) -> AbstractContextManager[None]:
        """See the port."""
        return self._database.transaction()

    def find(self, name: Reference) -> Draft | None:
        """See the port."""
        self._lock(name)
        return next(self._select(f"{_SELECT} WHERE name = ? {_ORDER}", (str(name),)), None)

    def drafts(self) -> tuple[Draft, ...]:
        """See the port."""
        return tuple(self._select(f"{_SELECT} {_ORDER}"))

    def save(self, draft: Draft) -> None:
        """See the port."""
        self.remove(draft.name)
        self._database.write(_INSERT_DRAFT, [draft_row(draft)])
        self._database.write(_INSERT_ENTRY, entry_rows(draft))

    def remove(self, name: Reference) -> None:
        """See the port."""
        self._lock(name)
        for statement in _DELETE:
            self._database.write(statement, [(str(name),)])

    def _lock(self, name: Reference) -> None:
        """Keep other writers from this draft: it is read in order to be changed."""
        self._database.lock(f"draft {name}")

    def _select(self, statement: str, parameters: "Parameters" = ()) -> Iterator[Draft]:
        rows = self._database.rows(statement, parameters)
        for draft, joined in groupby(rows, key=lambda row: row[:_DRAFT_COLUMNS]):
            entries = [row[_DRAFT_COLUMNS:] for row in joined if row[_DRAFT_COLUMNS] is not None]
            with damage_if_unreadable(self._database.path, f"draft {draft[0]}"):
                decoded = draft_of(draft, entries)
            yield decoded  # outside the block, so that closing this generator raises nothing in it
