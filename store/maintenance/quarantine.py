"""The quarantine: damaged rows and layers, kept unchanged where nothing reads them."""

from datetime import datetime
from typing import TYPE_CHECKING

from manyfest.domain.digests import Digest
from manyfest.domain.encoding.timestamps import format_utc
from manyfest.domain.ports.integrity import ContentKind, Damage
from manyfest.store.maintenance.layer_files import LayerFiles
from manyfest.store.maintenance.row_checks import tag_name
from manyfest.store.sqlite.descriptors import DELETE_ORPHANS

if TYPE_CHECKING:
    from manyfest.store.sql_database import SqlDatabase

_COPY = "INSERT INTO quarantine (kind, name, reason, set_aside_at, data) SELECT ?, ?, ?, ?,"
_TABLES = {ContentKind.MANIFEST: "manifests", ContentKind.CONFIG: "blobs"}
_KEYS = {"observations": "id"}  # where the number of a row is no rowid
_OBSERVATIONS_OF_MANIFEST = """
    SELECT id FROM observations WHERE digest = (SELECT digest FROM manifests WHERE rowid = ?)"""
_OBSERVATION_AND_OLDER = """
    SELECT o.id, {home}, {tag} FROM observations AS o
    JOIN observations AS d ON d.home = o.home AND d.tag = o.tag
    WHERE d.id = ? AND (o.last_seen, o.id) <= (d.last_seen, d.id)"""


class Quarantine:
    """Moves damaged content here, within the running transaction.

    ``text_bytes`` and ``data_bytes`` are SQL for the bytes of a text and of a column of bytes,
    which in SQLite may have become text. Another database overrides them, and ``row_as_json``.
    """

    text_bytes = "CAST({} AS BLOB)"
    data_bytes = "CAST(data AS BLOB)"

    def __init__(self, database: "SqlDatabase", files: LayerFiles) -> None:
        self._database = database
        self._files = files

    def quarantine(self, damage: Damage, now: datetime) -> tuple[str, ...]:
        """Move the damaged thing here; return the names of the tags that lost observations by it.

        An observation moves with its manifest, and takes the older ones of its tag along: an older
        one must not become the newest. Raises StoreError, DamagedStoreError.
        """
        if damage.kind is ContentKind.LAYER:
            self._files.quarantine(Digest.parse(damage.name))
            return ()
        facts = (damage.kind.value, damage.name, damage.reason, format_utc(now))
        if damage.kind is ContentKind.DRAFT:
            self._move_draft(damage.row, facts)
            return ()
        if damage.kind is ContentKind.STATE:
            return self._move_observations(damage.row, facts)
        return self._move_content(damage, facts)

    def _move_content(self, damage: Damage, facts: tuple[str, ...]) -> tuple[str, ...]:
        table = _TABLES[damage.kind]
        tags: list[str] = []
        if damage.kind is ContentKind.MANIFEST:
            for (observation,) in self._database.rows(_OBSERVATIONS_OF_MANIFEST, (damage.row,)):
                tags += self._move_observations(observation, (ContentKind.STATE.value, *facts[1:]))
        copy = f"{_COPY} {self.data_bytes} FROM {table} WHERE rowid = ?"
        self._database.write(copy, [(*facts, damage.row)])
        self._delete(table, damage.row)
        if damage.kind is ContentKind.MANIFEST:  # its digest may be what is damaged
            self._database.write(DELETE_ORPHANS, [()])
        return tuple(tags)

    def _move_observations(self, observation: int, facts: tuple[str, ...]) -> tuple[str, ...]:
        kind, _, *rest = facts
        names = {name: self.text_bytes.format(f"o.{name}") for name in ("home", "tag")}
        select = _OBSERVATION_AND_OLDER.format(**names)
        tags = []
        for number, home, tag in self._database.rows(select, (observation,)):
            name = tag_name(home, tag)
            self._copy_row("observations", number, (kind, name, *rest))
            self._delete("observations", number)
            tags.append(name)
        return tuple(tags)

    def _move_draft(self, row: int, facts: tuple[str, ...]) -> None:
        """Move a draft with its entries; a negative ``row`` is a single entry without a draft."""
        if row < 0:
            entries = [(-row,)]
        else:
            select = (
                "SELECT rowid FROM entries WHERE draft = (SELECT name FROM drafts WHERE rowid = ?)"
            )
            entries = self._database.rows(select, (row,))
            self._copy_row("drafts", row, facts)
        for (entry,) in entries:
            self._copy_row("entries", entry, ("entry", *facts[1:]))
            self._delete("entries", entry)
        if row >= 0:
            self._delete("drafts", row)

    def _copy_row(self, table: str, row: int, facts: tuple[str, ...]) -> None:
        """Copy a row as a JSON object of its columns, all as text."""
        data = self.text_bytes.format(self.row_as_json(table))
        key = _KEYS.get(table, "rowid")
        self._database.write(f"{_COPY} {data} FROM {table} WHERE {key} = ?", [(*facts, row)])

    def row_as_json(self, table: str) -> str:
        """Return SQL for a row of the table as JSON."""
        columns = [row[1] for row in self._database.rows(f"PRAGMA table_info({table})")]
        members = ", ".join(f"'{name}', CAST({name} AS TEXT)" for name in columns)
        return f"json_object({members})"

    def _delete(self, table: str, row: int) -> None:
        key = _KEYS.get(table, "rowid")
        self._database.write(f"DELETE FROM {table} WHERE {key} = ?", [(row,)])  # noqa: S608
