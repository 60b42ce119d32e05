"""SQL views over the stored bytes, made with SQLite's JSON functions.

The views store nothing, so nothing can become stale. They are TEMP views of one connection, so they
need no migration and work on a file that cannot be written. Each hashes the bytes it reads: damaged
content counts as an empty document. Packages, descriptors and texts come from tables, which are
written with the bytes (``store.packages``, ``store.sqlite.descriptors``, ``store.sqlite.texts``).

Each table is read through a private view, whose name a query cannot know. SQLite's authorizer tells
a table's reader by the name that the FROM clause has, and a query can give any name that it knows
to a common table expression of its own.
"""

import hashlib
import os
import re
import sqlite3

from manyfest.domain.digests import HEX_LENGTHS
from manyfest.domain.media_types import LISTS
from manyfest.domain.ports.queries import QueryView
from manyfest.domain.references import ARCHIVE_SCHEMES, LAYOUT_SCHEME
from manyfest.store.maintenance.package_views import PACKAGES, REFERENCE, ViewDefinition
from manyfest.store.rows import IS_NEWEST

_LISTS = ", ".join(f"'{media_type}'" for media_type in sorted(LISTS))
_FILES = " OR ".join(
    f"substr(home, 1, {len(scheme)}) = '{scheme}'" for scheme in (LAYOUT_SCHEME, *ARCHIVE_SCHEMES)
)
REGISTRY_OF_HOME = f"""
    CASE WHEN {_FILES} THEN substr(home, 1, instr(home, ':') - 1)
        ELSE substr(home, 1, instr(home, '/') - 1) END"""
_HOME = f"""{REGISTRY_OF_HOME} AS registry,
    CASE WHEN {_FILES} THEN substr(home, instr(home, ':') + 1)
        ELSE substr(home, instr(home, '/') + 1) END AS repository,
    tag, {REFERENCE}"""
PLATFORM = """
    os || CASE WHEN os_version = '' THEN '' ELSE '(' || os_version || ')' END || '/' || architecture
        || CASE WHEN variant = '' THEN '' ELSE '/' || variant END"""

_PLATFORM_COLUMNS = (
    "list, position, digest, media_type, size, platform, os, os_version, architecture, variant"
)


def _document(table: str) -> str:
    """Return SQL for a row's bytes as text; NULL if they are damaged or no JSON."""
    return (
        f"CASE WHEN json_valid(CAST({table}.data AS TEXT))"
        f" THEN intact({table}.digest, {table}.data) END"
    )


def _platform_members(document: str, path: str) -> str:
    members = ("os", "os"), ("os.version", "os_version"), ("architecture", "architecture")
    return ", ".join(
        f"""coalesce(json_extract({document}, '{path}."{member}"'), '') AS {name}"""
        for member, name in (*members, ("variant", "variant"))
    )


