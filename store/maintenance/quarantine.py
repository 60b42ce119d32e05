"""The quarantine: damaged rows and layers, kept as they are where nothing reads them."""

from datetime import datetime

from manyfest.domain.digests import Digest
from manyfest.domain.encoding.timestamps import format_utc
from manyfest.domain.ports.integrity import Damage, Kind
from manyfest.store.maintenance.layer_files import LayerFiles
from manyfest.store.maintenance.row_checks import state_name
from manyfest.store.sqlite.database import Database

_MOVE = "INSERT INTO quarantine (kind, name, reason, set_aside_at, data) SELECT ?, ?, ?, ?,"
_TABLES = {Kind.MANIFEST: "manifests", Kind.CONFIG: "blobs"}
_OF_MANIFEST = """
    SELECT id FROM observations WHERE digest = (SELECT digest FROM manifests WHERE rowid = ?)"""
_AND_OLDER = """
    SELECT o.id, CAST(o.home AS BLOB), CAST(o.tag AS BLOB) FROM observations AS o
    JOIN observations AS d ON d.home = o.home AND d.tag = o.tag
    WHERE d.id = ? AND (o.last_seen, o.id) <= (d.last_seen, d.id)"""


class Quarantine:
    """Takes what is damaged out of the way, within the running transaction."""

    def __init__(self, database: Database, files: LayerFiles) -> None:
        self._database = database
        self._files = files

    def quarantine(self, damage: Damage, now: datetime) -> tuple[str, ...]:
        """Move it here; gives the names of the tags whose states went with it.

        Raises StoreError, DamagedStoreError.
        """
        if damage.kind is Kind.LAYER:
            self._files.set_aside(Digest.parse(damage.name))
            return ()
        facts = (damage.kind.value, damage.name, damage.reason, format_utc(now))
        if damage.kind is Kind.DRAFT:
            self._take_draft(damage.row, facts)
            return ()
        if damage.kind is Kind.STATE:
            return self._take_states(damage.row, facts)
        return self._take_content(damage, facts)

    def _take_content(self, damage: Damage, facts: tuple[str, ...]) -> tuple[str, ...]:
        table = _TABLES[damage.kind]
        tags: list[str] = []
        if damage.kind is Kind.MANIFEST:
            for (state,) in self._database.rows(_OF_MANIFEST, (damage.row,)):
                tags += self._take_states(state, (Kind.STATE.value, *facts[1:]))
        move = f"{_MOVE} CAST(data AS BLOB) FROM {table} WHERE rowid = ?"
        self._database.write(move, [(*facts, damage.row)])
        self._forget(table, damage.row)
        return tuple(tags)

    def _take_states(self, state: int, facts: tuple[str, ...]) -> tuple[str, ...]:
        kind, _, *rest = facts
        tags = []
        for number, home, tag in self._database.rows(_AND_OLDER, (state,)):
            name = state_name(home, tag)
            self._keep_row("observations", number, (kind, name, *rest))
            self._forget("observations", number)
            tags.append(name)
        return tuple(tags)

    def _take_draft(self, row: int, facts: tuple[str, ...]) -> None:
        """A negative row is that of an entry alone."""
        if row < 0:
            entries = [(-row,)]
        else:
            of_draft = (
                "SELECT rowid FROM entries WHERE draft = (SELECT name FROM drafts WHERE rowid = ?)"
            )
            entries = self._database.rows(of_draft, (row,))
            self._keep_row("drafts", row, facts)
        for (entry,) in entries:
            self._keep_row("entries", entry, ("entry", *facts[1:]))
            self._forget("entries", entry)
        if row >= 0:
            self._forget("drafts", row)

    def _keep_row(self, table: str, row: int, facts: tuple[str, ...]) -> None:
        """As a JSON object of its columns, all as texts."""
        columns = [row[1] for row in self._database.rows(f"PRAGMA table_info({table})")]
        members = ", ".join(f"'{name}', CAST({name} AS TEXT)" for name in columns)
        move = f"{_MOVE} CAST(json_object({members}) AS BLOB) FROM {table} WHERE rowid = ?"
        self._database.write(move, [(*facts, row)])

    def _forget(self, table: str, row: int) -> None:
        self._database.write(f"DELETE FROM {table} WHERE rowid = ?", [(row,)])  # noqa: S608
