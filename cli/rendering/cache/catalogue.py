"""The store's content, as ``cache ls`` and ``cache stats`` show it."""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from operator import itemgetter

from manyfest.cli.output import Screen
from manyfest.cli.rendering.humanize import (
    CLAIMED,
    digest_on,
    format_moment,
    format_size,
    format_time,
)
from manyfest.cli.rendering.table import Column, View, json_array, text_lines
from manyfest.domain.encoding.strict_json import Json
from manyfest.domain.encoding.timestamps import format_utc, utc_or_none
from manyfest.domain.errors import shortened
from manyfest.domain.history.observation import Observation
from manyfest.domain.ports.catalogue import CachedTag, CountAndBytes, RegistryStatistics, Statistics

_PLATFORMS_LIMIT = 120


def tag_columns(screen: Screen, *, now: datetime) -> tuple[Column[CachedTag], ...]:
    """Return the columns of ``cache ls``: sizes of the manifest, and of its layers if known."""
    return (
        Column("REFERENCE", lambda tag: str(tag.observation.reference), cut="middle"),
        Column("DIGEST", lambda tag: digest_on(screen, tag.observation.digest), rank=2),
        Column("SIZE", lambda tag: format_size(tag.size), rank=5, key=lambda tag: tag.size),
        Column("LAYERS", _layers, rank=3, key=lambda tag: tag.layers_size or 0),
        Column(
            "LAST SEEN",
            lambda tag: _last_seen(tag.observation, now, screen),
            rank=1,
            key=lambda tag: tag.observation.seen_at,
        ),
        Column("PLATFORMS", _platforms, rank=4, cut="items"),
    )


def tags_json(tags: Iterable[CachedTag]) -> Iterator[str]:
    """Yield a JSON array of objects; sizes in bytes, times in ISO 8601 with zone."""
    return json_array(map(_object, tags))


def statistics_lines(statistics: Statistics, screen: Screen) -> Iterator[str]:
    """Yield a line a kind of content, then a line a registry."""
    kinds = _kinds(statistics)
    things = [
        ("quarantined" if name == "setAside" else name, f"{kind.number:,}", format_size(kind.size))
        for name, kind in kinds.items()
    ]
    numbers = {
        "tags": statistics.tags,
        "observations": statistics.observations,
        "drafts": statistics.drafts,
    }
    rows = [*things, *((name, f"{number:,}", "") for name, number in numbers.items())]
    reusable = statistics.reusable_size
    free = f" ({format_size(reusable)} of it free)" if reusable else ""
    yield from _table(("CONTENT", "COUNT", "SIZE"), rows, screen)
    facts = [f"file: {format_size(statistics.file_size)}{free}", *_observed(statistics)]
    yield from text_lines("\n".join(facts), _unpainted, screen=screen)
    registries = [_registry_row(host) for host in statistics.registries]
    if registries:
        yield from _table(("REGISTRY", "TAGS", "MANIFESTS", "SIZE"), registries, screen)


def _registry_row(host: RegistryStatistics) -> tuple[str, ...]:
    number, size = host.manifests.number, host.manifests.size
    return host.registry, f"{host.tags:,}", f"{number:,}", format_size(size)


def _table(
    headings: Sequence[str], rows: Sequence[tuple[str, ...]], screen: Screen
) -> Iterator[str]:
    first, *others = headings
    columns = [Column(first, itemgetter(0), cut="middle")]
    columns += [Column(heading, itemgetter(i)) for i, heading in enumerate(others, start=1)]
    return View(columns, rows, screen).lines()


def statistics_json(statistics: Statistics) -> str:
    """Return an object; sizes in bytes, times in ISO 8601 with zone or null."""
    document: dict[str, Json] = {
        name: _count_object(kind) for name, kind in _kinds(statistics).items()
    }
    document |= {
        "tags": statistics.tags,
        "states": statistics.observations,
        "drafts": statistics.drafts,
        "fileSize": statistics.file_size,
        "reusableSize": statistics.reusable_size,
        "oldest": utc_or_none(statistics.oldest),
        "newest": utc_or_none(statistics.newest),
        "registries": [
            {
                "registry": host.registry,
                "tags": host.tags,
                "manifests": _count_object(host.manifests),
            }
            for host in statistics.registries
        ],
    }
    return json.dumps(document, indent=2, ensure_ascii=False)


def _layers(tag: CachedTag) -> str:
    return "unknown" if tag.layers_size is None else format_size(tag.layers_size)


def _last_seen(observation: Observation, now: datetime, screen: Screen) -> str:
    return format_moment(observation.seen_at, now, screen) + CLAIMED * observation.is_claimed


def _platforms(tag: CachedTag) -> str:
    return shortened(", ".join(tag.platforms), _PLATFORMS_LIMIT)


def _object(tag: CachedTag) -> dict[str, Json]:
    return {
        "reference": str(tag.observation.reference),
        "digest": str(tag.observation.digest),
        "mediaType": tag.media_type,
        "size": tag.size,
        "layersSize": tag.layers_size,
        "platforms": list(tag.platforms),
        "firstSeen": format_utc(tag.observation.first_seen),
        "lastSeen": format_utc(tag.observation.seen_at),
        "claimed": tag.observation.is_claimed,
    }


def _kinds(statistics: Statistics) -> dict[str, CountAndBytes]:
    names = ("images", "lists", "configs", "layers", "partial")
    kinds: dict[str, CountAndBytes] = {name: getattr(statistics, name) for name in names}
    return kinds | {"setAside": statistics.quarantined}


def _count_object(amount: CountAndBytes) -> dict[str, Json]:
    return {"number": amount.number, "size": amount.size}


def _unpainted(line: str, _screen: Screen) -> str:
    return line


def _observed(statistics: Statistics) -> Iterator[str]:
    if statistics.oldest and statistics.newest:
        yield f"observed: {format_time(statistics.oldest)} to {format_time(statistics.newest)}"
