"""The catalogue in SQLite: cached tags by pages, and statistics."""

import json
from collections.abc import Iterator

from manyfest.domain.encoding.timestamps import parse_utc
from manyfest.domain.media_types import LISTS
from manyfest.domain.ports.catalogue import CachedTag, CountAndBytes, RegistryStatistics, Statistics
from manyfest.store.maintenance.layer_files import LayerFiles
from manyfest.store.rows import IS_NEWEST, damage_if_unreadable, observation_of
from manyfest.store.sqlite.database import Database, Row

_PAGE = 500  # rows; no lock is kept between pages, because the consumer may be slow

_FAMILIAR = """
    CASE WHEN substr(home, 1, 18) = 'docker.io/library/' THEN substr(home, 19)
        WHEN substr(home, 1, 10) = 'docker.io/' THEN substr(home, 11) ELSE home END"""
_SELECT_TAGS = f"""
    SELECT home, tag, o.digest, last_seen, first_seen, claimed, media_type, length(data)
    FROM observations AS o JOIN main.manifests AS m ON m.digest = o.digest
    WHERE (home, tag) > (:home, :tag)
        AND {IS_NEWEST}
        AND (:pattern IS NULL OR home GLOB :pattern OR home || ':' || tag GLOB :pattern
            OR {_FAMILIAR} GLOB :pattern OR {_FAMILIAR} || ':' || tag GLOB :pattern)
    ORDER BY home, tag LIMIT {_PAGE}"""  # noqa: S608 - of constants alone
_SELECT_ENTRIES = """
    SELECT l.digest, l.platform, m.digest IS NOT NULL
    FROM listed AS l LEFT JOIN main.manifests AS m ON m.digest = l.digest
    WHERE l.list = ? ORDER BY l.position"""
_SELECT_OWN_PLATFORM = "SELECT platform FROM alone WHERE list = ?"
_LAYERS_SIZE = """
    SELECT coalesce(sum(size), 0) FROM (
        SELECT DISTINCT digest, size FROM layers
        WHERE manifest IN (SELECT value FROM json_each(?)))"""
_UNKNOWN_PLATFORMS = ("/", "unknown/unknown")

_BY_TYPE = "SELECT media_type, count(*), sum(length(data)) FROM main.manifests GROUP BY media_type"
_COUNT_AND_BYTES = "SELECT count(*), coalesce(sum(length(data)), 0) FROM main."
_COUNTS = """
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
    """``Catalogue`` over a read-only database with the views, and the folder of layers."""

    def __init__(self, database: Database, layers: LayerFiles) -> None:
        self._database = database
        self._layers = layers

    def tags(self, pattern: str | None = None) -> Iterator[CachedTag]:
        """See the port."""
        cursor = {"home": "", "tag": "", "pattern": pattern}
        while page := self._database.rows(_SELECT_TAGS, cursor):
            for row in page:
                yield self._tag(row)
            cursor["home"], cursor["tag"] = page[-1][:2]

    def statistics(self) -> Statistics:
        """See the port."""
        rows = self._database.rows
        by_type = {media_type: CountAndBytes(*amount) for media_type, *amount in rows(_BY_TYPE)}
        tags, states, drafts, oldest, newest = (*rows(_COUNTS), (0, 0, 0, None, None))[0]
        file_size, reusable = self._database.space()
        with damage_if_unreadable(self._database.path, "the times at which tags were seen"):
            times = [text and parse_utc(text) for text in (oldest, newest)]
        return Statistics(
            images=sum(
                (size for kind, size in by_type.items() if kind not in LISTS), CountAndBytes()
            ),
            lists=sum((size for kind, size in by_type.items() if kind in LISTS), CountAndBytes()),
            configs=self._count_and_bytes("blobs"),
            layers=CountAndBytes.of(file.size for file in self._layers.layers()),
            tags=tags,
            observations=states,
            drafts=drafts,
            quarantined=self._count_and_bytes("quarantine")
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

    def _count_and_bytes(self, table: str) -> CountAndBytes:
        return CountAndBytes(*(*self._database.rows(f"{_COUNT_AND_BYTES}{table}"), (0, 0))[0])

    def _tag(self, row: Row) -> CachedTag:
        *observed, media_type, size = row
        observation = observation_of(tuple(observed), self._database.path)
        platforms, images = self._images(str(observation.digest), is_list=media_type in LISTS)
        layers_size = None if images is None else self._layers_size(images)
        return CachedTag(observation, media_type, size, platforms, layers_size)

    def _images(
        self, digest: str, *, is_list: bool
    ) -> tuple[tuple[str, ...], tuple[str, ...] | None]:
        """Return the platforms and the images' digests; None for those unless all are stored."""
        if not is_list:
            found = self._database.rows(_SELECT_OWN_PLATFORM, (digest,))
            return tuple(platform for (platform,) in found), (digest,)
        entries = self._database.rows(_SELECT_ENTRIES, (digest,))
        platforms = dict.fromkeys(name for _, name, _ in entries if name not in _UNKNOWN_PLATFORMS)
        images = tuple(dict.fromkeys(entry for entry, _, _ in entries))
        return tuple(platforms), images if all(stored for *_, stored in entries) else None

    def _layers_size(self, images: tuple[str, ...]) -> int:
        return int(self._database.rows(_LAYERS_SIZE, (json.dumps(images),))[0][0])
