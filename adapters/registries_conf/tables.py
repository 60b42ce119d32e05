"""``[[registry]]`` tables: from parsed TOML to rules, by cattrs.

Unknown keys are ignored.
"""

import re
from typing import Any

from cattrs import BaseValidationError, Converter, override, transform_error
from cattrs.gen import make_dict_structure_fn

from manyfest.adapters.cattrs_converter import strict_converter
from manyfest.adapters.registries_conf.rules import MirrorRule, Rule, repository_at
from manyfest.domain.errors import ConfigError, InvalidReferenceError
from manyfest.domain.values import frozen

# By value of pull-from-mirror: whether the mirror serves tags, and whether digests.
_PULLS = {
    "": (True, True),
    "all": (True, True),
    "digest-only": (False, True),
    "tag-only": (True, False),
}

# host[:port][/path][:tag][@digest]; a colon after the first slash begins a tag.
_PLACE = re.compile(
    r"(?P<name>[^/@]*(?:/[^:@]*)?)(?::(?P<tag>[A-Za-z0-9_][\w.-]{0,127}))?(?:@(?P<digest>\w+:[0-9a-f]{32,}))?"
)
_WILD = re.compile(r"\*\.[^/:@]+")

# Our words for the types that cattrs expected.
_EXPECTED = {"str": "a string", "bool": "true or false", "tuple": "a list of tables"}


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


@frozen
class _Place:
    """A prefix or location: host and path, a tag, a digest."""

    name: str = ""
    tag: str = ""
    digest: str = ""

    @property
    def is_wild(self) -> bool:
        return self.name.startswith("*.")

    @property
    def text(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        return f"{self.name}{tag}" + (f"@{self.digest}" if self.digest else "")


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
    location = _place(table.location, f"{where}.location")
    named = _place(table.prefix, f"{where}.prefix", may_be_wild=True)
    prefix = named if table.prefix else location
    if not table.location and not prefix.is_wild:
        raise ConfigError(f"{where}.location", "missing; only a prefix *.HOST does without")
    if table.pull_from_mirror:
        reason = "this is for mirrors only: move it into [[registry.mirror]]"
        raise ConfigError(f"{where}.pull-from-mirror", reason)
    _require_pin(location, prefix, f"{where}.location")
    by_tag = not table.mirror_by_digest_only
    mirrors = (
        _mirror(mirror, prefix, f"{where}.mirror[{position}]", by_tag=by_tag)
        for position, mirror in enumerate(table.mirror)
    )
    return Rule(
        prefix.text,
        location.name,
        file,
        table.insecure,
        table.blocked,
        tuple(mirrors),
        location.tag,
    )


def _structure(document: Any, where: str) -> _Registry:
    if not isinstance(document, dict):
        raise ConfigError(where, "not a table")
    try:
        return _CONVERTER.structure(document, _Registry)
    except BaseValidationError as error:
        said, _, path = transform_error(error, path="")[0].rpartition(" @ ")
        expected = _EXPECTED.get(said.rpartition("expected ")[2], "a table")
        raise ConfigError(where + path.replace("_", "-"), f"not {expected}") from error


def _mirror(table: _Mirror, prefix: _Place, where: str, *, by_tag: bool) -> MirrorRule:
    location = _place(table.location, f"{where}.location")
    if not location.name:
        raise ConfigError(f"{where}.location", "missing")
    if table.pull_from_mirror not in _PULLS:
        known = ", ".join(filter(None, _PULLS))
        raise ConfigError(f"{where}.pull-from-mirror", f"none of {known}")
    if table.pull_from_mirror and not by_tag:
        reason = "the registry's mirror-by-digest-only has said it for all mirrors"
        raise ConfigError(f"{where}.pull-from-mirror", reason)
    _require_pin(location, prefix, f"{where}.location")
    tags, digests = _PULLS[table.pull_from_mirror]
    return MirrorRule(location.name, table.insecure, tags and by_tag, digests, location.tag)


def _place(text: str, where: str, *, may_be_wild: bool = False) -> _Place:
    """Parse a host, with or without a path, tag and digest, without slashes at its end.

    Raises ConfigError, naming ``where``: the text is a URL or malformed.
    """
    if not text:
        return _Place()
    if "://" in text:
        raise ConfigError(where, f"a URL: write host[:port][/path] instead of {text[:80]!a}")
    trimmed = text.rstrip("/")
    match = _PLACE.fullmatch(trimmed)
    is_wild = trimmed.startswith("*.")
    if match is None or not _is_usable(match["name"].removeprefix("*.")):
        raise ConfigError(where, f"neither a host nor a repository: {text[:80]!a}")
    place = _Place(match["name"], match["tag"] or "", match["digest"] or "")
    if is_wild and not may_be_wild:
        raise ConfigError(where, f"only a prefix may begin with *.: {text[:80]!a}")
    if is_wild and not _WILD.fullmatch(trimmed):
        raise ConfigError(where, f"write *.HOST, without a port and a path: {text[:80]!a}")
    return place


def _is_usable(name: str) -> bool:
    try:
        repository_at(f"{name}/a/b")
    except InvalidReferenceError:
        return False
    return True


def _require_pin(location: _Place, prefix: _Place, where: str) -> None:
    """Refuse a location with a tag or digest that the prefix does not have likewise."""
    if location.digest and location.digest != prefix.digest:
        raise ConfigError(where, "a digest is allowed only if the prefix has the same")
    if location.tag and not prefix.tag:
        raise ConfigError(where, "a tag is allowed only if the prefix has one")
