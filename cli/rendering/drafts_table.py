"""The drafts as ``ls`` shows them: a table, or JSON."""

import json
from collections.abc import Sequence
from datetime import datetime

from manyfest.cli.output import printable
from manyfest.cli.rendering.table import aligned
from manyfest.domain.drafts.draft import Draft
from manyfest.domain.drafts.list_assembly import ordered_entries
from manyfest.domain.encoding.strict_json import Json
from manyfest.domain.errors import shortened

_HEADINGS = ("NAME", "ENTRIES", "CHANGED", "PUSHED", "PLATFORMS")

_PLATFORM_LIMIT = 60

# Seconds in a unit, largest first: an age is shown in the first unit that fits once.
_UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


def drafts_table(drafts: Sequence[Draft], now: datetime) -> str:
    """Return headings and a line a draft."""
    return "\n".join(aligned(_HEADINGS, (_row(draft, now) for draft in drafts)))


def drafts_json(drafts: Sequence[Draft]) -> str:
    """Return an array of objects, times in ISO 8601 with zone."""
    return json.dumps([_object(draft) for draft in drafts], indent=2, ensure_ascii=False)


def _row(draft: Draft, now: datetime) -> tuple[str, ...]:
    pushed = "yes" if draft.pushed else "no"
    changed = _ago((now - draft.changed_at).total_seconds())
    platforms = ", ".join(dict.fromkeys(_shown(platform) for platform in _platforms(draft)))
    return str(draft.name), str(len(draft.entries)), changed, pushed, platforms


def _shown(platform: str) -> str:
    """Shorten and escape a platform: it is text from a registry."""
    return shortened(printable(platform), _PLATFORM_LIMIT)


def _platforms(draft: Draft) -> list[str]:
    return [
        str(platform) if (platform := entry.descriptor.platform) and platform.os else "unknown"
        for entry in ordered_entries(draft)
    ]


def _object(draft: Draft) -> dict[str, Json]:
    return {
        "name": str(draft.name),
        "entries": len(draft.entries),
        "platforms": _platforms(draft),
        "created": draft.created_at.isoformat(),
        "changed": draft.changed_at.isoformat(),
        "pushed": None if draft.pushed is None else str(draft.pushed),
    }


def _ago(seconds: float) -> str:
    for length, unit in _UNITS:
        count = int(seconds // length)
        if count >= 1:
            return f"{count} {unit}{'' if count == 1 else 's'} ago"
    return "just now"
