"""The catalogue's statements that differ between databases, as PostgreSQL has them."""

from manyfest.store.maintenance.catalogue import HAS_CONFIG, SqlCatalogue

_WANTED = "FROM jsonb_array_elements_text(CAST(? AS jsonb)) AS wanted(value) JOIN"


class PostgresCatalogue(SqlCatalogue):
    """``Catalogue`` in PostgreSQL."""

    entries = f"""
        SELECT l.list, l.platform, l.digest, m.digest IS NOT NULL
        {_WANTED} listed AS l ON l.list = wanted.value
        LEFT JOIN main.manifests AS m ON m.digest = l.digest
        ORDER BY l.list, l.position"""
    own_platforms = f"""
        SELECT a.list, a.platform {_WANTED} alone AS a ON a.list = wanted.value {HAS_CONFIG}"""
    layers_sizes = """
        SELECT number, coalesce(sum(size), 0) FROM (
            SELECT DISTINCT pair.value ->> 0 AS number, l.digest, l.size
            FROM jsonb_array_elements(CAST(? AS jsonb)) AS pair(value)
            JOIN layers AS l ON l.manifest = pair.value ->> 1) AS layer
        GROUP BY number"""
    registries = """
        SELECT registry, tags, number, size
        FROM (
            SELECT registry, count(DISTINCT reference) AS tags FROM history GROUP BY registry) AS t
        JOIN (SELECT registry, count(*) AS number, sum(size) AS size FROM (
                SELECT DISTINCT registry, h.digest, length(data) AS size
                FROM history AS h JOIN main.manifests AS m ON m.digest = h.digest) AS d
            GROUP BY registry) AS m USING (registry)
        ORDER BY registry"""
