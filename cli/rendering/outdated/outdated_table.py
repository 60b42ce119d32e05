"""The verdicts on images as ``outdated`` shows them: a table, or JSON."""

import re
from collections.abc import Iterable, Iterator

from manyfest.cli.output import Screen
from manyfest.cli.rendering.humanize import digest_on
from manyfest.cli.rendering.outdated.change_words import change_words
from manyfest.cli.rendering.table import Column, json_array
from manyfest.domain.digests import Digest
from manyfest.domain.encoding.strict_json import Json
from manyfest.domain.operations.views.outdated import Checked, Verdict
from manyfest.domain.values import frozen

_DIGEST = re.compile(r"(@sha\d+:[0-9a-f]{12})[0-9a-f]+$")
_STYLES = {"outdated": "changed", "unknown": "error"}


@frozen
class Row:
    """An image as the user or a file ``names`` it, at a ``place`` (``Dockerfile:3``), checked."""

    name: str
    place: str
    checked: Checked


def outdated_columns(screen: Screen) -> tuple[Column[Row], ...]:
    """Return the columns; PLACE is empty for images that are arguments."""
    return (
        Column("IMAGE", lambda row: _name(row.name, screen)),
        Column("STATUS", lambda row: row.checked.verdict.value, style=_style),
        Column("CHANGES", lambda row: change_words(row.checked), rank=1, cut="below"),
        Column("BEFORE", lambda row: _digest(row.checked.before, screen), rank=4),
        Column("NOW", lambda row: _digest(row.checked.after, screen), rank=3),
        Column("PLACE", lambda row: row.place, rank=2, cut="middle"),
    )


def outdated_json(rows: Iterable[Row]) -> Iterator[str]:
    """Yield a JSON array of objects; ADR 0054 lists the members."""
    return json_array(map(row_object, rows))


def row_object(row: Row) -> dict[str, Json]:
    """Return the JSON object of one row; what is not known is null."""
    checked = row.checked
    changes = checked.changes
    return {
        "image": row.name,
        "place": row.place or None,
        "reference": str(checked.reference) if checked.verdict is not Verdict.UNKNOWN else None,
        "platform": str(checked.platform) if checked.platform else None,
        "status": checked.verdict.value,
        "before": str(checked.before) if checked.before else None,
        "after": str(checked.after) if checked.after else None,
        "changes": None
        if changes is None
        else [
            {
                "platform": str(change.platform) if change.platform else None,
                "status": change.status.value,
            }
            for change in changes
        ],
        "summary": change_words(checked) or None,
    }


def _name(name: str, screen: Screen) -> str:
    """Return the name, for a terminal with the beginning of its digest."""
    return name if screen.width is None else _DIGEST.sub(r"\1", name)


def _digest(digest: Digest | None, screen: Screen) -> str:
    return "" if digest is None else digest_on(screen, digest)


def _style(status: str) -> str:
    return _STYLES.get(status, "")
