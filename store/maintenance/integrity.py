"""Integrity in SQLite and the folder of layers: looking at everything, a few rows at a time."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime

from manyfest.domain.digests import Digest
from manyfest.domain.errors import BlobUnknownError, DamagedStoreError, StoreError
from manyfest.domain.ports.integrity import Damage, Kind
from manyfest.domain.references import Reference
from manyfest.store.draft_book import SqliteDraftBook
from manyfest.store.layer_store import LayerFolder
from manyfest.store.maintenance.layer_files import LayerFile, LayerFiles
from manyfest.store.maintenance.quarantine import Quarantine
from manyfest.store.maintenance.row_checks import (
    CONTENT_COLUMNS,
    MANIFEST_COLUMNS,
    content_fault,
    manifest_fault,
    state_name,
    text_of,
)
from manyfest.store.rows import OBSERVATION_COLUMNS, damage_if_unreadable, observation_of
from manyfest.store.sqlite.database import Database, Row

_PAGE = 16  # rows of up to 4 MiB

# By kind, the first column of a row is its rowid.
_ROWS = {
    Kind.MANIFEST: f"SELECT rowid, {MANIFEST_COLUMNS} FROM manifests WHERE rowid",  # noqa: S608
    Kind.CONFIG: f"SELECT rowid, {CONTENT_COLUMNS} FROM blobs WHERE rowid",  # noqa: S608
    Kind.STATE: "SELECT id, CAST(home AS BLOB), CAST(tag AS BLOB) FROM observations WHERE id",
    Kind.DRAFT: "SELECT rowid, CAST(name AS BLOB) FROM drafts WHERE rowid",
}
_STATE = f"""
    SELECT {OBSERVATION_COLUMNS}, digest IN (SELECT digest FROM manifests)
    FROM observations WHERE id = ?"""  # noqa: S608 - of constants alone
_LOST_ENTRIES = """
    SELECT rowid, CAST(draft AS BLOB) FROM entries WHERE draft NOT IN (SELECT name FROM drafts)"""


class SqliteIntegrity:
    """``Integrity`` of one SQLite file and the folder of layers."""

    def __init__(self, database: Database, layers: LayerFolder, files: LayerFiles) -> None:
        self._database = database
        self._drafts = SqliteDraftBook(database)
        self._layers = layers
        self._files = files
        self._quarantine = Quarantine(database, files)
        self._faults: dict[Kind, Callable[[Row], Damage | None]] = {
            Kind.MANIFEST: self._manifest,
            Kind.CONFIG: self._config,
            Kind.STATE: self._state,
            Kind.DRAFT: self._draft,
        }

    def check(self, kind: Kind) -> Iterator[Damage | None]:
        """See the port."""
        if kind is Kind.FILE:
            return self._structure()
        if kind is Kind.LAYER:
            return map(self._layer, self._files.held())
        return self._all_rows(kind)

    def transaction(self) -> AbstractContextManager[None]:
        """See the port."""
        return self._database.transaction() if self._database.exists else nullcontext()

    def quarantine(self, damaged: Sequence[Damage], now: datetime) -> tuple[str, ...]:
        """See the port."""
        if any(damage.kind is Kind.FILE for damage in damaged):
            self._reindex()
        tags: dict[str, None] = {}
        for damage in damaged:
            if (still := self._recheck(damage)) is not None:
                tags |= dict.fromkeys(self._quarantine.quarantine(still, now))
        return tuple(tags)

    def _structure(self) -> Iterator[Damage | None]:
        """Faults, from the first to the hundredth."""
        if not self._database.exists:
            return
        try:
            lines = [str(text) for (text,) in self._database.rows("PRAGMA integrity_check")]
        except DamagedStoreError as error:
            lines = [error.reason]
        for line in lines:
            yield None if line == "ok" else self._of_file(" ".join(line.split()))

    def _reindex(self) -> None:
        """An index can be made anew of its table; nothing else can."""
        self._database.write("REINDEX", [()])
        for damage in self._structure():
            if damage is not None:
                raise DamagedStoreError(damage.name, f"beyond repair: {damage.reason}")

    def _all_rows(self, kind: Kind) -> Iterator[Damage | None]:
        place = -1
        select = f"{_ROWS[kind]} > ? ORDER BY 1 LIMIT {_PAGE}"
        try:
            while page := self._database.rows(select, (place,)):
                yield from map(self._faults[kind], page)
                place = page[-1][0]
            if kind is Kind.DRAFT:
                yield from map(_lost, self._database.rows(_LOST_ENTRIES))
        except DamagedStoreError as error:  # of the file's structure: the rest cannot be got at
            yield self._of_file(f"{kind.value}s: {error.reason}")

    def _of_file(self, reason: str) -> Damage:
        return Damage(Kind.FILE, str(self._database.path), reason)

    def _recheck(self, damage: Damage) -> Damage | None:
        """What is wrong with the same thing now."""
        if damage.kind is Kind.FILE:
            return None
        if damage.kind is Kind.LAYER:
            same = (file for file in self._files.held() if str(file.digest) == damage.name)
            return next(map(self._layer, same), None)
        if damage.row < 0:
            lost = map(_lost, self._database.rows(_LOST_ENTRIES))
            return next((entry for entry in lost if entry == damage), None)
        rows = self._database.rows(f"{_ROWS[damage.kind]} = ?", (damage.row,))
        return self._faults[damage.kind](rows[0]) if rows else None

    def _manifest(self, row: Row) -> Damage | None:
        return _damage(Kind.MANIFEST, row, manifest_fault(row[1:]))

    def _config(self, row: Row) -> Damage | None:
        return _damage(Kind.CONFIG, row, content_fault(row[1:]))

    def _state(self, row: Row) -> Damage | None:
        number, home, tag = row
        name = state_name(home, tag)
        try:
            *columns, is_held = self._database.rows(_STATE, (number,))[0]
            observation_of(tuple(columns), self._database.path)
        except DamagedStoreError as error:
            return Damage(Kind.STATE, name, error.reason, number)
        except IndexError:  # it went away
            return None
        return None if is_held else Damage(Kind.STATE, name, "its manifest is not kept", number)

    def _draft(self, row: Row) -> Damage | None:
        number, name = row
        try:
            with damage_if_unreadable(self._database.path, "its name"):
                self._drafts.find(Reference.parse(name.decode()))
        except DamagedStoreError as error:
            return Damage(Kind.DRAFT, text_of(name), error.reason, number)
        return None

    def _layer(self, file: LayerFile) -> Damage | None:
        if file.digest is None:
            return None
        fault = self._layer_fault(file.digest) if file.is_regular else "no file"
        return Damage(Kind.LAYER, str(file.digest), fault) if fault else None

    def _layer_fault(self, digest: Digest) -> str:
        try:
            with self._layers.open(digest) as chunks:
                for _ in chunks:
                    pass
        except DamagedStoreError:
            return "other bytes"
        except StoreError as error:
            return error.reason
        except BlobUnknownError:  # it went away
            return ""
        return ""


def _damage(kind: Kind, row: Row, fault: str) -> Damage | None:
    return Damage(kind, text_of(row[1]), fault, row[0]) if fault else None


def _lost(row: Row) -> Damage:
    """An entry, by a negative number: its draft has none."""
    return Damage(Kind.DRAFT, text_of(row[1]), "an entry of no draft", -row[0])
