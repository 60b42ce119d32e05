"""SQL that is written for SQLite, as PostgreSQL and psycopg have it."""

import re
from functools import lru_cache

_PARTS = re.compile(r"'[^']*'|\?|(?<![:\w]):([a-z]\w*)|\b(main|temp)\.|%")
_SCHEMAS = {"main": "manyfest.", "temp": "manyfest_views."}


@lru_cache(maxsize=256)
def as_postgres(statement: str) -> str:
    """Return ``statement`` with psycopg's placeholders and our schemas.

    ``?`` becomes ``%s`` and ``:name`` becomes ``%(name)s``; a literal ``%`` is doubled.
    """
    return _PARTS.sub(_part, statement)


def _part(found: re.Match[str]) -> str:
    text = found.group()
    if text == "?":
        return "%s"
    if found[1]:
        return f"%({found[1]})s"
    if found[2]:
        return _SCHEMAS[found[2]]
    return text.replace("%", "%%")
