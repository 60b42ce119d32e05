"""Annotations and labels as texts, so that a search need not read and hash documents.

The texts of a document are one row: names and values, a line each. As with ``descriptors``,
triggers write a row with the bytes, and a foreign key removes it with them. It is a hint: what a
search finds is read from the documents again.
"""

_LINES = "group_concat(a.key || char(10) || a.value, char(10))"


def _document(row: str) -> str:
    return f"CASE WHEN json_valid(CAST({row}.data AS TEXT)) THEN CAST({row}.data AS TEXT) END"


def _has(row: str, member: str) -> str:
    return f"instr({row}.data, CAST('\"{member}\"' AS BLOB))"


def _annotation_lines(row: str, tables: str = "") -> str:
    document = _document(row)
    return f"""{_LINES} FROM (
        SELECT {row}.digest, one.key, one.value
        FROM {tables}json_each({document}, '$.annotations') AS one
        WHERE one.type = 'text' AND {_has(row, "annotations")}
        UNION ALL
        SELECT {row}.digest, one.key, one.value
        FROM {tables}json_each({document}, '$.manifests') AS entry,
            json_each(entry.value, '$.annotations') AS one
        WHERE entry.type = 'object' AND one.type = 'text' AND {_has(row, "annotations")}) AS a"""


def _label_lines(row: str, tables: str = "") -> str:
    return f"""{_LINES}
    FROM {tables}json_each({_document(row)}, '$.config.Labels') AS a
    WHERE a.type = 'text' AND {_is_config(row)}"""


def _annotations_of(row: str, tables: str = "") -> str:
    return f"""INSERT INTO annotation_texts (manifest, text)
    SELECT digest, {_annotation_lines(row, tables)}
    GROUP BY digest"""


def _labels_of(row: str, tables: str = "") -> str:
    return f"""INSERT INTO label_texts (config, text)
    SELECT {row}.digest, {_label_lines(row, tables)}
    GROUP BY {row}.digest"""


def _is_config(row: str) -> str:
    return f"length({row}.data) <= {4 * 1024 * 1024} AND {_has(row, 'Labels')}"


FILL = (_annotations_of("m", "manifests AS m, "), _labels_of("b", "blobs AS b, "))
CREATE = (
    """CREATE TABLE "annotation_texts" (
   "manifest" TEXT PRIMARY KEY NOT NULL REFERENCES "manifests"("digest") ON DELETE CASCADE,
   "text" TEXT NOT NULL
) WITHOUT ROWID""",
    """CREATE TABLE "label_texts" (
   "config" TEXT PRIMARY KEY NOT NULL REFERENCES "blobs"("digest") ON DELETE CASCADE,
   "text" TEXT NOT NULL
) WITHOUT ROWID""",
    *FILL,
    f"""CREATE TRIGGER "texts_of_new_manifest" AFTER INSERT ON "manifests"
WHEN {_has("NEW", "annotations")} BEGIN
    {_annotations_of("NEW")};
END""",
    f"""CREATE TRIGGER "texts_of_healed_manifest" AFTER UPDATE OF "data" ON "manifests" BEGIN
    DELETE FROM annotation_texts WHERE manifest = NEW.digest;
    {_annotations_of("NEW")};
END""",
    f"""CREATE TRIGGER "texts_of_new_blob" AFTER INSERT ON "blobs"
WHEN {_is_config("NEW")} BEGIN
    {_labels_of("NEW")};
END""",
    f"""CREATE TRIGGER "texts_of_healed_blob" AFTER UPDATE OF "data" ON "blobs" BEGIN
    DELETE FROM label_texts WHERE config = NEW.digest;
    {_labels_of("NEW")};
END""",
)


def _different(table: str, texts: str, key: str, lines: str) -> str:
    """Return SQL for the documents whose text is not ``lines``, the one that their bytes have."""
    return f"""SELECT CAST(m.digest AS BLOB), m.data FROM {table} AS m
    WHERE (SELECT text FROM {texts} WHERE {key} = m.digest) IS NOT (SELECT {lines})"""


SELECT_DIFFERENT = (
    _different("manifests", "annotation_texts", "manifest", _annotation_lines("m")),
    _different("blobs", "label_texts", "config", _label_lines("m")),
)
REBUILD = ("DELETE FROM annotation_texts", "DELETE FROM label_texts", *FILL)
