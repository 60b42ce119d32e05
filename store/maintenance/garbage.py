"""Garbage in SQLite: reachability as one recursive query, in the transaction that removes."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime

from manyfest.domain.digests import Digest
from manyfest.domain.encoding.timestamps import format_utc
from manyfest.domain.ports.catalogue import CountAndBytes
from manyfest.domain.ports.garbage import Garbage, StoredContent
from manyfest.store.maintenance.layer_files import LayerFiles
from manyfest.store.rows import IS_NEWEST, OBSERVATION_COLUMNS, damage_if_unreadable, observation_of
from manyfest.store.sqlite.database import Database

# Rather too much than too little: every "digest" anywhere in a document names something.
_TEXT = "CASE WHEN json_valid(CAST(m.data AS TEXT)) THEN CAST(m.data AS TEXT) END"
_NAMED = f"json_tree({_TEXT}) AS named WHERE named.key = 'digest' AND named.type = 'text'"
# A time that cannot be read is not long ago.
_IS_TIME = "(last_seen LIKE '____-__-__T__:__:%' AND julianday(last_seen) IS NOT NULL)"
_LONG_AGO = f"({_IS_TIME} AND last_seen < :before)"
_ASKED = f"SELECT digest FROM digests WHERE NOT {_LONG_AGO}"  # noqa: S608 - of constants alone
# What was asked for keeps the newest alone: an older one must not pass for what was seen last.
_EXPIRED = f"({_LONG_AGO} AND NOT (digest IN ({_ASKED}) AND {IS_NEWEST}))"
_TABLES = (
    "DROP TABLE IF EXISTS temp.roots",
    "DROP TABLE IF EXISTS temp.referrers",
    "DROP TABLE IF EXISTS temp.live",
    "CREATE TEMP TABLE roots (digest TEXT)",
    "CREATE TEMP TABLE referrers (subject TEXT, digest TEXT)",
    "CREATE TEMP TABLE live (digest TEXT PRIMARY KEY) WITHOUT ROWID",
)
_UNREADABLE = "SELECT digest FROM manifests AS m WHERE NOT json_valid(CAST(m.data AS TEXT))"
_REFERRERS = """
    INSERT INTO referrers SELECT json_extract(CAST(data AS TEXT), '$.subject.digest'), digest
    FROM manifests
    WHERE instr(data, CAST('"subject"' AS BLOB)) AND json_valid(CAST(data AS TEXT))"""
_BY_SUBJECT = "CREATE INDEX temp.by_subject ON referrers (subject)"
_LIVE = f"""
    INSERT INTO live WITH RECURSIVE reached (digest) AS (
        SELECT digest FROM roots
        UNION {_ASKED}
        UNION SELECT digest FROM observations AS o WHERE NOT {_EXPIRED}
        UNION SELECT named.value FROM reached JOIN manifests AS m ON m.digest = reached.digest
            JOIN {_NAMED}
        UNION SELECT r.digest FROM reached JOIN referrers AS r ON r.subject = reached.digest)
    SELECT digest FROM reached"""  # noqa: S608 - of constants alone
_STATES = f"""
    SELECT {OBSERVATION_COLUMNS} FROM observations AS o WHERE {_EXPIRED}
    ORDER BY home, tag, last_seen DESC"""  # noqa: S608 - of constants alone
_DEAD = "SELECT digest, length(data) FROM {} WHERE digest NOT IN live ORDER BY digest"
_SET_ASIDE = "SELECT length(data) FROM quarantine WHERE set_aside_at < :before"
_REMOVE = (
    f"DELETE FROM observations AS o WHERE {_EXPIRED}",  # noqa: S608 - of constants alone
    f"DELETE FROM digests WHERE {_LONG_AGO}",  # noqa: S608 - of constants alone
    "DELETE FROM quarantine WHERE set_aside_at < :before",
)
_STILL_NAMED = f"""
    SELECT DISTINCT named.value FROM manifests AS m JOIN {_NAMED}
        AND named.value IN (SELECT digest FROM roots)"""  # noqa: S608 - of constants alone

_VACUUM_MIN_FREE_FRACTION = 20  # copying the file is, when one in so many bytes is free


class SqliteGarbage:
    """``GarbageCollector`` over one SQLite file and the folder of layers."""

    def __init__(self, database: Database, layers: LayerFiles) -> None:
        self._database = database
        self._layers = layers

    def snapshot(self) -> AbstractContextManager[None]:
        """See the port."""
        return self._database.snapshot()

    def transaction(self) -> AbstractContextManager[None]:
        """See the port."""
        return self._database.transaction() if self._database.exists else nullcontext()

    def find(self, roots: Iterable[Digest], before: datetime, files_before: datetime) -> Garbage:
        """See the port."""
        if not self._database.is_in_transaction:  # there was no file, whatever there is by now
            return Garbage()
        moment = {"before": format_utc(before)}
        unreadable = self._mark(roots, moment)
        return Garbage(
            observations=tuple(
                observation_of(row, self._database.path)
                for row in self._database.rows(_STATES, moment)
            ),
            manifests=self._unreachable("manifests"),
            configs=self._unreachable("blobs"),
            layers=tuple(self._dead_layers(files_before)),
            leftover=CountAndBytes.of(file.size for file in self._layers.left_over(files_before)),
            quarantined=CountAndBytes.of(
                size for (size,) in self._database.rows(_SET_ASIDE, moment)
            )
            + CountAndBytes.of(file.size for file in self._layers.quarantined_before(before)),
            unreadable=unreadable,
        )

    def remove(self, garbage: Garbage, before: datetime) -> None:
        """See the port."""
        for statement in _REMOVE if self._database.is_in_transaction else ():
            self._database.write(statement, [{"before": format_utc(before)}])
        for table, pieces in (("manifests", garbage.manifests), ("blobs", garbage.configs)):
            rows = ((str(piece.digest),) for piece in pieces)
            if pieces:
                self._database.write(f"DELETE FROM {table} WHERE digest = ?", rows)  # noqa: S608

    def remove_files(
        self, layers: Sequence[StoredContent], before: datetime, files_before: datetime
    ) -> tuple[StoredContent, ...]:
        """See the port. Within a transaction, so that nobody begins to name them meanwhile."""
        for file in (
            *self._layers.left_over(files_before),
            *self._layers.quarantined_before(before),
        ):
            self._layers.remove(file)
        if not layers:
            return ()
        with self._database.transaction():
            going = {piece.digest for piece in layers} - self._still_named(layers)
            for file in self._layers.held():
                if file.digest in going and file.changed_at < files_before:
                    self._layers.remove(file)
        return tuple(piece for piece in layers if piece.digest in going)

    def vacuum(self) -> int:
        """See the port."""
        before, free = self._database.space()
        if not free or free * _VACUUM_MIN_FREE_FRACTION < before:
            return 0
        self._database.rows("VACUUM")
        after, _ = self._database.space()
        return before - after

    def _mark(self, roots: Iterable[Digest], moment: dict[str, str]) -> int:
        unreadable = self._with_roots(map(str, roots))
        for statement in (_REFERRERS, _BY_SUBJECT):
            self._database.write(statement, [()])
        self._database.write(_LIVE, [moment])
        return unreadable

    def _with_roots(self, roots: Iterable[str]) -> int:
        for statement in _TABLES:
            self._database.write(statement, [()])
        unreadable = self._database.rows(_UNREADABLE)
        both = [*unreadable, *((root,) for root in roots)]
        self._database.write("INSERT INTO roots VALUES (?)", both)
        return len(unreadable)

    def _unreachable(self, table: str) -> tuple[StoredContent, ...]:
        with damage_if_unreadable(self._database.path, f"a digest in {table}"):
            rows = self._database.rows(_DEAD.format(table))
            return tuple(StoredContent(Digest.parse(digest), size) for digest, size in rows)

    def _dead_layers(self, files_before: datetime) -> Iterator[StoredContent]:
        for file in self._layers.held():
            if file.digest is None or file.changed_at >= files_before:
                continue
            if not self._database.rows("SELECT 1 FROM live WHERE digest = ?", (str(file.digest),)):
                yield StoredContent(file.digest, file.size)

    def _still_named(self, layers: Sequence[StoredContent]) -> set[Digest]:
        for statement in _TABLES:
            self._database.write(statement, [()])
        rows = ((str(piece.digest),) for piece in layers)
        self._database.write("INSERT INTO roots VALUES (?)", rows)
        return {Digest.parse(digest) for (digest,) in self._database.rows(_STILL_NAMED)}
