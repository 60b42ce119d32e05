"""The first page: all repositories of the store, and a search over what they hold."""

import re
from collections.abc import Iterable, Iterator
from itertools import islice

from manyfest.cli.explorer.library import Library, exactly, literal
from manyfest.cli.explorer.page import Arguments, Page, command_line
from manyfest.domain.encoding.strict_json import Json
from manyfest.domain.encoding.timestamps import format_utc
from manyfest.domain.ports.catalogue import CachedRepository

_REPOSITORIES = 200  # on a page
_FOUND = 50  # of each kind
_DIGEST = re.compile(r"(?:sha256:)?([0-9a-f]{6,64})")


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
    return Page("home.html", "Repositories", data, command_line("cache", "ls"))


def search(_subject: str, query: Arguments, library: Library) -> Page:
    """Search names, digests, packages, annotations and labels for the text ``q``."""
    text = query.get("q", "").strip()
    data: dict[str, Json] = {"text": text}
    if text:
        data |= {
            "repositories": list(_repositories(text, library)),
            "tags": list(_tags(text, library)),
            "digests": list(_digests(text, library)),
            "packages": _packages(text, library),
            "texts": _texts(text, library),
        }
    return Page("search.html", f"Search: {text}" if text else "Search", data)


def _repository(one: CachedRepository) -> Json:
    return {
        "name": one.name,
        "registry": one.name.partition("/")[0],
        "tags": one.tags,
        "lastMoved": format_utc(one.last_moved),
        "claimed": one.is_only_claimed,
    }


def _repositories(text: str, library: Library) -> Iterator[Json]:
    found = library.catalogue.repositories(f"*{exactly(text)}*")
    yield from map(_repository, islice(found, _FOUND))


def _tags(text: str, library: Library) -> Iterator[Json]:
    for tag in islice(library.catalogue.tags(f"*{exactly(text)}*"), _FOUND):
        yield {
            "reference": str(tag.observation.reference),
            "digest": str(tag.observation.digest),
        }


def _digests(text: str, library: Library) -> Iterator[Json]:
    """Yield what is kept under digests that begin like ``text``."""
    if written := _DIGEST.fullmatch(text):
        first, last = f"sha256:{written[1]}", f"sha256:{written[1]}g"
        rows = library.rows(
            "SELECT digest, media_type FROM manifests"  # noqa: S608 - literals
            f" WHERE digest >= {literal(first)} AND digest < {literal(last)} LIMIT {_FOUND}"
        )
        for digest, media_type in rows or ():
            yield {"digest": digest, "mediaType": media_type}


def _packages(text: str, library: Library) -> Json:
    """Return images with a package of this name, or name and version; None if it takes too long.

    Names are found by their beginning, as SBOMs write them; versions likewise: ``openssl 3.3``.
    """
    name, _, version = text.partition(" ")
    where = _begins("version", version.strip()) if version else _begins("name", name)
    named = f" AND name = {literal(name)}" if version else ""
    rows = library.rows(
        "SELECT DISTINCT reference, platform, image, name, version FROM packages"  # noqa: S608
        f" WHERE {where}{named} ORDER BY name, version, reference, platform LIMIT {_FOUND}"
    )
    members = ("reference", "platform", "image", "name", "version")
    return None if rows is None else [dict(zip(members, row, strict=True)) for row in rows]


def _begins(column: str, text: str) -> str:
    """A condition that an index answers; the last character of Unicode ends the range."""
    first, last = literal(text), literal(f"{text}\U0010ffff")
    return f"{column} >= {first} AND {column} < {last}"


def _texts(text: str, library: Library) -> Json:
    """Return annotations and labels that contain ``text``; None if there are too many to read."""
    found = [_found_texts(view, text, library) for view in ("annotations", "labels")]
    return None if None in found else [one for rows in found for one in rows or ()]


def _found_texts(view: str, text: str, library: Library) -> list[Json] | None:
    pattern = literal(text)
    rows = library.rows(
        f"SELECT manifest, name, value FROM {view}"  # noqa: S608 - a literal, and a view of ours
        f" WHERE instr(value, {pattern}) > 0 OR instr(name, {pattern}) > 0 LIMIT {_FOUND}"
    )
    return None if rows is None else list(_text_rows(view, rows))


def _text_rows(view: str, rows: Iterable[tuple[Json, ...]]) -> Iterator[Json]:
    for manifest, name, value in rows:
        yield {"of": view, "digest": manifest, "name": name, "value": value}
