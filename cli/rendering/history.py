"""The states of a tag as ``history`` shows them: a table, or JSON."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime

from attr import evolve

from manyfest.cli.output import Screen, printable
from manyfest.cli.rendering.humanize import CLAIMED, counted, digest_on, format_moment
from manyfest.cli.rendering.table import Column
from manyfest.domain.comparison.status import Status
from manyfest.domain.encoding.strict_json import Json
from manyfest.domain.errors import shortened
from manyfest.domain.operations.views.history import PlatformChange, State
from manyfest.domain.platforms import Platform

_MARKS = {Status.ADDED: "+", Status.REMOVED: "-", Status.CHANGED: "~"}
_CHANGES_LIMIT = 60


def state_columns(screen: Screen, *, now: datetime) -> tuple[Column[State], ...]:
    """Return the columns of ``history``.

    Times in files are in UTC, as ``REF@{…}`` takes them. Those that only a bundle claims are
    marked. Changed platforms are marked as in ``diff``; the oldest state has none, as nothing
    precedes it.
    """

    def first_seen(state: State) -> str:
        return format_moment(state.observation.first_seen, now, screen)

    def last_seen(state: State) -> str:
        last = format_moment(state.observation.seen_at, now, screen)
        return last + _claimed(state)

    return (
        Column("STATE", _name_of_state, key=lambda state: state.number),
        Column("DIGEST", lambda state: _digest(state, screen)),
        Column("FIRST SEEN", first_seen, rank=4, key=lambda state: state.observation.first_seen),
        Column("LAST SEEN", last_seen, rank=1, key=lambda state: state.observation.seen_at),
        Column("CONTENT", _content, rank=3, key=lambda state: len(state.images)),
        Column("CHANGES", lambda state: _changed(state.changes), rank=2, cut="below"),
    )


def _digest(state: State, screen: Screen) -> str:
    is_removal = state.observation.is_removal
    return "untagged" if is_removal else digest_on(screen, state.observation.digest)


def _claimed(state: State) -> str:
    if state.observation.is_removal:
        return ""
    if state.observation.source:
        return printable(f" (claimed by {state.observation.source})")
    return CLAIMED * state.observation.is_claimed


def history_json(states: Iterable[State]) -> str:
    """Return an array of objects, newest first; ADR 0021 lists the members."""
    return json.dumps([_object(state) for state in states], indent=2, ensure_ascii=False)


def _name_of_state(state: State) -> str:
    return f"@{{{state.number}}}"


def _content(state: State) -> str:
    if state.observation.is_removal:
        return "nothing"
    if state.manifest is None:
        return "not cached"
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
    manifest, seen = state.manifest, state.observation
    digest = None if seen.is_removal else seen.digest
    return {
        "number": state.number,
        "reference": str(evolve(seen.reference, digest=digest)),
        "digest": str(digest) if digest else None,
        "firstSeen": seen.first_seen.isoformat(),
        "lastSeen": seen.seen_at.isoformat(),
        "removed": seen.is_removal,
        "claimed": seen.is_claimed and not seen.is_removal,
        "source": None if seen.is_removal else seen.source or None,
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
