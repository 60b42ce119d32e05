"""Members of JSON documents from outside, read leniently.

A member that is missing, or of another type than its format says, is empty: a table shows what can
be read, and a document of another format shows nothing.
"""

from collections.abc import Iterator

from manyfest.domain.encoding.strict_json import Json, JsonObject


def member(document: Json, *path: str) -> Json:
    """Return the member at ``path``; None if there is none."""
    for key in path:
        if not isinstance(document, dict):
            return None
        document = document.get(key)
    return document


def text(document: Json, *path: str) -> str:
    """Return the text at ``path``, without blanks around it; empty for anything else."""
    value = member(document, *path)
    return value.strip() if isinstance(value, str) else ""


def first_text(document: Json, *paths: tuple[str, ...]) -> str:
    """Return the first text that is not empty at one of ``paths``."""
    return next(filter(None, (text(document, *path) for path in paths)), "")


def items(document: Json, *path: str) -> tuple[Json, ...]:
    """Return the items of the list at ``path``; none for anything else."""
    value = member(document, *path)
    return tuple(value) if isinstance(value, list) else ()


def objects(document: Json, *path: str) -> Iterator[JsonObject]:
    """Yield the objects in the list at ``path``."""
    return (item for item in items(document, *path) if isinstance(item, dict))


def pairs(document: Json, *path: str) -> Iterator[tuple[str, Json]]:
    """Yield the members of the object at ``path``."""
    value = member(document, *path)
    yield from value.items() if isinstance(value, dict) else ()
