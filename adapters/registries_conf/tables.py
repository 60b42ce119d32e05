"""``[[registry]]`` tables: from parsed TOML to rules, by cattrs.

Unknown keys are ignored.
"""

from typing import Any

from attrs import frozen
from cattrs import BaseValidationError, Converter, override, transform_error
from cattrs.gen import make_dict_structure_fn

from manyfest.adapters.cattrs_converter import strict_converter
from manyfest.adapters.registries_conf.rules import MirrorRule, Rule, repository_at
from manyfest.domain.errors import ConfigError, InvalidReferenceError
from manyfest.domain.references import Repository

# By value of pull-from-mirror: whether the mirror serves tags, and whether digests.
_PULLS = {
    "": (True, True),
    "all": (True, True),
    "digest-only": (False, True),
    "tag-only": (True, False),
}

# Our words for the types that cattrs expected.
_EXPECTED = {"str": "a text", "bool": "true or false", "tuple": "a list of tables"}


@frozen
class _Mirror:
    location: str = ""
    insecure: bool = False
    pull_from_mirror: str = ""


@frozen
class _Registry:
    prefix: str = ""
    location: str = ""
    insecure: bool = False
    blocked: bool = False
    mirror_by_digest_only: bool = False
    pull_from_mirror: str = ""
    mirror: tuple[_Mirror, ...] = ()


def _table_converter() -> Converter:
    """Return a converter for the tables above, whose keys have dashes."""
    converter = strict_converter()
    for table in (_Mirror, _Registry):
        keys: Any = {key: override(rename=key.replace("_", "-")) for key in table.__annotations__}
        hook = make_dict_structure_fn(table, converter, **keys)
        converter.register_structure_hook(table, hook)
    return converter


_CONVERTER = _table_converter()


def rule_in(document: Any, file: str, number: int) -> Rule:
    """Return the rule in the table ``registry[number]`` of ``file``.

    Raises ConfigError, naming the key.
    """
    where = f"{file}: registry[{number}]"
    table = _structure(document, where)
    prefix, location = _location(table.prefix, f"{where}.prefix"), table.location
    if not location and not prefix.startswith("*."):
        raise ConfigError(f"{where}.location", "missing; only a prefix *.HOST does without")
    if table.pull_from_mirror:
        raise ConfigError(f"{where}.pull-from-mirror", "this is for mirrors only")
    location = _location(location, f"{where}.location")
    mirrors = (
        _mirror(mirror, f"{where}.mirror[{position}]", by_tag=not table.mirror_by_digest_only)
        for position, mirror in enumerate(table.mirror)
    )
    return Rule(prefix or location, location, file, table.insecure, table.blocked, tuple(mirrors))


def _structure(document: Any, where: str) -> _Registry:
    if not isinstance(document, dict):
        raise ConfigError(where, "not a table")
    try:
        return _CONVERTER.structure(document, _Registry)
    except BaseValidationError as error:
        said, _, path = transform_error(error, path="")[0].rpartition(" @ ")
        expected = _EXPECTED.get(said.rpartition("expected ")[2], "a table")
        raise ConfigError(where + path.replace("_", "-"), f"not {expected}") from error


def _mirror(table: _Mirror, where: str, *, by_tag: bool) -> MirrorRule:
    location = _location(table.location, f"{where}.location")
    if not location:
        raise ConfigError(f"{where}.location", "missing")
    if table.pull_from_mirror not in _PULLS:
        known = ", ".join(filter(None, _PULLS))
        raise ConfigError(f"{where}.pull-from-mirror", f"none of {known}")
    if table.pull_from_mirror and not by_tag:
        reason = "the registry's mirror-by-digest-only has said it for all mirrors"
        raise ConfigError(f"{where}.pull-from-mirror", reason)
    tags, digests = _PULLS[table.pull_from_mirror]
    return MirrorRule(location, table.insecure, tags and by_tag, digests)


def _location(text: str, where: str) -> str:
    """Return a host, with or without a path, without slashes at its end.

    Raises ConfigError, naming ``where``: the text is a URL, has a tag, or is malformed.
    """
    trimmed = text.rstrip("/")
    sample = trimmed.removeprefix("*.")
    try:
        home = repository_at(f"{sample}/a/b") if sample else Repository("", "")
    except InvalidReferenceError as error:
        raise ConfigError(where, f"neither a host nor a repository: {text[:80]!a}") from error
    if not f"{sample}/".startswith(f"{home.registry}/"):
        raise ConfigError(where, f"it does not begin with a host: {text[:80]!a}")
    return trimmed
