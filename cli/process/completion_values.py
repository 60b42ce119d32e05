"""Values for completion: names in the store, platforms, hosts with logins, choices.

Nothing here raises or asks a registry: where a value cannot be had, there is none.
"""

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from enum import EnumMeta
from pathlib import Path

from manyfest.assembly.settings import docker_config_folder, store_path
from manyfest.cli.process.command import Parameter
from manyfest.domain.errors import ManyfestError

_LIMIT = 500  # names
_PATIENCE = 0.05  # seconds that completion waits for another process
_SHORT_FORMS = ("", "docker.io/library/", "docker.io/")  # may be left out at the beginning

PLATFORMS = (
    *("linux/amd64", "linux/arm64", "linux/arm/v7", "linux/arm/v6", "linux/386"),
    *("linux/ppc64le", "linux/s390x", "linux/riscv64", "linux/loong64"),
    *("windows/amd64", "windows/arm64", "darwin/amd64", "darwin/arm64"),
)

Values = Callable[[str], Iterable[str]]


def files(_prefix: str) -> Iterable[str]:
    """Give nothing: the shell completes names of files by itself."""
    return ()


def drafts(prefix: str) -> list[str]:
    """Return names of drafts that begin with ``prefix``."""
    return _names(prefix, only_drafts=True)


def references(prefix: str) -> list[str]:
    """Return names of drafts and cached tags that begin with ``prefix``."""
    return _names(prefix, only_drafts=False)


def platforms(prefix: str) -> list[str]:
    """Return platforms; behind a comma, those that are not named yet."""
    before, comma, _ = prefix.rpartition(",")
    named = before.split(",")
    return [f"{before}{comma}{platform}" for platform in PLATFORMS if platform not in named]


def kinds(prefix: str) -> list[str]:
    """Return kinds of differences; behind a comma, those that are not named yet."""
    from manyfest.domain.comparison.status import DifferenceKind

    before, comma, _ = prefix.rpartition(",")
    named = before.split(",")
    return [
        *([] if comma else ["none"]),
        *(f"{before}{comma}{k}" for k in DifferenceKind if k not in named),
    ]


def hosts(_prefix: str) -> list[str]:
    """Return the registries for which docker's configuration has credentials."""
    with suppress(OSError, ValueError, AttributeError):
        config = json.loads((docker_config_folder(os.environ) / "config.json").read_bytes())
        return sorted({*config.get("auths", {}), *config.get("credHelpers", {})})
    return []


# By the name of an option; and by a word of the arguments as the usage line shows them.
_OF_OPTIONS: Mapping[str, Values] = {
    "platform": platforms,
    "platforms": platforms,
    "expect-platforms": platforms,
    "exit-code": kinds,
    "draft": drafts,
    "like": references,
    "subject": references,
    **dict.fromkeys(("file", "output", "lock", "since", "digest-file", "metadata-file"), files),
    **dict.fromkeys(("authfile", "digests", "bake-metadata", "meta", "results-dir"), files),
}
_OF_ARGUMENTS: Mapping[str, Values] = {
    "LIST": drafts,
    "ENTRY": platforms,
    "HOST": hosts,
    **dict.fromkeys(("SPEC", "FILE", "DIR", "FILE|DIR", "STORE"), files),
    **dict.fromkeys(("MANIFEST", "REF", "REFERENCE", "NAME", "SOURCE", "SRC", "DST"), references),
    **dict.fromkeys(("A", "B", "PATTERN", "REPO", "DIGEST|MANIFEST"), references),
}


def of_option(parameter: Parameter) -> Values | None:
    """Return the values of an option; None where nothing is known of them."""
    if isinstance(parameter.type, EnumMeta):
        choices = [str(choice.value) for choice in parameter.type]  # type: ignore[var-annotated]
        return lambda _prefix: choices
    return _OF_OPTIONS.get(parameter.flag.name)


def of_argument(metavar: str, position: int) -> Values | None:
    """Return the values of the argument at ``position``, by the usage line; the last repeats."""
    words = [word.strip("[].") for word in metavar.split()]
    if not words:
        return None
    return _OF_ARGUMENTS.get(words[min(position, len(words) - 1)])


def _names(prefix: str, *, only_drafts: bool) -> list[str]:
    """Return names that begin with ``prefix`` in full, then those that do without a short form."""
    from manyfest.store.names import names_of_drafts, names_of_manifests
    from manyfest.store.sqlite.database import Database

    find = names_of_drafts if only_drafts else names_of_manifests
    begun = [left_out + prefix for left_out in _SHORT_FORMS]
    with suppress(ManyfestError, OSError):
        path = store_path(os.environ)
        if isinstance(path, Path) and path.is_file():
            with closing(Database(path, _PATIENCE)) as database:
                found = find(database, begun, _LIMIT)
            return list(dict.fromkeys(_shortened(found, prefix)))
    return []


def _shortened(names: Sequence[str], prefix: str) -> Iterator[str]:
    """Yield the names by each short form in which they begin with ``prefix``."""
    for left_out in _SHORT_FORMS:
        start = left_out + prefix
        yield from (name.removeprefix(left_out) for name in names if name.startswith(start))
