"""Overrides as JSON, for the store's column and for bundles.

Only fields that are set are written, so that later versions can add fields.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from attr import evolve, fields_dict

from manyfest.domain.annotations import Annotations
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.drafts.overrides import IndexOverrides, Overrides
from manyfest.domain.encoding.strict_json import Json
from manyfest.domain.errors import DocumentError, UnknownMemberError

_Overrides = TypeVar("_Overrides", Overrides, IndexOverrides)
_PAIR = 2


def overrides_to_json(overrides: Overrides) -> dict[str, Json]:
    """Encode the overrides of an entry."""
    document = _set_fields(evolve(overrides, converted=None))
    if overrides.converted is not None:
        document["converted"] = overrides.converted.to_json()
    return document


def overrides_from_json(document: Json, subject: str) -> Overrides:
    """The inverse of ``overrides_to_json``.

    ``subject`` is its location for errors. Raises DocumentError: malformed, or an unknown member,
    because overrides of a user must not be dropped silently.
    """
    return _read(Overrides, document, subject)


def index_overrides_to_json(overrides: IndexOverrides) -> dict[str, Json]:
    """Encode the overrides of the list itself."""
    document = _set_fields(evolve(overrides, subject=None))
    if overrides.subject is not None:
        document["subject"] = overrides.subject.to_json()
    return document


def index_overrides_from_json(document: Json, subject: str) -> IndexOverrides:
    """The inverse of ``index_overrides_to_json``.

    Raises DocumentError: malformed, or an unknown member.
    """
    return _read(IndexOverrides, document, subject)


def _set_fields(overrides: Overrides | IndexOverrides) -> dict[str, Any]:
    values = {name: getattr(overrides, name) for name in fields_dict(type(overrides))}
    return {name: value for name, value in values.items() if value}


def _read(kind: type[_Overrides], document: Json, subject: str) -> _Overrides:
    if not isinstance(document, dict):
        raise DocumentError(subject, "not an object")
    if unknown := set(document) - set(fields_dict(kind)):
        raise DocumentError(subject, f"an unknown member: {min(unknown)}")
    try:
        return kind(
            **{name: _FORMS.get(name, _text)(value, subject) for name, value in document.items()}
        )
    except UnknownMemberError as error:
        raise DocumentError(subject, str(error)) from error


def _text(value: Json, subject: str) -> str:
    if not isinstance(value, str):
        raise DocumentError(subject, "not a string")
    return value


def _texts(value: Json, subject: str) -> tuple[str, ...]:
    return tuple(_text(each, subject) for each in _listed(value, subject))


def _pairs(value: Json, subject: str) -> Annotations:
    pairs = tuple(_texts(each, subject) for each in _listed(value, subject))
    if any(len(pair) != _PAIR for pair in pairs):
        raise DocumentError(subject, "an annotation is a key and a value")
    return tuple((pair[0], pair[1]) for pair in pairs)


def _listed(value: Json, subject: str) -> list[Json]:
    if not isinstance(value, list | tuple):
        raise DocumentError(subject, "not a list")
    return list(value)


_FORMS: dict[str, Callable[[Json, str], Any]] = {
    "os_features": _texts,
    "unset": _texts,
    "annotations": _pairs,
    "subject": Descriptor.from_json,
    "converted": Descriptor.from_json,
}
