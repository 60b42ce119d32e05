"""What a person said over the facts, as JSON in a column: only what was said, so that members may
be added later without a migration.
"""

import json
from typing import Any

from attrs import evolve, fields_dict

from manyfest.domain.descriptors import Descriptor
from manyfest.domain.index_members import IndexOverrides
from manyfest.domain.overrides import Overrides
from manyfest.domain.strict_json import Json


def overrides_text(overrides: Overrides) -> str:
    """What was annotated on an entry."""
    return json.dumps(_said(overrides))


def overrides_of(text: str) -> Overrides:
    """The inverse of ``overrides_text``. Raises what parsing raises."""
    return Overrides(**{name: _frozen(value) for name, value in json.loads(text).items()})


def index_overrides_text(overrides: IndexOverrides) -> str:
    """What was said of the list itself."""
    said = _said(evolve(overrides, subject=None))
    if overrides.subject is not None:
        said["subject"] = overrides.subject.to_json()
    return json.dumps(said)


def index_overrides_of(text: str) -> IndexOverrides:
    """The inverse of ``index_overrides_text``. Raises what parsing raises."""
    said = json.loads(text)
    subject = said.pop("subject", None)
    members = {name: _frozen(value) for name, value in said.items()}
    if subject is not None:
        members["subject"] = Descriptor.from_json(subject, "subject")
    return IndexOverrides(**members)


def _said(overrides: Overrides | IndexOverrides) -> dict[str, Any]:
    values = {name: getattr(overrides, name) for name in fields_dict(type(overrides))}
    return {name: value for name, value in values.items() if value}


def _frozen(value: Json) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value
