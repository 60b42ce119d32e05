"""The forms of ``imagetools inspect --format`` that people use, without Go's templates.

A template is text with fields: ``{{.Manifest.Digest}}``, ``{{json .Image.Config}}``, and
``{{json (index .Image "linux/amd64")}}`` for one of several. Fields have the names of Go's members,
which differ from those in JSON by letter case and punctuation alone.
"""

import json
import re
from collections.abc import Mapping

from manyfest.cli.flows.imagetools.fields import SHOWN_WHOLE, Field, fields_of
from manyfest.cli.flows.imagetools.summary import summary_lines
from manyfest.cli.wiring import Session
from manyfest.domain.encoding.canonical_json import INDEX_INDENT, go_escaped
from manyfest.domain.encoding.strict_json import Json
from manyfest.domain.errors import InputError, shortened
from manyfest.domain.operations.resolve import Resolved

_ACTION = re.compile(r"\{\{-?\s*(.*?)\s*-?\}\}", re.DOTALL)
_FIELD = re.compile(
    r"""(json\s+)?(?:\(\s*index\s+(\.\w+)\s+["`]([^"`]*)["`]\s*\))?((?:\.\w+)+|\.)?"""
)


def rendered(template: str, name: str, found: Resolved, session: Session) -> str:
    """Return ``template`` with its fields filled in for the manifest ``found``.

    ``name`` is its name as typed. Raises InputError: a form that is not known, or a member that is
    not there; what reading raises.
    """
    if re.fullmatch(r"\{\{\s*\.Manifest\s*\}\}", template.strip()):
        return "\n".join(summary_lines(found.reference, found.manifest))
    if re.search(r"\{\{|\}\}", _ACTION.sub("", template)):
        raise _unknown(template)
    fields = fields_of(name, found, session)
    return _ACTION.sub(lambda action: _filled(action[1], fields), template)


def _filled(action: str, fields: Mapping[str, Field]) -> str:
    match = _FIELD.fullmatch(action)
    if match is None or not (match[2] or match[4]):
        raise _unknown(action)
    as_json, indexed, key, path = match.groups()
    value: Json = None
    if indexed:
        value = _member(_value(indexed, fields), key, action)
        value = _at(value, path or "", action)
    else:
        value = _value(path, fields)
    return _json(value) if as_json else _text(value, action)


def _value(path: str, fields: Mapping[str, Field]) -> Json:
    if path == ".":
        return {name.lower(): fields[name]() for name in SHOWN_WHOLE}
    first, _, rest = path.removeprefix(".").partition(".")
    if first not in fields:
        raise _unknown(path)
    return _at(fields[first](), rest, path)


def _at(value: Json, path: str, action: str) -> Json:
    for name in filter(None, path.split(".")):
        value = _member(value, name, action)
    return value


def _member(value: Json, name: str, action: str) -> Json:
    members = value if isinstance(value, dict) else {}
    if name in members:
        return members[name]
    by_name = {_plain(key): member for key, member in members.items()}
    if _plain(name) not in by_name:
        there = ", ".join(members) or "none"
        raise InputError(f"{{{{{shortened(action)}}}}}: no member {shortened(name)}, only {there}")
    return by_name[_plain(name)]


def _plain(name: str) -> str:
    return re.sub("[._]", "", name).lower()


def _json(value: Json) -> str:
    return go_escaped(json.dumps(value, indent=INDEX_INDENT, ensure_ascii=False))


def _text(value: Json, action: str) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, dict | list):
        raise InputError(f"{{{{{action}}}}} has members; write {{{{json {action}}}}}")
    return json.dumps(value)


def _unknown(action: str) -> InputError:
    return InputError(
        f"--format: {{{{{shortened(action)}}}}} is not a form that is known here, such as "
        '{{.Manifest.Digest}}, {{json .Image}} or {{json (index .Image "linux/amd64")}}; '
        '"manyfest show --json" has all there is'
    )
