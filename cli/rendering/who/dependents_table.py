"""Dependents of a digest, images that share its layers, and its base: text or JSON."""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime

from manyfest.cli.output import Screen, printable
from manyfest.cli.rendering.humanize import (
    counted,
    digest_on,
    format_moment,
    format_size,
)
from manyfest.cli.rendering.table import Column
from manyfest.domain.digests import Digest
from manyfest.domain.encoding.strict_json import Json
from manyfest.domain.encoding.timestamps import format_utc
from manyfest.domain.errors import shortened
from manyfest.domain.operations.dependents.find import Dependent, DependentKind
from manyfest.domain.operations.dependents.neighbours import Neighbour, Neighbours

_NAMED_BY_DIGEST = frozenset({DependentKind.LIST, DependentKind.IMAGE, DependentKind.REFERRER})


def dependent_columns(screen: Screen, *, now: datetime) -> tuple[Column[Dependent], ...]:
    """Return the columns of ``who``; a cell is empty where there is nothing to say."""

    def seen(one: Dependent) -> str:
        return "" if one.seen_at is None else format_moment(one.seen_at, now, screen)

    def name(one: Dependent) -> str:
        is_digest = one.kind in _NAMED_BY_DIGEST and one.name == str(one.digest)
        return digest_on(screen, one.digest) if is_digest else one.name

    return (
        Column("NAME", name),
        Column("KIND", lambda one: one.kind.value, rank=1),
        Column("DIGEST", lambda one: digest_on(screen, one.digest), rank=4),
        Column("PLATFORM", lambda one: one.platform, rank=2),
        Column("LAST SEEN", seen, rank=3),
    )


def neighbours_lines(neighbours: Neighbours, screen: Screen) -> Iterator[str]:
    """Yield lines on the base and on images that share layers; none if there are none."""
    if stated := neighbours.stated_base or neighbours.stated_digest:
        both = f" ({neighbours.stated_digest})" if neighbours.stated_base else ""
        digest = both if neighbours.stated_digest else ""
        yield printable(f"base, as the image states: {shortened(stated + digest)}")
    if base := neighbours.base:
        layers = counted(base.layers.total, "layer")
        yield printable(f"base, as a guess: {_named(base, screen)}: begins with its {layers}")
    if neighbours.number:
        yield f"shares layers with {counted(neighbours.number, 'image')}:"
    for one in neighbours.nearest:
        common = f"{one.layers.number} of {counted(one.layers.total, 'layer')}"
        yield printable(f"  {_named(one, screen)}: {common}, {format_size(one.layers.size)}")
    if neighbours.number > len(neighbours.nearest):
        yield f"  and {neighbours.number - len(neighbours.nearest):,} with fewer bytes in common"


def dependents_json(
    digest: Digest, found: Iterable[Dependent], neighbours: Neighbours, *, is_complete: bool
) -> str:
    """Return one object; ADR 0056 lists the members."""
    base = neighbours.base
    stated = {"name": neighbours.stated_base, "digest": neighbours.stated_digest}
    document: dict[str, Json] = {
        "digest": str(digest),
        "complete": is_complete,
        "dependents": [_dependent(one) for one in found],
        "sharing": {
            "images": neighbours.number,
            "nearest": [_neighbour(one) for one in neighbours.nearest],
        },
        "base": {
            "stated": stated if any(stated.values()) else None,
            "guess": _neighbour(base) if base else None,
        },
    }
    return json.dumps(document, indent=2, ensure_ascii=False)


def _named(one: Neighbour, screen: Screen) -> str:
    digest = digest_on(screen, one.digest)
    return f"{digest} ({', '.join(one.names)})" if one.names else digest


def _dependent(one: Dependent) -> dict[str, Json]:
    return {
        "kind": one.kind.value,
        "name": one.name,
        "digest": str(one.digest),
        "platform": one.platform or None,
        "lastSeen": one.seen_at and format_utc(one.seen_at),
    }


def _neighbour(one: Neighbour) -> dict[str, Json]:
    return {
        "digest": str(one.digest),
        "names": list(one.names),
        "commonLayers": one.layers.number,
        "commonSize": one.layers.size,
        "layers": one.layers.total,
    }
