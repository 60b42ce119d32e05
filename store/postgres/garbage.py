"""Garbage collection in PostgreSQL: reachability as one recursive query, without temporary tables.

The theory of ``maintenance.garbage`` holds. A dry run takes one snapshot and needs no write access;
a real one runs while no other transaction does (``exclusive``). The documents are there as jsonb,
so following them is cheap; one statement returns all that nothing reaches. It takes the links from
the index of descriptors first: the recursion then joins one table, in few rounds. The result goes
through an array, because the server overestimates a recursion, and would hash it into a thousand
files.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from manyfest.domain.digests import Digest
from manyfest.domain.ports.garbage import StoredContent
from manyfest.store.maintenance.garbage import SqlGarbageCollector
from manyfest.store.rows import IS_NEWEST, OBSERVATION_COLUMNS
from manyfest.store.sqlite.database import Row

_DAY, _TIME = "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])", "[0-2][0-9]:[0-5][0-9]:"
_IS_OLD = f"(last_seen ~ '^{_DAY}T{_TIME}' AND last_seen < :before)"
_READ_DIGESTS = f"SELECT digest FROM digests WHERE NOT {_IS_OLD}"
# EXISTS can use the index where the digests are too many for a hash.
_IS_READ = f"EXISTS ({_READ_DIGESTS} AND digests.digest = o.digest)"
_IS_EXPIRED = f"({_IS_OLD} AND NOT ({_IS_READ} AND {IS_NEWEST}))"
_SELECT_EXPIRED = f"""
    SELECT {OBSERVATION_COLUMNS} FROM observations AS o WHERE {_IS_EXPIRED}
    ORDER BY home, tag, last_seen DESC"""
_NAMED = """
    jsonb_path_query(m.document, 'strict $.**.digest ? (@.type() == "string")') #>> '{}'"""
# Of images and lists, the index has all that they name; of other documents, any digest counts.
_LINKS = f"""
    SELECT manifest, digest FROM main.descriptors
    UNION ALL SELECT m.digest, {_NAMED} FROM manifests AS m
    WHERE NOT jsonb_exists_any(m.document, ARRAY['manifests', 'layers'])"""
_UNREACHED = "FROM {} AS c WHERE NOT EXISTS (SELECT 1 FROM live AS l WHERE l.digest = c.digest)"
_SELECT_UNREACHABLE = f"""
    WITH RECURSIVE links (source, digest) AS MATERIALIZED (
        {_LINKS} UNION ALL SELECT digest, manifest FROM main.descriptors WHERE role = 'subject'),
    reached (digest) AS (
        SELECT digest FROM (
            SELECT unnest(CAST(:roots AS text[])) AS digest
            UNION SELECT digest FROM manifests WHERE document IS NULL
            UNION {_READ_DIGESTS}
            UNION SELECT digest FROM observations AS o WHERE NOT {_IS_EXPIRED}) AS seeds
        UNION
        SELECT links.digest FROM reached JOIN links ON links.source = reached.digest),
    live (digest) AS MATERIALIZED (SELECT unnest((SELECT array_agg(digest) FROM reached)))
    SELECT * FROM (
        SELECT 'manifests' AS kind, digest, length(data) AS size {_UNREACHED.format("manifests")}
        UNION ALL SELECT 'blobs', digest, length(data) {_UNREACHED.format("blobs")}
        UNION ALL SELECT 'layers', digest, 0
        {_UNREACHED.format("unnest(CAST(:layers AS text[]))").replace("AS c", "AS c(digest)")}
        ) AS unreached
    ORDER BY kind, digest"""
_SELECT_UNREADABLE = "SELECT count(*) FROM manifests WHERE document IS NULL"
_SELECT_STILL_NAMED = f"""
    SELECT DISTINCT digest FROM ({_LINKS}) AS links
    WHERE digest = ANY(CAST(? AS text[]))"""


class PostgresGarbageCollector(SqlGarbageCollector):
    """``GarbageCollector`` in PostgreSQL, and in the folder of layers of this machine."""

    select_expired = _SELECT_EXPIRED
    delete_expired = (
        f"DELETE FROM observations AS o WHERE {_IS_EXPIRED}",
        "DELETE FROM quarantine WHERE set_aside_at < :before",
    )
    delete_reads = f"""
        DELETE FROM digests WHERE {_IS_OLD}
            AND NOT EXISTS (SELECT 1 FROM manifests AS m WHERE m.digest = digests.digest)"""
    _found: Sequence[Row] = ()

    def vacuum(self) -> int:
        """Return 0: the server reuses what is free (autovacuum)."""
        return 0

    def _mark(self, roots: Iterable[str], parameters: dict[str, str]) -> int:
        layers = [str(file.digest) for file in self._layers.layers()]
        arrays = {"roots": list(roots), "layers": layers}
        self._found = self._database.rows(_SELECT_UNREACHABLE, {**parameters, **arrays})
        ((unreadable,),) = self._database.rows(_SELECT_UNREADABLE)
        return int(unreadable)

    def _unreachable(self, table: str) -> tuple[StoredContent, ...]:
        return tuple(
            StoredContent(Digest.parse(digest), size)
            for kind, digest, size in self._found
            if kind == table
        )

    def _unreachable_layers(self, files_before: datetime) -> Iterator[StoredContent]:
        unreached = {digest for kind, digest, _ in self._found if kind == "layers"}
        for file in self._layers.layers():
            is_old = file.digest is not None and file.changed_at < files_before
            if is_old and str(file.digest) in unreached and file.digest is not None:
                yield StoredContent(file.digest, file.size)

    def _still_named(self, layers: Sequence[StoredContent]) -> set[Digest]:
        digests = [str(piece.digest) for piece in layers]
        rows = self._database.rows(_SELECT_STILL_NAMED, (digests,))
        return {Digest.parse(digest) for (digest,) in rows}
