"""The drafts of the store, and the store itself: what is cached, and what is missing."""

import json

from manyfest.cli.explorer.library import Library
from manyfest.cli.explorer.page import Arguments, Page, command_line
from manyfest.cli.rendering.cache.catalogue import statistics_json
from manyfest.cli.rendering.drafts_table import drafts_json
from manyfest.domain.encoding.strict_json import Json

_MISSING = 100


def drafts(_subject: str, _query: Arguments, library: Library) -> Page:
    """Show the drafts."""
    listed: Json = json.loads(drafts_json(library.drafts.drafts()))
    return Page("drafts.html", "Drafts", {"drafts": listed}, (command_line("ls"),))


def store(_subject: str, _query: Arguments, library: Library) -> Page:
    """Show how much is cached, by kind and by registry, and what lists name and lack."""
    statistics: Json = json.loads(statistics_json(library.catalogue.statistics()))
    data: dict[str, Json] = {"statistics": statistics, "missing": _missing(library)}
    return Page("store.html", "Store", data, (command_line("cache", "stats"),))


def _missing(library: Library) -> Json:
    """Return some entries of lists whose manifests are not cached; None if that takes too long."""
    rows = library.rows(
        "SELECT list, platform, digest FROM platforms JOIN"  # noqa: S608 - a number of ours
        " (SELECT DISTINCT manifest FROM descriptors WHERE role = 'entry'"
        f" AND digest NOT IN (SELECT digest FROM manifests) LIMIT {_MISSING}) AS m"
        " ON list = m.manifest"
        " WHERE digest NOT IN (SELECT digest FROM manifests) AND list != digest"
        f" LIMIT {_MISSING}"
    )
    if rows is None:
        return None
    return [{"list": one, "platform": platform, "digest": each} for one, platform, each in rows]
