"""Reading JSON that came from outside, strictly: one meaning for every reader, or none.

Python's ``json`` lets through what other readers of the same bytes see differently: duplicate keys,
NaN, other encodings, numbers beyond any size. A digest names bytes, so bytes with two meanings are
refused (CVE-2021-41190 is the known case).
"""

import json
from collections.abc import Mapping
from typing import Any, Never

from manyfest.domain.errors import DocumentError

Json = Any  # what json.loads gives: dict, list, str, int, float, bool, None
JsonObject = Mapping[str, Json]

_INTEGER_DIGITS = 19  # 2**63 has as many
_DEPTH = 100


def parse_object(data: bytes, subject: str) -> JsonObject:
    """The JSON object that ``data`` spells; ``subject`` names the bytes in errors.

    Raises DocumentError: not UTF-8, a byte-order mark, not JSON, not an object, a key twice in one
    object, NaN or an infinity, an integer of more than 19 digits, an unpaired surrogate, or nesting
    deeper than 100.
    """
    value = _parse(data, subject)
    if not isinstance(value, dict):
        raise DocumentError(subject, "not a JSON object")
    return value


def _parse(data: bytes, subject: str) -> Json:
    try:
        text = data.decode("utf-8")
        _check_depth(text)
        value = json.loads(
            text,
            object_pairs_hook=_unique,
            parse_constant=_refuse_constant,
            parse_int=_bounded_int,
            parse_float=_finite_float,
        )
        if "\\u" in text:
            json.dumps(value, ensure_ascii=False).encode(
                "utf-8"
            )  # an unpaired surrogate fails here
    except (ValueError, RecursionError) as error:
        raise DocumentError(subject, f"not JSON that may be used ({_first_line(error)})") from error
    return value


def _unique(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    members = dict(pairs)
    if len(members) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"key {twice[:40]!r} stands twice in one object")
    return members


def _refuse_constant(name: str) -> Never:
    raise ValueError(f"{name} is no JSON number")


def _bounded_int(digits: str) -> int:
    if len(digits.lstrip("-")) > _INTEGER_DIGITS:
        raise ValueError("integer too large")
    return int(digits)


def _finite_float(digits: str) -> float:
    number = float(digits)
    if number in (float("inf"), float("-inf")):
        raise ValueError("number too large")
    return number


def _check_depth(text: str) -> None:
    """Brackets in strings count too: a document this crowded with them is no manifest."""
    if text.count("{") + text.count("[") <= _DEPTH:
        return
    depth = 0
    in_string = escaped = False
    for char in text:
        if escaped:
            escaped = False
        elif char == "\\":
            escaped = in_string
        elif char == '"':
            in_string = not in_string
        elif not in_string and char in "{[":
            depth += 1
            if depth > _DEPTH:
                raise ValueError(f"nested deeper than {_DEPTH}")
        elif not in_string and char in "}]":
            depth -= 1


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
