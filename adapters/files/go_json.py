"""JSON as Go's ``encoding/json`` reads it: docker's and podman's configuration.

Their files are read by Go programs, so a document that those accept has to mean the same here. The
first JSON value counts, and bytes after it do not. Bytes that are not UTF-8, and surrogates without
a partner, become U+FFFD. A byte-order mark, NaN and bare control characters are refused.
"""

import json
import re
from collections.abc import Collection
from typing import Never

from manyfest.domain.encoding.strict_json import Json, JsonObject

_BLANKS = " \t\r\n"
_SURROGATE = "[\ud800-\udfff]"


class GoJsonError(ValueError):
    """The bytes are not a JSON object that Go would read; ``str()`` says why."""


class _Object(dict[str, Json]):
    """A JSON object, and its members in their order, with those that occur again."""

    def __init__(self, members: list[tuple[str, Json]]) -> None:
        super().__init__(members)
        self.members = members


def parse_object(data: bytes, fields: Collection[str], *, is_alone: bool = False) -> JsonObject:
    """Parse an object whose struct in Go has these ``fields``; see ``fields_of``.

    No bytes, blanks alone, and ``null`` are an empty object. Raises GoJsonError, also where bytes
    follow the object and ``is_alone`` says that none may.
    """
    text = data.decode("utf-8", "replace").strip(_BLANKS)
    value, end = _first_value(text) if text else (None, 0)
    if is_alone and end < len(text):
        raise GoJsonError("more than one JSON object")
    if value is not None and not isinstance(value, dict):
        raise GoJsonError("not a JSON object")
    return fields_of(value or {}, fields)


def fields_of(document: JsonObject, fields: Collection[str]) -> JsonObject:
    """Return the members of an object, under the names of the ``fields`` that Go takes them for.

    Letter case does not matter. Of a field that occurs twice, the last value counts, and objects
    are merged; ``null`` changes nothing.
    """
    found: dict[str, Json] = {}
    members = document.members if isinstance(document, _Object) else list(document.items())
    for key, value in members:
        name = _field_named(key, fields)
        before = found.get(name)
        if name not in fields:
            found[name] = value
        elif isinstance(value, dict) and isinstance(before, dict):
            before.update(value)
        elif value is not None:
            found[name] = dict(value) if isinstance(value, dict) else value
    return found


def _field_named(key: str, fields: Collection[str]) -> str:
    """Return the field of that name, first by the same letters, else ``key`` itself."""
    if key in fields:
        return key
    folded = key.casefold()
    return next((name for name in fields if name.casefold() == folded), key)


def _first_value(text: str) -> tuple[Json, int]:
    """Return the value at the start of the text, and the position of its end."""
    try:
        value, end = _DECODER.raw_decode(text)
        return (_without_surrogates(value) if "\\u" in text else value), end
    except RecursionError:
        raise GoJsonError("nested too deeply") from None
    except ValueError as error:
        raise GoJsonError(f"not JSON ({error})") from None


def _without_surrogates(value: Json) -> Json:
    if isinstance(value, str):
        return re.sub(_SURROGATE, "\ufffd", value)
    if isinstance(value, list):
        return [_without_surrogates(element) for element in value]
    if isinstance(value, _Object):
        return _Object([(_without_surrogates(k), _without_surrogates(v)) for k, v in value.members])
    return value


def _refuse_constant(name: str) -> Never:
    raise ValueError(f"{name} is not a JSON number")


_DECODER = json.JSONDecoder(object_pairs_hook=_Object, parse_constant=_refuse_constant)
