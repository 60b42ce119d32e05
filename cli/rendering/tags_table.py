"""The tags of a repository as ``tags`` shows them: a table, or JSON."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from manyfest.cli.output import Screen
from manyfest.cli.rendering.humanize import digest_on, format_moment, format_size
from manyfest.cli.rendering.table import Column, json_array
from manyfest.domain.encoding.timestamps import utc_or_none
from manyfest.domain.operations.views.tags import TagDetails


def tag_columns(screen: Screen, now: datetime) -> tuple[Column[TagDetails], ...]:
    """Return the columns; a cell is empty where a fact is not known."""
    return (
        Column("TAG", lambda tag: tag.tag, cut="middle"),
        Column("DIGEST", lambda tag: _digest(tag, screen), rank=1),
        Column("CREATED", lambda tag: _created(tag, now, screen), rank=2),
        Column("SIZE", lambda tag: "" if tag.size is None else format_size(tag.size), rank=4),
        Column("PLATFORMS", _platforms, rank=3, cut="items"),
    )


def tags_json(tags: Iterable[TagDetails]) -> Iterator[str]:
    """Yield a JSON array of objects; what is not known is null or empty."""
    return json_array(
        {
            "tag": tag.tag,
            "digest": str(tag.digest) if tag.digest else None,
            "kind": tag.kind or None,
            "platforms": list(tag.platforms),
            "created": utc_or_none(tag.created),
            "size": tag.size,
            "fault": tag.fault or None,
        }
        for tag in tags
    )


def _digest(tag: TagDetails, screen: Screen) -> str:
    if tag.digest is None:
        return "unreadable"
    return digest_on(screen, tag.digest)


def _created(tag: TagDetails, now: datetime, screen: Screen) -> str:
    return format_moment(tag.created, now, screen) if tag.created else ""


def _platforms(tag: TagDetails) -> str:
    if tag.fault:
        return tag.fault
    return ", ".join(tag.platforms) or tag.kind
