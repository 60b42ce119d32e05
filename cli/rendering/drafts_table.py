"""The drafts as ``ls`` shows them: columns of a table, or JSON."""

import json
from collections.abc import Iterable
from datetime import datetime

from manyfest.cli.output import Screen, printable
from manyfest.cli.rendering.humanize import format_age
from manyfest.cli.rendering.table import Column
from manyfest.domain.drafts.draft import Draft
from manyfest.domain.drafts.list_assembly import ordered_entries
from manyfest.domain.encoding.strict_json import Json
from manyfest.domain.errors import shortened
from manyfest.domain.lists.attestations import without_attestations

_PLATFORM_LIMIT = 60


def draft_columns(_screen: Screen, *, now: datetime) -> tuple[Column[Draft], ...]:
    """Return the columns of ``ls``; entries and platforms are without attestations."""
    return (
        Column("NAME", lambda draft: str(draft.name), cut="middle"),
        Column("ENTRIES", _entries, rank=2, key=lambda draft: len(_platforms(draft))),
        Column(
            "CHANGED",
            lambda draft: format_age(draft.changed_at, now),
            rank=1,
            key=lambda draft: draft.changed_at,
        ),
        Column("PUSHED", _pushed, style=_style_of_pushed),
        Column("PLATFORMS", _shown_platforms, rank=3, cut="items"),
    )


def drafts_json(drafts: Iterable[Draft]) -> str:
    """Return an array of objects, times in ISO 8601 with zone."""
    return json.dumps([_object(draft) for draft in drafts], indent=2, ensure_ascii=False)


def _entries(draft: Draft) -> str:
    return str(len(_platforms(draft)))


def _pushed(draft: Draft) -> str:
    return "yes" if draft.pushed else "no"


def _style_of_pushed(text: str) -> str:
    return "added" if text == "yes" else "changed"


def _shown_platforms(draft: Draft) -> str:
    """Name each platform once, shortened and escaped: it is text from a registry."""
    names = dict.fromkeys(_platforms(draft))
    return ", ".join(shortened(printable(name), _PLATFORM_LIMIT) for name in names)


def _platforms(draft: Draft) -> list[str]:
    """Return the platform of each entry, in the order of the list, without attestations."""
    entries = without_attestations([entry.descriptor for entry in ordered_entries(draft)])
    return [
        str(entry.platform) if entry.platform and entry.platform.os else "unknown"
        for entry in entries
    ]


def _object(draft: Draft) -> dict[str, Json]:
    platforms = _platforms(draft)
    return {
        "name": str(draft.name),
        "entries": len(draft.entries),
        "platforms": list(platforms),
        "attestations": len(draft.entries) - len(platforms),
        "created": draft.created_at.isoformat(),
        "changed": draft.changed_at.isoformat(),
        "pushed": None if draft.pushed is None else str(draft.pushed),
    }
