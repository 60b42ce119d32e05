"""Differences between two JSON documents, member by member."""

import json

from manyfest.domain.digests import Digest
from manyfest.domain.encoding.strict_json import Json
from manyfest.domain.values import frozen

# Free-form maps: keys are user data, so an empty value differs from an absent one.
_FREE_KEYS = frozenset({"annotations", "Labels", "Env", "ExposedPorts", "Volumes"})

_VALUE_LIMIT, _SHOWN = 4096, 1000  # characters


@frozen
class Difference:
    """Two values at ``path``, a member's name for each level; None if absent."""

    path: tuple[str, ...]
    before: Json
    after: Json


def differences(before: Json, after: Json, path: tuple[str, ...] = ()) -> tuple[Difference, ...]:
    """Compare, in the order of ``before``, then of members only in ``after``.

    Objects are compared by member, everything else as a whole. A member that is empty in Go's sense
    (null, false, 0, an empty text, list or object) equals an absent one: Docker writes them, others
    omit them. Free-form maps such as labels and annotations are excepted.
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


def with_cut_values(found: Difference) -> Difference:
    """Return ``found``; a value over 4,096 characters of JSON is cut, and a text then."""
    return Difference(found.path, _cut(found.before), _cut(found.after))


def _cut(value: Json) -> Json:
    text = json.dumps(value, ensure_ascii=False)
    if len(text) <= _VALUE_LIMIT:
        return value
    digest = Digest.of(text.encode("utf-8", errors="surrogateescape"))
    return f"{text[:_SHOWN]}… ({len(text):,} characters, {digest})"


def _may_be_object(value: Json) -> bool:
    return value is None or isinstance(value, dict)


def _difference(before: Json, after: Json, path: tuple[str, ...]) -> tuple[Difference, ...]:
    return () if _canonical(before) == _canonical(after) else (Difference(path, before, after),)


def _canonical(value: Json) -> str:
    """Encode for comparison: in Python ``True == 1``, in JSON not."""
    return json.dumps(value, sort_keys=True)
