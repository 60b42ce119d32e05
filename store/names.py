"""Names of drafts and cached tags by their beginning, for completion in the shell."""

import json
from collections.abc import Sequence

from manyfest.store.sqlite.database import Database

# ``starts`` is a JSON array, so that one look at a table finds names with any of its beginnings.
_STARTS = """EXISTS (
        SELECT 1 FROM json_each(:starts) AS start
        WHERE substr({name}, 1, length(start.value)) = start.value)"""
_DRAFTS = f"SELECT name FROM drafts WHERE {_STARTS.format(name='name')}"  # noqa: S608 -- constants
_TAGS = f"""
    SELECT DISTINCT home || ':' || tag FROM observations
    WHERE {_STARTS.format(name="home || ':' || tag")}"""  # noqa: S608 -- constants
_ORDERED = "ORDER BY 1 LIMIT :limit"


def names_of_drafts(database: Database, starts: Sequence[str], limit: int) -> list[str]:
    """Return at most ``limit`` names of drafts that begin with one of ``starts``, sorted."""
    return _names(database, f"{_DRAFTS} {_ORDERED}", starts, limit)


def names_of_manifests(database: Database, starts: Sequence[str], limit: int) -> list[str]:
    """As ``names_of_drafts``, but of drafts and of all tags that were observed."""
    return _names(database, f"{_DRAFTS} UNION {_TAGS} {_ORDERED}", starts, limit)


def _names(database: Database, statement: str, starts: Sequence[str], limit: int) -> list[str]:
    rows = database.rows(statement, {"starts": json.dumps(list(starts)), "limit": limit})
    return [name for (name,) in rows]
