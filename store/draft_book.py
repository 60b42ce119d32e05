"""The draft book in SQLite."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from itertools import groupby

from manyfest.domain.drafts.draft import Draft
from manyfest.domain.references import Reference
from manyfest.store.rows import damage_if_unreadable, draft_of, draft_row, entry_rows
from manyfest.store.sqlite.database import Database, Parameters

# One statement for drafts and entries: of two, another process might write in between.
_ALL = """
    SELECT name, created_at, changed_at, pushed, keeps_order, list_type, index_found, index_said,
        source, list_digest, found, overrides
    FROM drafts LEFT JOIN entries ON draft = name"""
_DRAFT = 8  # columns of the draft, before those of an entry
_ORDER = "ORDER BY name, position"
_ADD_DRAFT = """
    INSERT INTO drafts (name, created_at, changed_at, pushed, keeps_order, list_type, index_found,
        index_said)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)"""
_ADD_ENTRY = """
    INSERT INTO entries (draft, position, source, list_digest, found, overrides)
    VALUES (?, ?, ?, ?, ?, ?)"""
_REMOVE = ("DELETE FROM entries WHERE draft = ?", "DELETE FROM drafts WHERE name = ?")


class SqliteDraftBook:
    """``DraftBook`` in one SQLite file."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def transaction(self) -> AbstractContextManager[None]:
        """See the port."""
        return self._database.transaction()

    def find(self, name: Reference) -> Draft | None:
        """See the port."""
        return next(self._found(f"{_ALL} WHERE name = ? {_ORDER}", (str(name),)), None)

    def drafts(self) -> tuple[Draft, ...]:
        """See the port."""
        return tuple(self._found(f"{_ALL} {_ORDER}"))

    def save(self, draft: Draft) -> None:
        """See the port."""
        self.remove(draft.name)
        self._database.write(_ADD_DRAFT, [draft_row(draft)])
        self._database.write(_ADD_ENTRY, entry_rows(draft))

    def remove(self, name: Reference) -> None:
        """See the port."""
        for statement in _REMOVE:
            self._database.write(statement, [(str(name),)])

    def _found(self, statement: str, parameters: Parameters = ()) -> Iterator[Draft]:
        rows = self._database.rows(statement, parameters)
        for draft, joined in groupby(rows, key=lambda row: row[:_DRAFT]):
            entries = [row[_DRAFT:] for row in joined if row[_DRAFT] is not None]
            with damage_if_unreadable(self._database.path, f"draft {draft[0]}"):
                made = draft_of(draft, entries)
            yield made  # outside: nothing runs, to be interrupted, when no more are asked for
