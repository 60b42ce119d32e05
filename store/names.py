"""Names of drafts and cached tags by their beginning, for completion in the shell."""

from manyfest.store.sqlite.database import Database

_NAMES = """
    SELECT name FROM drafts WHERE substr(name, 1, length(:prefix)) = :prefix
    UNION
    SELECT home || ':' || tag FROM observations
    WHERE substr(home || ':' || tag, 1, length(:prefix)) = :prefix
    ORDER BY 1 LIMIT :limit"""
_DRAFTS = """
    SELECT name FROM drafts WHERE substr(name, 1, length(:prefix)) = :prefix
    ORDER BY 1 LIMIT :limit"""


def names_of_drafts(database: Database, prefix: str, limit: int) -> list[str]:
    """Return at most ``limit`` names of drafts, in full, that begin with ``prefix``, sorted."""
    rows = database.rows(_DRAFTS, {"prefix": prefix, "limit": limit})
    return [name for (name,) in rows]


def names_of_manifests(database: Database, prefix: str, limit: int) -> list[str]:
    """As ``names_of_drafts``, but of drafts and of all tags that were observed."""
    rows = database.rows(_NAMES, {"prefix": prefix, "limit": limit})
    return [name for (name,) in rows]
