"""``registries.conf``: mirrors, rewriting, insecurity and blocks.

The format is that of containers-registries.conf(5). Only version 2 is read. The lists for
unqualified names and the aliases are ignored: short names mean what they mean to docker.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from manyfest.adapters.files.os_error_text import os_error_text
from manyfest.adapters.files.regular_file import NotRegularFileError, read_regular_file
from manyfest.adapters.registries_conf.rules import RegistryRules, Rule
from manyfest.domain.errors import ConfigError

FILE_NAME = "registries.conf"
DROP_INS = "registries.conf.d"
_SIZE_LIMIT = 4 * 1024 * 1024  # bytes
_DECISIONS = ("insecure", "blocked")


def read_rules(chosen: Path | None, folders: Iterable[Path]) -> RegistryRules:
    """Return the rules in ``chosen``, else in the last of ``folders`` with a file.

    The ``*.conf`` files in each folder's ``registries.conf.d`` follow, sorted by name: a rule
    replaces an earlier one with the same prefix. Raises ConfigError, naming file and key.
    """
    folders = tuple(folders)
    rules = {rule.prefix: rule for file in _files(chosen, folders) for rule in _rules_in(file)}
    return RegistryRules(tuple(rules.values()))


def _files(chosen: Path | None, folders: tuple[Path, ...]) -> Iterable[Path]:
    # A folder that we may not search, such as another user's, has no files for us.
    mains = [main for folder in folders if os.path.lexists(main := folder / FILE_NAME)]
    yield from [chosen] if chosen else mains[-1:]
    for folder in folders:
        if os.path.lexists(drop_ins := folder / DROP_INS):
            yield from sorted(drop_ins.glob("*.conf"))


def _rules_in(file: Path) -> Iterable[Rule]:
    document = _document(file)
    if _is_version_1(document):
        reason = "this is version 1 of the format, which is not read: write [[registry]] tables"
        raise ConfigError(f"{file}: registries", reason)
    tables = document.get("registry", [])
    if not isinstance(tables, list):
        raise ConfigError(f"{file}: registry", "not a list of tables")
    if not tables:
        return ()
    from manyfest.adapters.registries_conf.tables import rule_in  # cattrs takes a while

    rules = [rule_in(table, str(file), number) for number, table in enumerate(tables)]
    _require_consistent(rules, file)
    return rules


def _require_consistent(rules: Sequence[Rule], file: Path) -> None:
    """Refuse tables of one file that contradict each other, as containers/image does.

    Two tables are about the same registry if they have the same prefix or the same location.
    """
    first: dict[tuple[str, str], int] = {}
    for number, rule in enumerate(rules):
        for key, place in _identities(rule):
            before = first.setdefault((key, place), number)
            if differing := _differing(rules[before], rule):
                where = f"{file}: registry[{before}] and registry[{number}]"
                reason = f"both have the {key} {place}, but {differing} in one of them only"
                advice = f"write {differing} in both, or remove one table"
                raise ConfigError(where, f"{reason}: {advice}")


def _identities(rule: Rule) -> Iterable[tuple[str, str]]:
    if rule.location and not rule.is_pinned:
        yield "location", rule.location
    yield "prefix", rule.prefix


def _differing(one: Rule, other: Rule) -> str:
    return next((key for key in _DECISIONS if getattr(one, key) != getattr(other, key)), "")


def _is_version_1(document: Mapping[str, Any]) -> bool:
    """Whether a table of version 1 has entries: systems still ship empty ones."""
    tables = document.get("registries")
    lists = tables.values() if isinstance(tables, dict) else [tables]
    return any(one.get("registries") if isinstance(one, dict) else one for one in lists)


def _document(file: Path) -> Mapping[str, Any]:
    try:
        data = read_regular_file(file, _SIZE_LIMIT)
        if len(data) > _SIZE_LIMIT:
            raise ConfigError(str(file), f"larger than {_SIZE_LIMIT} bytes")
        import tomllib  # most machines have no such file

        return tomllib.loads(data.decode())
    except NotRegularFileError as error:
        raise ConfigError(str(file), "not a regular file") from error
    except RecursionError as error:
        raise ConfigError(str(file), "not valid TOML: nested too deeply") from error
    except ValueError as error:  # of TOML, of UTF-8, of a number with thousands of digits
        raise ConfigError(str(file), f"not TOML: {error}") from error
    except OSError as error:
        raise ConfigError(str(file), os_error_text(error)) from error
