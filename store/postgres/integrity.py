"""Integrity in PostgreSQL: rows are checked as in SQLite; the structure is the server's affair."""

from collections.abc import Iterator

from manyfest.domain.ports.integrity import ContentKind, Damage
from manyfest.store.maintenance.integrity import SqlIntegrity
from manyfest.store.maintenance.quarantine import Quarantine
from manyfest.store.rows import OBSERVATION_COLUMNS


def _bytes(column: str) -> str:
    return f"convert_to({column}::text, 'UTF8')"


# IN and EXISTS may read all manifests for each page, or for each row; this looks into the index.
_IS_STORED = "(SELECT true FROM manifests AS m WHERE m.digest = observations.digest) IS NOT NULL"
_OBSERVATION_BYTES = ", ".join(map(_bytes, OBSERVATION_COLUMNS.split(", ")))


_OF_ALL = """
    SELECT m.digest AS manifest, d.role, d.position, d.digest
    FROM manifests AS m, descriptors_of(m.document) AS d"""
_OF_INDEX = "SELECT manifest, role, position, digest FROM main.descriptors"
_DIFFERENT = f"""
    (({_OF_ALL}) EXCEPT {_OF_INDEX}) UNION ALL ({_OF_INDEX} EXCEPT ({_OF_ALL})) LIMIT 1"""


def _texts(table: str, origin: str, lines: str) -> tuple[str, str]:
    """Return statements that make the texts of all rows of ``origin`` again."""
    return (
        f"DELETE FROM main.{table}",
        f"""INSERT INTO main.{table} SELECT o.digest, t.text FROM {origin} AS o, LATERAL (
            SELECT string_agg(l.line, chr(10)) FROM {lines} AS l HAVING count(*) > 0) AS t(text)""",
    )


_REBUILD = (
    "DELETE FROM main.descriptors",
    f"INSERT INTO main.descriptors (manifest, role, position, digest) {_OF_ALL}",
    *_texts("annotation_texts", "manifests", "annotation_lines(o.document)"),
    *_texts("label_texts", "blobs", "label_lines(o.digest, o.data, o.document)"),
)


class PostgresQuarantine(Quarantine):
    """The quarantine, in PostgreSQL's words."""

    text_bytes = _bytes("{}")
    data_bytes = "data"

    def row_as_json(self, table: str) -> str:
        return f"to_jsonb({table})"


class PostgresIntegrity(SqlIntegrity):
    """``Integrity`` in PostgreSQL.

    A page that the server cannot read is an error with SQLSTATE XX001, and so damage (``errors``).
    """

    quarantine_of = PostgresQuarantine
    rows_of = {  # noqa: RUF012 - as the class above has them
        ContentKind.MANIFEST: f"""
            SELECT rowid, {_bytes("digest")}, 'blob', data, {_bytes("media_type")}
            FROM manifests WHERE rowid""",
        ContentKind.CONFIG: f"""
            SELECT rowid, {_bytes("digest")}, 'blob', data FROM blobs WHERE rowid""",
        ContentKind.STATE: f"""
            SELECT id, {_OBSERVATION_BYTES}, {_IS_STORED}
            FROM observations WHERE id""",
        ContentKind.DRAFT: f"SELECT rowid, {_bytes('name')} FROM drafts WHERE rowid",
    }

    orphaned_entries = f"""
        SELECT rowid, {_bytes("draft")} FROM entries
        WHERE draft NOT IN (SELECT name FROM drafts)"""

    def _check_structure(self) -> Iterator[Damage | None]:
        """Check the index of descriptors; the server keeps its files itself."""
        if self._database.exists:
            differs = self._database.rows(_DIFFERENT)
            reason = "the index of descriptors differs from the manifests"
            yield self._file_damage(reason) if differs else None

    def _reindex(self) -> None:
        """Rebuild the index of descriptors, and the texts of annotations and labels."""
        for statement in _REBUILD:
            self._database.write(statement, [()])
