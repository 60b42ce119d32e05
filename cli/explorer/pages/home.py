"""The first page: all repositories of the store, and a search over what they hold."""

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from manyfest.cli.explorer.library import Library, exactly, literal
from manyfest.cli.explorer.page import Arguments, Page, command_line
from manyfest.domain.encoding.strict_json import Json
from manyfest.domain.encoding.timestamps import format_utc
from manyfest.domain.ports.catalogue import CachedRepository
from manyfest.domain.references import ARCHIVE_SCHEMES, LAYOUT_SCHEME

_REPOSITORIES = 200  # on a page
_FOUND = 50  # of each kind
_SORTED = 2000  # packages, by an index in the order of their names: to sort all takes seconds
_DIGEST = re.compile(r"(?:sha256:)?([0-9a-f]{6,64})")
_TEXTS = ("annotations", "labels")
_PACKAGE = ("reference", "platform", "image", "name", "version")
_Rows = Sequence[tuple[Json, ...]] | None
_FIRST_SURROGATE, _BEHIND_SURROGATES = 0xD800, 0xE000  # no characters of a text
# Prints the repositories in a terminal.
_HOMES = (
    "SELECT registry, repository, count(*) AS tags, max(first_seen) AS moved"
    " FROM tags GROUP BY registry, repository ORDER BY registry, repository"
)


def home(_subject: str, query: Arguments, library: Library) -> Page:
    """Show the repositories behind the one that ``after`` names, some hundred at a time."""
    listed = library.catalogue.repositories(after=query.get("after", ""))
    found = tuple(islice(listed, _REPOSITORIES + 1))
    shown = found[:_REPOSITORIES]
    data: dict[str, Json] = {
        "repositories": list(map(_repository, shown)),
        "next": shown[-1].name if len(found) > len(shown) else None,
        "drafts": len(library.drafts.drafts()),
    }
    commands = (command_line("cache", "ls"), command_line("cache", "query", _HOMES))
    return Page("home.html", "Repositories", data, commands)


def search(_subject: str, query: Arguments, library: Library) -> Page:
    """Search names, digests, packages, annotations and labels for the text ``q``."""
    text = query.get("q", "").strip()
    if not text:
        usage = (command_line("cache", "query", "--views"),)
        return Page("search.html", "Search", {"text": text}, usage)
    statements = _statements(text)
    rows = {kind: library.rows(statement) for kind, statement in statements.items()}
    names: dict[str, list[Json]] = {
        "repositories": list(_repositories(text, library)),
        "tags": list(_tags(text, library)),
    }
    data: dict[str, Json] = {
        "text": text,
        **names,
        "digests": _objects(("digest", "mediaType"), rows.get("digests", ())),
        "packages": _objects(_PACKAGE, rows["packages"]),
        "texts": _texts(rows),
    }
    queries = [statements[kind] for kind in statements if rows[kind] is None or rows[kind]]
    commands = [command_line("cache", "query", statement) for statement in queries]
    if any(names.values()) or not commands:
        commands.insert(0, command_line("cache", "ls", f"*{exactly(text)}*"))
    return Page("search.html", f"Search: {text}", data, tuple(commands))


def _repository(one: CachedRepository) -> Json:
    return {
        "name": one.name,
        "registry": _registry(one.name),
        "tags": one.tags,
        "lastMoved": format_utc(one.last_moved),
        "claimed": one.is_only_claimed,
    }


def _registry(name: str) -> str:
    """Return ``host[:port]``, or the scheme of a file: ``oci``, as on the page of the store."""
    is_file = name.startswith((LAYOUT_SCHEME, *ARCHIVE_SCHEMES))
    return name.partition(":" if is_file else "/")[0]


def _repositories(text: str, library: Library) -> Iterator[Json]:
    found = library.catalogue.repositories(f"*{exactly(text)}*")
    yield from map(_repository, islice(found, _FOUND))


def _tags(text: str, library: Library) -> Iterator[Json]:
    for tag in islice(library.catalogue.tags(f"*{exactly(text)}*"), _FOUND):
        yield {
            "reference": str(tag.observation.reference),
            "digest": str(tag.observation.digest),
        }


def _statements(text: str) -> dict[str, str]:
    """Return the queries of a search by what they find, for the page and for the terminal.

    Packages are found by the beginning of their names, as SBOMs write them, or by a name and the
    beginning of a version: ``openssl 3.3``.
    """
    found = {"digests": _digests(written[1])} if (written := _DIGEST.fullmatch(text)) else {}
    return found | {
        "packages": _packages(*text.split(" ", 1)),
        **{view: _containing(view, literal(text)) for view in _TEXTS},
    }


def _containing(view: str, pattern: str) -> str:
    """Read the few documents that the index of texts finds, and no others."""
    return (
        f"SELECT manifest, name, value FROM {view} WHERE manifest IN"  # noqa: S608 - literals
        f" (SELECT manifest FROM texts WHERE kind = '{view}' AND instr(text, {pattern}) > 0"
        f" LIMIT {_FOUND})"
        f" AND (instr(value, {pattern}) > 0 OR instr(name, {pattern}) > 0) LIMIT {_FOUND}"
    )


def _digests(beginning: str) -> str:
    first, last = f"sha256:{beginning}", f"sha256:{beginning}g"
    return (
        "SELECT digest, media_type FROM manifests"  # noqa: S608 - literals
        f" WHERE digest >= {literal(first)} AND digest < {literal(last)} LIMIT {_FOUND}"
    )


def _packages(name: str, version: str = "") -> str:
    where = _begins("version", version.strip()) if version else _begins("name", name)
    named = f" AND name = {literal(name)}" if version else ""
    columns = ", ".join(_PACKAGE)
    return (
        f"SELECT DISTINCT {columns} FROM (SELECT {columns} FROM packages"  # noqa: S608 - literals
        f" WHERE {where}{named} LIMIT {_SORTED}) AS some"
        f" ORDER BY name, version, reference, platform LIMIT {_FOUND}"
    )


def _begins(column: str, text: str) -> str:
    """Return a condition that an index answers, and that can be typed: up to the next text."""
    return f"{column} >= {literal(text)} AND {column} < {literal(_behind(text))}"


def _behind(text: str) -> str:
    """Return the first text behind all that begin with ``text``, by code points."""
    last = ord(text[-1]) + 1
    if last > sys.maxunicode:
        return text + text[-1]
    return text[:-1] + chr(_BEHIND_SURROGATES if last == _FIRST_SURROGATE else last)


def _objects(members: Sequence[str], rows: _Rows) -> Json:
    return None if rows is None else [dict(zip(members, row, strict=True)) for row in rows]


def _texts(rows: Mapping[str, _Rows]) -> Json:
    """Return annotations and labels; None if looking for them takes too long."""
    found: list[Json] = []
    for view in _TEXTS:
        listed = rows[view]
        if listed is None:
            return None
        found += [
            {"of": view, "digest": manifest, "name": name, "value": value}
            for manifest, name, value in listed
        ]
    return found
