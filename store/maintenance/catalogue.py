"""The catalogue in SQLite: tags by pages, and numbers."""

import json
from collections.abc import Iterator
from datetime import datetime

from manyfest.domain.media_types import LISTS
from manyfest.domain.ports.catalogue import CachedTag, CountAndBytes, RegistryStatistics, Statistics
from manyfest.store.maintenance.layer_files import LayerFiles
from manyfest.store.rows import IS_NEWEST, damage_if_unreadable, observation_of
from manyfest.store.sqlite.database import Database, Row

_PAGE = 500  # rows; a reader that is slow to take them must not hold the lock

_FAMILIAR = """
    CASE WHEN substr(home, 1, 18) = 'docker.io/library/' THEN substr(home, 19)
        WHEN substr(home, 1, 10) = 'docker.io/' THEN substr(home, 11) ELSE home END"""
_TAGS = f"""
    SELECT home, tag, o.digest, last_seen, first_seen, media_type, length(data)
    FROM observations AS o JOIN main.manifests AS m ON m.digest = o.digest
    WHERE (home, tag) > (:home, :tag)
        AND {IS_NEWEST}
        AND (:pattern IS NULL OR home GLOB :pattern OR home || ':' || tag GLOB :pattern
            OR {_FAMILIAR} GLOB :pattern OR {_FAMILIAR} || ':' || tag GLOB :pattern)
    ORDER BY home, tag LIMIT {_PAGE}"""  # noqa: S608 - of constants alone
_ENTRIES = """
    SELECT l.digest, l.platform, m.digest IS NOT NULL
    FROM listed AS l LEFT JOIN main.manifests AS m ON m.digest = l.digest
    WHERE l.list = ? ORDER BY l.position"""
_OWN_PLATFORM = "SELECT platform FROM alone WHERE list = ?"
_LAYERS = """
    SELECT coalesce(sum(size), 0) FROM (
        SELECT DISTINCT digest, size FROM layers
        WHERE manifest IN (SELECT value FROM json_each(?)))"""
_UNKNOWN = ("/", "unknown/unknown")

_BY_TYPE = "SELECT media_type, count(*), sum(length(data)) FROM main.manifests GROUP BY media_type"
_AMOUNTS = "SELECT count(*), coalesce(sum(length(data)), 0) FROM main."
_NUMBERS = """
    SELECT (SELECT count(*) FROM tags), (SELECT count(*) FROM main.observations),
        (SELECT count(*) FROM main.drafts), min(first_seen), max(last_seen)
    FROM main.observations"""
_REGISTRIES = """
    SELECT registry, tags, number, size
    FROM (SELECT registry, count(DISTINCT reference) AS tags FROM history GROUP BY registry)
    JOIN (SELECT registry, count(*) AS number, sum(size) AS size FROM (
            SELECT DISTINCT registry, h.digest, length(data) AS size
            FROM history AS h JOIN main.manifests AS m ON m.digest = h.digest)
        GROUP BY registry) USING (registry)
    ORDER BY registry"""


class SqliteCatalogue:
    """``Catalogue`` over a database that was opened for looking, and the folder of layers."""

    def __init__(self, database: Database, layers: LayerFiles) -> None:
        self._database = database
        self._layers = layers

    def tags(self, pattern: str | None = None) -> Iterator[CachedTag]:
        """See the port."""
        place = {"home": "", "tag": "", "pattern": pattern}
        while page := self._database.rows(_TAGS, place):
            for row in page:
                yield self._tag(row)
            place["home"], place["tag"] = page[-1][:2]

    def statistics(self) -> Statistics:
        """See the port."""
        rows = self._database.rows
        by_type = {media_type: CountAndBytes(*amount) for media_type, *amount in rows(_BY_TYPE)}
        tags, states, drafts, oldest, newest = (*rows(_NUMBERS), (0, 0, 0, None, None))[0]
        file_size, reusable = self._database.space()
        with damage_if_unreadable(self._database.path, "the times at which tags were seen"):
            times = [text and datetime.fromisoformat(text) for text in (oldest, newest)]
        return Statistics(
            images=sum(
                (size for kind, size in by_type.items() if kind not in LISTS), CountAndBytes()
            ),
            lists=sum((size for kind, size in by_type.items() if kind in LISTS), CountAndBytes()),
            configs=self._amount("blobs"),
            layers=CountAndBytes.of(file.size for file in self._layers.held()),
            tags=tags,
            observations=states,
            drafts=drafts,
            quarantined=self._amount("quarantine")
            + CountAndBytes.of(file.size for file in self._layers.quarantined_before()),
            file_size=file_size,
            reusable_size=reusable,
            registries=tuple(
                RegistryStatistics(registry, number, CountAndBytes(*manifests))
                for registry, number, *manifests in rows(_REGISTRIES)
            ),
            oldest=times[0],
            newest=times[1],
        )

    def _amount(self, table: str) -> CountAndBytes:
        return CountAndBytes(*(*self._database.rows(f"{_AMOUNTS}{table}"), (0, 0))[0])

    def _tag(self, row: Row) -> CachedTag:
        *observed, media_type, size = row
        seen = observation_of(tuple(observed), self._database.path)
        platforms, images = self._images(str(seen.digest), is_list=media_type in LISTS)
        layers_size = None if images is None else self._layers_size(images)
        return CachedTag(seen, media_type, size, platforms, layers_size)

    def _images(
        self, digest: str, *, is_list: bool
    ) -> tuple[tuple[str, ...], tuple[str, ...] | None]:
        """The platforms, and the digests of the images, None if not all are held."""
        if not is_list:
            found = self._database.rows(_OWN_PLATFORM, (digest,))
            return tuple(platform for (platform,) in found), (digest,)
        entries = self._database.rows(_ENTRIES, (digest,))
        platforms = dict.fromkeys(name for _, name, _ in entries if name not in _UNKNOWN)
        images = tuple(dict.fromkeys(entry for entry, _, _ in entries))
        return tuple(platforms), images if all(held for *_, held in entries) else None

    def _layers_size(self, images: tuple[str, ...]) -> int:
        return int(self._database.rows(_LAYERS, (json.dumps(images),))[0][0])
