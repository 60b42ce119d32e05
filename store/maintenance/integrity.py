"""Integrity of the database and the layer folder: every row and layer, a page at a time."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from datetime import datetime
from itertools import chain
from typing import TYPE_CHECKING

from manyfest.domain.digests import Digest
from manyfest.domain.errors import (
    BlobUnknownError,
    DamagedStoreError,
    InvalidDigestError,
    StoreError,
)
from manyfest.domain.ports.integrity import ContentKind, Damage
from manyfest.domain.references import Reference
from manyfest.store.draft_book import SqlDraftBook
from manyfest.store.layer_store import FileLayerStore
from manyfest.store.maintenance.layer_files import LayerFile, LayerFiles
from manyfest.store.maintenance.quarantine import Quarantine
from manyfest.store.maintenance.row_checks import (
    CONTENT_COLUMNS,
    MANIFEST_COLUMNS,
    OBSERVATION_BYTES,
    content_fault,
    manifest_fault,
    observation_fault,
    tag_name,
    text_of,
)
from manyfest.store.rows import damage_if_unreadable
from manyfest.store.sqlite import descriptors, texts
from manyfest.store.sqlite.database import Row

if TYPE_CHECKING:
    from manyfest.store.sql_database import SqlDatabase

_PAGE = 16  # rows of up to 4 MiB
_SMALL_PAGE = 500  # rows of a few texts

# The first column is always the rowid.
_ROWS = {
    ContentKind.MANIFEST: f"SELECT rowid, {MANIFEST_COLUMNS} FROM manifests WHERE rowid",  # noqa: S608
    ContentKind.CONFIG: f"SELECT rowid, {CONTENT_COLUMNS} FROM blobs WHERE rowid",  # noqa: S608
    ContentKind.STATE: f"""
        SELECT id, {OBSERVATION_BYTES}, digest IN (SELECT digest FROM manifests)
        FROM observations WHERE id""",  # noqa: S608
    ContentKind.DRAFT: "SELECT rowid, CAST(name AS BLOB) FROM drafts WHERE rowid",
}
_ORPHANED_ENTRIES = """
    SELECT rowid, CAST(draft AS BLOB) FROM entries WHERE draft NOT IN (SELECT name FROM drafts)"""

# The faults of indexes, and the statements that find documents whose rows are not theirs.
_INDEXES = {
    "the index of descriptors differs from the manifests": (descriptors.SELECT_DIFFERENT,),
    "the index of texts differs from the documents": texts.SELECT_DIFFERENT,
}


class SqlIntegrity:
    """``Integrity`` of a database and the folder of layers, in SQLite's SQL.

    Another database overrides ``rows_of``, ``orphaned_entries``, ``quarantine_of``, and the checks
    of the structure.
    """

    rows_of = _ROWS
    orphaned_entries = _ORPHANED_ENTRIES
    quarantine_of = Quarantine

    def __init__(self, database: "SqlDatabase", layers: FileLayerStore, files: LayerFiles) -> None:
        self._database = database
        self._drafts = SqlDraftBook(database)
        self._layers = layers
        self._files = files
        self._quarantine = self.quarantine_of(database, files)
        self._checks: dict[ContentKind, Callable[[Row], Damage | None]] = {
            ContentKind.MANIFEST: self._check_manifest,
            ContentKind.CONFIG: self._check_config,
            ContentKind.STATE: self._check_observation,
            ContentKind.DRAFT: self._check_draft,
        }

    def check(self, kind: ContentKind) -> Iterator[Damage | None]:
        """See the port."""
        if kind is ContentKind.FILE:
            return self._check_structure()
        if kind is ContentKind.LAYER:
            return map(self._check_layer, self._files.layers())
        return self._check_rows(kind)

    def transaction(self) -> AbstractContextManager[None]:
        """See the port."""
        return self._database.exclusive() if self._database.exists else nullcontext()

    def quarantine(self, damaged: Sequence[Damage], now: datetime) -> tuple[str, ...]:
        """See the port."""
        if any(damage.kind is ContentKind.FILE for damage in damaged):
            self._reindex()
        tags: dict[str, None] = {}
        for damage in damaged:
            if (current := self._recheck(damage)) is not None:
                tags |= dict.fromkeys(self._quarantine.quarantine(current, now))
        return tuple(tags)

    def _check_structure(self) -> Iterator[Damage | None]:
        """Yield the first hundred faults that SQLite finds in the file's structure."""
        if not self._database.exists:
            return
        try:
            lines = [str(text) for (text,) in self._database.rows("PRAGMA integrity_check")]
        except DamagedStoreError as error:
            lines = [error.reason]
        if lines == ["ok"]:
            lines = [next(self._faults_of_indexes(), "ok")]
        for line in lines:
            yield None if line == "ok" else self._file_damage(" ".join(line.split()))

    def _faults_of_indexes(self) -> Iterator[str]:
        """Yield a fault for each index that differs from the intact documents."""
        for reason, statements in _INDEXES.items():
            if any(map(_is_intact, chain.from_iterable(map(self._database.rows, statements)))):
                yield reason

    def _reindex(self) -> None:
        """Rebuild the indexes from their tables; nothing else in the structure can be rebuilt.

        Raises DamagedStoreError: faults remain.
        """
        for statement in ("REINDEX", *descriptors.REBUILD, *texts.REBUILD):
            self._database.write(statement, [()])
        for damage in self._check_structure():
            if damage is not None:
                raise DamagedStoreError(damage.name, f"beyond repair: {damage.reason}")

    def _check_rows(self, kind: ContentKind) -> Iterator[Damage | None]:
        last_row = -1
        limit = _SMALL_PAGE if kind is ContentKind.STATE else _PAGE
        select = f"{self.rows_of[kind]} > ? ORDER BY 1 LIMIT {limit}"
        try:
            while page := self._database.rows(select, (last_row,)):
                yield from map(self._checks[kind], page)
                last_row = page[-1][0]
            if kind is ContentKind.DRAFT:
                yield from map(_orphaned_entry, self._database.rows(self.orphaned_entries))
        except DamagedStoreError as error:  # of the structure: later rows are out of reach
            yield self._file_damage(f"{kind.value}s: {error.reason}")

    def _file_damage(self, reason: str) -> Damage:
        return Damage(ContentKind.FILE, str(self._database.path), reason)

    def _recheck(self, damage: Damage) -> Damage | None:
        """Check the same thing again; None if it is intact or gone by now."""
        if damage.kind is ContentKind.FILE:
            return None
        if damage.kind is ContentKind.LAYER:
            same = (file for file in self._files.layers() if str(file.digest) == damage.name)
            return next(map(self._check_layer, same), None)
        if damage.row < 0:
            orphans = map(_orphaned_entry, self._database.rows(self.orphaned_entries))
            return next((entry for entry in orphans if entry == damage), None)
        rows = self._database.rows(f"{self.rows_of[damage.kind]} = ?", (damage.row,))
        return self._checks[damage.kind](rows[0]) if rows else None

    def _check_manifest(self, row: Row) -> Damage | None:
        return _damage(ContentKind.MANIFEST, row, manifest_fault(row[1:]))

    def _check_config(self, row: Row) -> Damage | None:
        return _damage(ContentKind.CONFIG, row, content_fault(row[1:]))

    def _check_observation(self, row: Row) -> Damage | None:
        number, *columns, is_stored = row
        fault = observation_fault(tuple(columns), self._database.path)
        if not (fault or is_stored):
            fault = "its manifest is not kept"
        return Damage(ContentKind.STATE, tag_name(*columns[:2]), fault, number) if fault else None

    def _check_draft(self, row: Row) -> Damage | None:
        number, name = row
        try:
            with damage_if_unreadable(self._database.path, "its name"):
                self._drafts.find(Reference.parse(name.decode()))
        except DamagedStoreError as error:
            return Damage(ContentKind.DRAFT, text_of(name), error.reason, number)
        return None

    def _check_layer(self, file: LayerFile) -> Damage | None:
        if file.digest is None:
            return None
        fault = self._layer_fault(file.digest) if file.is_regular else "no file"
        return Damage(ContentKind.LAYER, str(file.digest), fault) if fault else None

    def _layer_fault(self, digest: Digest) -> str:
        try:
            with self._layers.open(digest) as chunks:
                for _ in chunks:
                    pass
        except DamagedStoreError:
            return "other bytes"
        except StoreError as error:
            return error.reason
        except BlobUnknownError:  # removed meanwhile
            return ""
        return ""


def _is_intact(row: Row) -> bool:
    """Return whether a manifest has its bytes; else the check of manifests tells the damage."""
    digest, data = row
    with suppress(InvalidDigestError):
        return isinstance(data, bytes) and Digest.parse(text_of(digest)).is_of(data)
    return False


def _damage(kind: ContentKind, row: Row, fault: str) -> Damage | None:
    return Damage(kind, text_of(row[1]), fault, row[0]) if fault else None


def _orphaned_entry(row: Row) -> Damage:
    """Describe an entry without a draft; a negative row number marks it as an entry's."""
    return Damage(ContentKind.DRAFT, text_of(row[1]), "an entry of no draft", -row[0])
