"""The states of a tag as ``history`` shows them: a table, or JSON."""

import json
from collections.abc import Sequence

from attr import evolve

from manyfest.cli.output import printable
from manyfest.cli.rendering.humanize import CLAIMED, counted, format_time, short_digest
from manyfest.cli.rendering.table import aligned
from manyfest.domain.comparison.changes import Status
from manyfest.domain.encoding.strict_json import Json
from manyfest.domain.errors import shortened
from manyfest.domain.operations.views.history import PlatformChange, State
from manyfest.domain.platforms import Platform

_HEADINGS = ("STATE", "DIGEST", "FIRST SEEN", "LAST SEEN", "HOLDS", "CHANGES")
_MARKS = {Status.ADDED: "+", Status.REMOVED: "-", Status.CHANGED: "~"}
_CHANGES_LIMIT = 60


def history_table(states: Sequence[State]) -> str:
    """Return headings and a line a state, newest first.

    Times are in UTC, as ``REF@{…}`` takes them; those that only a bundle claims are marked. Changed
    platforms are marked as in ``diff``; the oldest state has none, as nothing precedes it.
    """
    return "\n".join(aligned(_HEADINGS, map(_row, states)))


def history_json(states: Sequence[State]) -> str:
    """Return an array of objects, newest first; ADR 0021 lists the members."""
    return json.dumps([_object(state) for state in states], indent=2, ensure_ascii=False)


def _row(state: State) -> tuple[str, ...]:
    times = (
        format_time(moment) for moment in (state.observation.first_seen, state.observation.seen_at)
    )
    name, digest = f"@{{{state.number}}}", short_digest(state.observation.digest)
    first, last = times
    last += CLAIMED * state.observation.is_claimed
    return name, digest, first, last, _content(state), _changed(state.changes)


def _content(state: State) -> str:
    if state.manifest is None:
        return "not held"
    if not state.manifest.is_list:
        return "an image"
    return counted(len(state.images), "image")


def _changed(changes: Sequence[PlatformChange] | None) -> str:
    """Shorten and escape the platforms: they are text from a registry."""
    marked = (f"{_MARKS[one.status]}{_name(one.platform)}" for one in changes or ())
    return shortened(printable(" ".join(marked)), _CHANGES_LIMIT)


def _name(platform: Platform | None) -> str:
    return str(platform) if platform and (platform.os or platform.architecture) else "image"


def _object(state: State) -> dict[str, Json]:
    manifest = state.manifest
    return {
        "number": state.number,
        "reference": str(evolve(state.observation.reference, digest=state.observation.digest)),
        "digest": str(state.observation.digest),
        "firstSeen": state.observation.first_seen.isoformat(),
        "lastSeen": state.observation.seen_at.isoformat(),
        "claimed": state.observation.is_claimed,
        "mediaType": manifest.media_type if manifest else None,
        "size": manifest.size if manifest else None,
        "platforms": [_platform(image.platform) for image in state.images],
        "changes": None if state.changes is None else _changes(state.changes),
    }


def _changes(changes: Sequence[PlatformChange]) -> dict[str, Json]:
    return {
        status: [_platform(one.platform) for one in changes if one.status is status]
        for status in _MARKS
    }


def _platform(platform: Platform | None) -> str | None:
    return str(platform) if platform else None
