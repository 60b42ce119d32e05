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


# The tables of texts: the key, the origin, and the lines of a row ``o`` of it.
_TEXTS = {
    "annotation_texts": ("manifest", "manifests", "annotation_lines(o.document)"),
    "label_texts": ("config", "blobs", "label_lines(o.digest, o.data, o.document)"),
}


def _made(lines: str) -> str:
    """Return SQL for the text that a row ``o`` should have; NULL without lines."""
    return f"(SELECT string_agg(l.line, chr(10)) FROM {lines} AS l)"


def _sorted(text: str) -> str:
    """Return SQL for ``text`` by its lines: an older schema may have kept them in another order."""
    return f"ARRAY(SELECT unnest(string_to_array({text}, chr(10))) ORDER BY 1)"


def _different_texts(table: str, key: str, origin: str, lines: str) -> str:
    """Return SQL for a row of ``origin`` whose text is not the one that its document has."""
    return f"""
        SELECT o.digest FROM {origin} AS o LEFT JOIN main.{table} AS t ON t.{key} = o.digest
        CROSS JOIN LATERAL (SELECT {_made(lines)}) AS made(text)
        WHERE t.text IS DISTINCT FROM made.text AND {_sorted("t.text")} <> {_sorted("made.text")}
        LIMIT 1"""


# Statements that find a row of an index that differs from its document, by the reason to tell.
_INDEXES = {
    "the index of descriptors differs from the manifests": (_DIFFERENT,),
    "the index of texts differs from the documents": tuple(
        _different_texts(table, *of_table) for table, of_table in _TEXTS.items()
    ),
}
_REBUILD = (
    "DELETE FROM main.descriptors",
    f"INSERT INTO main.descriptors (manifest, role, position, digest) {_OF_ALL}",
    *(f"DELETE FROM main.{table}" for table in _TEXTS),
    *(
        f"""INSERT INTO main.{table} SELECT o.digest, t.text FROM {origin} AS o, LATERAL (
            SELECT {_made(lines)}) AS t(text) WHERE t.text IS NOT NULL"""
        for table, (_, origin, lines) in _TEXTS.items()
    ),
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
        """Check the indexes of documents; the server keeps its files itself."""
        if self._database.exists:
            for reason, statements in _INDEXES.items():
                differs = any(map(self._database.rows, statements))
                yield self._file_damage(reason) if differs else None

    def _reindex(self) -> None:
        """Rebuild the index of descriptors, and the texts of annotations and labels."""
        for statement in _REBUILD:
            self._database.write(statement, [()])