VIEWS = (
    ViewDefinition(
        "documents",
        "",
        "digest, media_type, size, document",
        f"""SELECT m.digest, m.media_type, length(m.data) AS size, {_document("m")} AS document
            FROM main.manifests AS m""",
    ),
    ViewDefinition(
        "configs",
        "",
        "manifest, media_type, size, document",
        # json_each over an array of one makes SQLite hash the bytes once, not once per column.
        f"""SELECT d.digest AS manifest, d.media_type, d.size, one.value AS document
            FROM temp.documents AS d
            JOIN main.blobs AS b ON b.digest = json_extract(d.document, '$.config.digest')
            JOIN json_each(json_array({_document("b")})) AS one""",
    ),
    ViewDefinition(
        "tags",
        "what each tag pointed to when it was seen last (claimed is 1: a bundle says so)",
        "registry, repository, tag, reference, digest, media_type, first_seen, last_seen, claimed",
        f"""SELECT {_HOME}, o.digest, media_type, first_seen, last_seen, claimed
            FROM main.observations AS o JOIN main.manifests AS m ON m.digest = o.digest
            WHERE {IS_NEWEST}""",
    ),
    ViewDefinition(
        "history",
        "all that each tag was seen to point to (claimed is 1: a bundle says so)",
        "registry, repository, tag, reference, digest, media_type, first_seen, last_seen, claimed",
        f"""SELECT {_HOME}, o.digest, media_type, first_seen, last_seen, claimed
            FROM main.observations AS o JOIN main.manifests AS m ON m.digest = o.digest""",
    ),
    ViewDefinition(
        "manifests",
        "images and lists",
        "digest, media_type, kind ('image' or 'list'), size, artifact_type, subject",
        f"""SELECT digest, media_type,
            CASE WHEN media_type IN ({_LISTS}) THEN 'list' ELSE 'image' END AS kind, size,
            json_extract(document, '$.artifactType') AS artifact_type,
            json_extract(document, '$.subject.digest') AS subject
            FROM temp.documents""",
    ),
    ViewDefinition(
        "listed",
        "",
        _PLATFORM_COLUMNS,
        f"""SELECT list, position, digest, media_type, size, {PLATFORM} AS platform,
                os, os_version, architecture, variant
            FROM (SELECT d.digest AS list, e.key AS position,
                json_extract(e.value, '$.digest') AS digest,
                json_extract(e.value, '$.mediaType') AS media_type,
                json_extract(e.value, '$.size') AS size,
                {_platform_members("e.value", "$.platform")}
                FROM temp.documents AS d, json_each(d.document, '$.manifests') AS e
                WHERE e.type = 'object')""",
    ),
    ViewDefinition(
        "alone",
        "",
        _PLATFORM_COLUMNS,
        f"""SELECT digest AS list, 0 AS position, digest, media_type, size, {PLATFORM} AS platform,
                os, os_version, architecture, variant
            FROM (SELECT manifest AS digest, media_type, size, {_platform_members("document", "$")}
                FROM temp.configs)
            WHERE os != ''""",
    ),
    ViewDefinition(
        "platforms",
        "what lists list; an image whose config is held is listed as its own and only entry",
        _PLATFORM_COLUMNS,
        "SELECT * FROM temp.listed UNION ALL SELECT * FROM temp.alone",
    ),
    ViewDefinition(
        "layers",
        "the layers of images",
        "manifest, position, digest, media_type, size",
        """SELECT d.digest AS manifest, e.key AS position,
            json_extract(e.value, '$.digest') AS digest,
            json_extract(e.value, '$.mediaType') AS media_type,
            json_extract(e.value, '$.size') AS size
            FROM temp.documents AS d, json_each(d.document, '$.layers') AS e
            WHERE e.type = 'object'""",
    ),
    ViewDefinition(
        "descriptors",
        "which manifest names which digest (role: entry, config, layer or subject), by an index",
        "manifest, role, position, digest",
        "SELECT manifest, role, position, digest FROM main.descriptors",
    ),
    ViewDefinition(
        "annotations",
        "of manifests (entry is NULL), and of a list's entries by their digests",
        "manifest, entry, name, value",
        """SELECT d.digest AS manifest, NULL AS entry, a.key AS name, a.value
            FROM temp.documents AS d, json_each(d.document, '$.annotations') AS a
            WHERE a.type = 'text'
            UNION ALL
            SELECT d.digest, json_extract(e.value, '$.digest'), a.key, a.value
            FROM temp.documents AS d, json_each(d.document, '$.manifests') AS e,
                json_each(e.value, '$.annotations') AS a
            WHERE e.type = 'object' AND a.type = 'text'""",
    ),
    ViewDefinition(
        "labels",
        "labels of images whose config is held",
        "manifest, name, value",
        """SELECT c.manifest, l.key AS name, l.value
            FROM temp.configs AS c, json_each(c.document, '$.config.Labels') AS l
            WHERE l.type = 'text'""",
    ),
    ViewDefinition(
        "texts",
        "all annotations or labels of a manifest as one text, for a search (kind: which of them)",
        "kind, manifest, text",
        """SELECT 'annotations' AS kind, manifest, text FROM main.annotation_texts
            UNION ALL
            SELECT 'labels', d.manifest, t.text
            FROM main.label_texts AS t CROSS JOIN main.descriptors AS d
            WHERE d.digest = t.config AND d.role = 'config'""",
    ),
    PACKAGES,
    ViewDefinition(
        "drafts",
        "lists being assembled",
        "name, entries, created_at, changed_at, pushed",
        """SELECT name, (SELECT count(*) FROM main.entries WHERE draft = name) AS entries,
            created_at, changed_at, pushed FROM main.drafts""",
    ),
)


_HASHES = {algorithm: getattr(hashlib, algorithm) for algorithm in HEX_LENGTHS}
_SECRET = os.urandom(8).hex()
_TABLES = (
    *("blobs", "descriptors", "digests", "drafts", "entries"),
    *("manifests", "observations", "packages", "annotation_texts", "label_texts"),
)
# The views through which all others read tables, and the table of each.
PRIVATE_VIEWS = {f"{table}_{_SECRET}": table for table in _TABLES}


def query_views() -> tuple[QueryView, ...]:
    """Return the views that a query may name, described."""
    return tuple(QueryView(view.name, view.about, view.columns) for view in VIEWS if view.about)


def make_views(connection: sqlite3.Connection) -> None:
    """Add the views, and the SQL function they need. Raises sqlite3.Error."""
    connection.create_function("intact", 2, _intact, deterministic=True)
    for private, table in PRIVATE_VIEWS.items():
        connection.execute(f"CREATE TEMP VIEW {private} AS SELECT * FROM main.{table}")
    for view in VIEWS:
        statement = re.sub(r"\bmain\.(\w+)", rf"temp.\1_{_SECRET}", view.statement)
        connection.execute(f"CREATE TEMP VIEW {view.name} AS {statement}")


def _intact(digest: object, data: object) -> str | None:
    """Return ``data`` as text if it matches the digest and is UTF-8, else None."""
    if not isinstance(digest, str) or not isinstance(data, bytes):
        return None
    algorithm, _, expected = digest.partition(":")
    hashed = _HASHES.get(algorithm)
    if hashed is None or hashed(data).hexdigest() != expected:
        return None
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None
