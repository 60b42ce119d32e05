"""Differences between two JSON documents, member by member."""

import json

from attrs import frozen

from manyfest.domain.encoding.strict_json import Json

# Objects whose keys are anybody's: there an empty value says something, and so does each key.
_FREE_KEYS = frozenset({"annotations", "Labels", "Env", "ExposedPorts", "Volumes"})


@frozen
class Difference:
    """What stands at ``path``, member by member; None where a side says nothing."""

    path: tuple[str, ...]
    before: Json
    after: Json


def differences(before: Json, after: Json, path: tuple[str, ...] = ()) -> tuple[Difference, ...]:
    """What differs, in the order of ``before`` and then of what only ``after`` has.

    Objects are compared by member, everything else as a whole. A member that is empty in Go's sense
    (null, false, 0, an empty text, list or object) says as much as one that is absent: Docker
    writes them, others leave them out. Not so labels, annotations and the like.
    """
    if not (_may_be_object(before) and _may_be_object(after)):
        return _difference(before or None, after or None, path)
    mine, theirs = before or {}, after or {}
    compare = _difference if _FREE_KEYS.intersection(path[-1:]) else differences
    return tuple(
        found
        for key in dict.fromkeys((*mine, *theirs))
        for found in compare(mine.get(key), theirs.get(key), (*path, key))
    )


def _may_be_object(value: Json) -> bool:
    return value is None or isinstance(value, dict)


def _difference(before: Json, after: Json, path: tuple[str, ...]) -> tuple[Difference, ...]:
    return () if _canonical(before) == _canonical(after) else (Difference(path, before, after),)


def _canonical(value: Json) -> str:
    """Python takes ``true`` for 1; JSON does not."""
    return json.dumps(value, sort_keys=True)
