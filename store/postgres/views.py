"""The SQL views of PostgreSQL: the names and columns of ``maintenance.views``.

Those that take JSON apart are written here, over the documents that the server has parsed; the rest
are SQLite's statements.
"""

from collections.abc import Iterator

from manyfest.domain.media_types import LISTS
from manyfest.store.maintenance.views import PLATFORM, VIEWS
from manyfest.store.postgres.statements import as_postgres

_LISTS = ", ".join(f"'{media_type}'" for media_type in sorted(LISTS))


def _elements(member: str) -> str:
    """Return SQL for the elements of an array, with their numbers; none if it is no array."""
    array = f"d.document -> '{member}'"
    checked = f"CASE jsonb_typeof({array}) WHEN 'array' THEN {array} END"
    return f"jsonb_array_elements({checked}) WITH ORDINALITY AS e(value, number)"


def _members(document: str) -> str:
    """Return SQL for the members of an object; none if it is no object."""
    checked = f"CASE jsonb_typeof({document}) WHEN 'object' THEN {document} END"
    return f"jsonb_each({checked}) AS a(key, value)"


def _platform_members(document: str) -> str:
    members = ("os", "os"), ("os.version", "os_version"), ("architecture", "architecture")
    return ", ".join(
        f"coalesce({document} ->> '{member}', '') AS {name}"
        for member, name in (*members, ("variant", "variant"))
    )


_DESCRIPTOR = """
    e.number::integer - 1 AS position, e.value ->> 'digest' AS digest,
    e.value ->> 'mediaType' AS media_type,
    CASE jsonb_typeof(e.value -> 'size') WHEN 'number' THEN trunc((e.value ->> 'size')::numeric) END
        AS size"""
_IS_OBJECT = "jsonb_typeof(e.value) = 'object'"
_OWN = {
    "documents": """
        SELECT digest, media_type, length(data) AS size, document FROM manyfest.manifests""",
    "configs": """
        SELECT m.digest AS manifest, m.media_type, length(m.data) AS size,
            coalesce(b.document, CASE WHEN length(b.data) > 1048576
                THEN manyfest.document(b.digest, b.data) END) AS document
        FROM manyfest.manifests AS m
        JOIN manyfest.blobs AS b ON b.digest = m.document -> 'config' ->> 'digest'""",
    "manifests": f"""
        SELECT digest, media_type,
            CASE WHEN media_type IN ({_LISTS}) THEN 'list' ELSE 'image' END AS kind, size,
            document ->> 'artifactType' AS artifact_type,
            document -> 'subject' ->> 'digest' AS subject
        FROM manyfest_views.documents""",
    "listed": f"""
        SELECT list, position, digest, media_type, size, {PLATFORM} AS platform,
            os, os_version, architecture, variant
        FROM (SELECT d.digest AS list, {_DESCRIPTOR},
                {_platform_members("e.value -> 'platform'")}
            FROM manyfest_views.documents AS d, {_elements("manifests")}
            WHERE {_IS_OBJECT}) AS l""",
    "alone": f"""
        SELECT digest AS list, 0 AS position, digest, media_type, size::numeric AS size,
            {PLATFORM} AS platform, os, os_version, architecture, variant
        FROM (SELECT manifest AS digest, media_type, size, {_platform_members("document")}
            FROM manyfest_views.configs) AS c
        WHERE os != ''""",
    "layers": f"""
        SELECT d.digest AS manifest, {_DESCRIPTOR}
        FROM manyfest_views.documents AS d, {_elements("layers")} WHERE {_IS_OBJECT}""",
    "annotations": f"""
        SELECT d.digest AS manifest, NULL::text AS entry, a.key AS name, a.value #>> '{{}}' AS value
        FROM manyfest_views.documents AS d, {_members("d.document -> 'annotations'")}
        WHERE jsonb_typeof(a.value) = 'string'
        UNION ALL
        SELECT d.digest, e.value ->> 'digest', a.key, a.value #>> '{{}}'
        FROM manyfest_views.documents AS d, {_elements("manifests")},
            {_members("e.value -> 'annotations'")}
        WHERE {_IS_OBJECT} AND jsonb_typeof(a.value) = 'string'""",
    "labels": f"""
        SELECT c.manifest, a.key AS name, a.value #>> '{{}}' AS value
        FROM manyfest_views.configs AS c, {_members("c.document -> 'config' -> 'Labels'")}
        WHERE jsonb_typeof(a.value) = 'string'""",
}


# SQLite's function, for the views and for queries that run on both engines.
_INSTR = """
    CREATE OR REPLACE FUNCTION manyfest_views.instr(value text, part text) RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT strpos(value, part) $$"""


# Views of which ``packages`` was made once.
_DROP_FORMER = """
    DROP VIEW IF EXISTS manyfest_views.placed, manyfest_views.stated, manyfest_views.seen,
        manyfest_views.subjects, manyfest_views.contained, manyfest_views.carriers"""


# Whose queries could read the views may read new ones.
_GRANT = """
    DO $$ BEGIN
        IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'manyfest_query')
            AND has_table_privilege('manyfest_query', 'manyfest_views.tags', 'SELECT')
        THEN GRANT SELECT ON ALL TABLES IN SCHEMA manyfest_views TO manyfest_query;
        END IF;
    END $$"""


def view_statements() -> Iterator[str]:
    """Yield the statements that make all views, in the schema ``manyfest_views``."""
    yield _INSTR
    for view in VIEWS:
        statement = _OWN.get(view.name) or as_postgres(view.statement).replace("%%", "%")
        yield f"CREATE OR REPLACE VIEW manyfest_views.{view.name} AS {statement}"
    yield from (_DROP_FORMER, _GRANT)
