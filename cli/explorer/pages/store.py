"""The drafts of the store, and the store itself: what is cached, what is missing, its health."""

import json
from collections.abc import Iterable

from manyfest.cli.explorer.library import Library, literal
from manyfest.cli.explorer.page import Arguments, Page, command_line
from manyfest.cli.explorer.pages.references import places_of
from manyfest.cli.rendering.cache.catalogue import statistics_json
from manyfest.cli.rendering.drafts_table import drafts_json
from manyfest.domain.encoding.strict_json import Json

_MISSING = 100
_DRAFTS = 100  # whose images are looked for


def drafts(_subject: str, _query: Arguments, library: Library) -> Page:
    """Show the drafts."""
    listed: Json = json.loads(drafts_json(library.drafts.drafts()))
    return Page("drafts.html", "Drafts", {"drafts": listed}, (command_line("ls"),))


def store(_subject: str, _query: Arguments, library: Library) -> Page:
    """Show how much is cached, by kind and by registry, what lists name and lack, and health.

    Content is not hashed: that takes as long as reading all of it (``cache fsck``).
    """
    statistics: Json = json.loads(statistics_json(library.catalogue.statistics()))
    data: dict[str, Json] = {
        "statistics": statistics,
        "missing": _missing(library),
        "freeSpace": library.free_space(),
        "incompleteDrafts": _incomplete(library),
    }
    commands = (command_line("cache", "stats"), command_line("cache", "fsck", "--dry-run"))
    return Page("store.html", "Store", data, commands)


def _incomplete(library: Library) -> Json:
    """Return the drafts with entries that are not cached; None if that takes too long."""
    drafts = {
        str(draft.name): {str(entry.descriptor.digest) for entry in draft.entries}
        for draft in library.drafts.drafts()[:_DRAFTS]
    }
    cached = _cached(set().union(*drafts.values()), library)
    if cached is None:
        return None
    return [name for name, digests in drafts.items() if digests - cached]


def _cached(digests: Iterable[str], library: Library) -> set[str] | None:
    if not digests:
        return set()
    wanted = ", ".join(map(literal, sorted(digests)))
    rows = library.rows(f"SELECT digest FROM manifests WHERE digest IN ({wanted})")  # noqa: S608
    return None if rows is None else {str(digest) for (digest,) in rows}


def _missing(library: Library) -> Json:
    """Return some entries of lists whose manifests are not cached; None if that takes too long."""
    rows = library.rows(
        "SELECT l.list, l.platform, l.digest FROM"  # noqa: S608 - a number of ours
        " (SELECT d.manifest, d.position FROM descriptors AS d WHERE d.role = 'entry'"
        " AND NOT EXISTS (SELECT 1 FROM manifests AS m WHERE m.digest = d.digest)"
        f" LIMIT {_MISSING}) AS lacking CROSS JOIN listed AS l"
        " WHERE l.list = lacking.manifest AND l.position = lacking.position"
    )
    if rows is None:
        return None
    places = places_of({str(one) for one, *_ in rows}, library)
    return [
        {"list": one, "reference": places.get(str(one)), "platform": platform, "digest": each}
        for one, platform, each in rows
    ]
