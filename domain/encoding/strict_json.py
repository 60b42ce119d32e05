"""A strict JSON reader for untrusted bytes: one meaning, or an error.

Python's ``json`` accepts documents that other readers interpret differently: duplicate keys, NaN,
other encodings, numbers of any size. A digest identifies bytes, so bytes with two meanings are
refused (CVE-2021-41190 is the known case).
"""

import json
from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any, Never

from manyfest.domain.errors import DocumentError

Json = Any  # what json.loads gives: dict, list, str, int, float, bool, None
JsonObject = Mapping[str, Json]

_INTEGER_DIGITS = 300  # about the range of floats; sizes have their own limit
_DEPTH = 100
_BYTE_ORDER_MARK = "\ufeff"  # json.loads refuses it in its own words


def parse_object(data: bytes, subject: str) -> JsonObject:
    """Parse a JSON object; ``subject`` names the bytes in errors.

    Raises DocumentError: not UTF-8, a byte-order mark, not JSON, not an object, a key twice in one
    object, NaN or an infinity, an integer of more than 300 digits, an unpaired surrogate, or
    nesting deeper than 100.
    """
    value = _parse(data, subject)
    if not isinstance(value, dict):
        raise DocumentError(subject, "not a JSON object")
    return value


def check_letter_case(document: JsonObject, known: Collection[str], subject: str) -> None:
    """Refuse a ``known`` member written in another letter case.

    Go's ``encoding/json`` reads ``Manifests``, even with a long s (U+017F), as ``manifests``; other
    readers do not. Raises DocumentError.
    """
    unknown = [key for key in document if key not in known]
    folded = {member.casefold(): member for member in known} if unknown else {}
    for key in unknown:
        if member := folded.get(key.casefold()):
            reason = f"member {key!r} is {member!r} in another letter case"
            raise DocumentError(subject, reason)


def _parse(data: bytes, subject: str) -> Json:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DocumentError(subject, "not UTF-8") from error
    try:
        value = json.loads(text) if text.startswith(_BYTE_ORDER_MARK) else _DECODER.decode(text)
        if text.count("{") + text.count("[") > _DEPTH:
            _check_depth(value)
        if "\\u" in text:  # an unpaired surrogate can only come from an escape; encoding refuses it
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError as error:
        raise DocumentError(subject, "a string has an unpaired surrogate") from error
    except RecursionError as error:
        raise DocumentError(subject, f"nested deeper than {_DEPTH}") from error
    except ValueError as error:
        raise DocumentError(subject, f"not JSON that can be used ({error})") from error
    return value


def _unique(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    members = dict(pairs)
    if len(members) != len(pairs):
        [(twice, _)] = Counter(key for key, _ in pairs).most_common(1)
        raise ValueError(f"key {twice[:40]!r} occurs twice in one object")
    return members


def _refuse_constant(name: str) -> Never:
    raise ValueError(f"{name} is not a JSON number")


def _bounded_int(digits: str) -> int:
    if len(digits.lstrip("-")) > _INTEGER_DIGITS:
        raise ValueError("integer too large")
    return int(digits)


def _finite_float(digits: str) -> float:
    number = float(digits)
    if number in (float("inf"), float("-inf")):
        raise ValueError("number too large")
    return number


_DECODER = json.JSONDecoder(
    object_pairs_hook=_unique,
    parse_constant=_refuse_constant,
    parse_int=_bounded_int,
    parse_float=_finite_float,
)


def _check_depth(value: Json) -> None:
    """Limit nesting, because later readers may recurse.

    ``json.loads`` itself stops at Python's recursion limit.
    """
    level = [value]
    for _ in range(_DEPTH):
        level = [child for parent in level for child in _containers_in(parent)]
        if not level:
            return
    raise ValueError(f"nested deeper than {_DEPTH}")


def _containers_in(value: Json) -> list[Json]:
    if not isinstance(value, dict | list):
        return []
    members = value.values() if isinstance(value, dict) else value
    return [member for member in members if isinstance(member, dict | list)]
