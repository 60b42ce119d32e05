"""The content store in PostgreSQL: a group of content is one statement, not one for each row."""

from collections.abc import Sequence
from typing import Any

from manyfest.store.content_store import UPSERT_BLOB, UPSERT_MANIFEST, SqlContentStore

_MANIFESTS = """
    INSERT INTO manifests (digest, media_type, data)
    SELECT digest, media_type, data
    FROM unnest(CAST(:digest AS text[]), CAST(:media_type AS text[]), CAST(:data AS bytea[]))
        AS new(digest, media_type, data)
    WHERE NOT EXISTS (
        SELECT 1 FROM manifests AS m WHERE m.digest = new.digest AND m.data = new.data)
    ORDER BY digest
    ON CONFLICT (digest) DO UPDATE SET data = excluded.data WHERE manifests.data != excluded.data"""
_BLOBS = """
    INSERT INTO blobs (digest, data)
    SELECT digest, data
    FROM unnest(CAST(:digest AS text[]), CAST(:data AS bytea[])) AS new(digest, data)
    WHERE NOT EXISTS (SELECT 1 FROM blobs AS b WHERE b.digest = new.digest AND b.data = new.data)
    ORDER BY digest
    ON CONFLICT (digest) DO UPDATE SET data = excluded.data WHERE blobs.data != excluded.data"""
_OF_GROUPS = {UPSERT_MANIFEST: _MANIFESTS, UPSERT_BLOB: _BLOBS}


class PostgresContentStore(SqlContentStore):
    """``ContentStore`` in PostgreSQL."""

    def _upsert(self, statement: str, group: Sequence[dict[str, Any]]) -> None:
        """Keep a group; one statement may name a row once."""
        rows = tuple({row["digest"]: row for row in group}.values())
        columns = {name: [row[name] for row in rows] for name in rows[0]}
        self._database.write(_OF_GROUPS[statement], [columns])
