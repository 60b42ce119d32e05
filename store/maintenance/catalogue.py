"""The catalogue in SQL: cached tags by pages, and statistics."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING

from manyfest.domain.encoding.timestamps import parse_utc
from manyfest.domain.media_types import LISTS
from manyfest.domain.ports.catalogue import (
    CachedRepository,
    CachedTag,
    CountAndBytes,
    RegistryStatistics,
    Statistics,
)
from manyfest.store.maintenance.layer_files import LayerFiles
from manyfest.store.maintenance.views import REGISTRY_OF_HOME
from manyfest.store.rows import IS_NEWEST, damage_if_unreadable, groups, observation_of
from manyfest.store.sqlite.database import Row

if TYPE_CHECKING:
    from manyfest.store.sql_database import SqlDatabase

_PAGE = 500  # rows; no lock is kept between pages, because the consumer may be slow

_FAMILIAR = """
    CASE WHEN substr(home, 1, 18) = 'docker.io/library/' THEN substr(home, 19)
        WHEN substr(home, 1, 10) = 'docker.io/' THEN substr(home, 11) ELSE home END"""
_TAGS = """
    SELECT home, tag, o.digest, last_seen, first_seen, claimed, media_type, length(data)
    FROM observations AS o JOIN main.manifests AS m ON m.digest = o.digest"""
_SELECT_TAGS = f"""
    {_TAGS}
    WHERE (home, tag) > (:home, :tag)
        AND {IS_NEWEST}
        AND (CAST(:pattern AS TEXT) IS NULL OR glob(:pattern, home)
            OR glob(:pattern, home || ':' || tag) OR glob(:pattern, {_FAMILIAR})
            OR glob(:pattern, {_FAMILIAR} || ':' || tag))
    ORDER BY home, tag LIMIT {_PAGE}"""
_SELECT_TAGS_OF = f"""
    {_TAGS}
    WHERE home = :home AND (tag > :tag OR (tag = '' AND :is_first)) AND {IS_NEWEST}
    ORDER BY tag LIMIT {_PAGE}"""
_SELECT_REPOSITORIES = f"""
    SELECT home, count(DISTINCT tag), max(first_seen), min(claimed)
    FROM main.observations
    WHERE home > :home AND (CAST(:pattern AS TEXT) IS NULL
        OR glob(:pattern, home) OR glob(:pattern, {_FAMILIAR}))
    GROUP BY home ORDER BY home LIMIT {_PAGE}"""  # noqa: S608 - of constants alone
# Of the images and lists whose digests are the elements of a JSON array. CROSS JOIN makes SQLite
# look each of them up, where it might read all documents instead.
_WANTED = "FROM json_each(?) AS wanted CROSS JOIN"
_SELECT_ENTRIES = f"""
    SELECT l.list, l.platform, l.digest, m.digest IS NOT NULL
    {_WANTED} listed AS l ON l.list = wanted.value
    LEFT JOIN main.manifests AS m ON m.digest = l.digest
    ORDER BY l.list, l.position"""
# Documents are hashed where the index says that a config is kept: often none is.
HAS_CONFIG = """
    WHERE EXISTS (SELECT 1 FROM main.descriptors AS d JOIN main.blobs AS b ON b.digest = d.digest
        WHERE d.manifest = wanted.value AND d.role = 'config')"""
_SELECT_OWN_PLATFORMS = f"""
    SELECT a.list, a.platform
    {_WANTED} alone AS a ON a.list = wanted.value {HAS_CONFIG}"""
# Of pairs: a number, and an image's digest. A layer counts once for each number.
_LAYERS_SIZES = """
    SELECT number, coalesce(sum(size), 0) FROM (
        SELECT DISTINCT json_extract(pair.value, '$[0]') AS number, l.digest, l.size
        FROM json_each(?) AS pair
        CROSS JOIN layers AS l ON l.manifest = json_extract(pair.value, '$[1]'))
    GROUP BY number"""
_UNKNOWN_PLATFORMS = ("/", "unknown/unknown")

# Not by type: grouping 100,000 rows would sort them.
_LISTS_AND_ALL = f"""
    SELECT coalesce(sum(CASE WHEN is_list THEN 1 ELSE 0 END), 0),
        coalesce(sum(CASE WHEN is_list THEN size ELSE 0 END), 0),
        count(*), coalesce(sum(size), 0)
    FROM (SELECT media_type IN ({", ".join(f"'{media_type}'" for media_type in sorted(LISTS))})
        AS is_list, length(data) AS size FROM main.manifests) AS m"""  # noqa: S608 - constants
_COUNT_AND_BYTES = "SELECT count(*), coalesce(sum(length(data)), 0) FROM main."
_COUNTS = """
    SELECT (SELECT count(*) FROM (SELECT DISTINCT home, tag FROM main.observations) AS t),
        (SELECT count(*) FROM main.observations), (SELECT count(*) FROM main.drafts),
        min(first_seen), max(last_seen)
    FROM main.observations"""
# A home's registry is read once for each home, and a manifest is known by its number: texts of
# 100,000 rows take five times as long to compare.
_REGISTRIES = f"""
    WITH homes AS MATERIALIZED (
        SELECT home, {REGISTRY_OF_HOME} AS registry, count(DISTINCT tag) AS tags
        FROM main.observations GROUP BY home)
    SELECT registry, sum(tags), number, size FROM homes JOIN (
        SELECT registry, count(*) AS number, sum(size) AS size FROM (
            SELECT DISTINCT homes.registry, m.rowid, length(m.data) AS size
            FROM main.observations AS o JOIN homes ON homes.home = o.home
            JOIN main.manifests AS m ON m.digest = o.digest)
        GROUP BY registry) USING (registry)
    GROUP BY registry ORDER BY registry"""  # noqa: S608 - of constants alone


class SqlCatalogue:
    """``Catalogue`` over a read-only database with the views, and the folder of layers.

    Some statements differ between databases: those that take JSON apart (the entries of lists, the
    platforms of images, the sizes of layers), and the one that counts by registry.
    """

    entries, own_platforms, layers_sizes = _SELECT_ENTRIES, _SELECT_OWN_PLATFORMS, _LAYERS_SIZES
    registries = _REGISTRIES

    def __init__(self, database: "SqlDatabase", layers: LayerFiles) -> None:
        self._database = database
        self._layers = layers

    def tags(self, pattern: str | None = None) -> Iterator[CachedTag]:
        """See the port."""
        cursor = {"home": "", "tag": "", "pattern": pattern}
        while page := self._database.rows(_SELECT_TAGS, cursor):
            for rows in groups(page, itemgetter(-1), _PAGE):
                yield from self._tags(rows)
            cursor["home"], cursor["tag"] = page[-1][:2]

    def tags_of(self, home: str, after: str = "") -> Iterator[CachedTag]:
        """See the port."""
        cursor = {"home": home, "tag": after, "is_first": not after}
        while page := self._database.rows(_SELECT_TAGS_OF, cursor):
            for rows in groups(page, itemgetter(-1), _PAGE):
                yield from self._tags(rows)
            cursor |= {"tag": page[-1][1], "is_first": False}

    def repositories(
        self, pattern: str | None = None, after: str = ""
    ) -> Iterator[CachedRepository]:
        """See the port."""
        cursor = {"home": after, "pattern": pattern}
        while page := self._database.rows(_SELECT_REPOSITORIES, cursor):
            for home, tags, moved, claimed in page:
                with damage_if_unreadable(self._database.path, f"when {home} moved"):
                    yield CachedRepository(home, tags, parse_utc(moved), bool(claimed))
            cursor["home"] = page[-1][0]

    def statistics(self) -> Statistics:
        """See the port."""
        rows = self._database.rows
        [amounts] = rows(_LISTS_AND_ALL) or [(0, 0, 0, 0)]
        lists, manifests = CountAndBytes(*amounts[:2]), CountAndBytes(*amounts[2:])
        tags, states, drafts, oldest, newest = (*rows(_COUNTS), (0, 0, 0, None, None))[0]
        file_size, reusable = self._database.space()
        with damage_if_unreadable(self._database.path, "the times at which tags were seen"):
            times = [text and parse_utc(text) for text in (oldest, newest)]
        return Statistics(
            images=CountAndBytes(manifests.number - lists.number, manifests.size - lists.size),
            lists=lists,
            configs=self._count_and_bytes("blobs"),
            layers=CountAndBytes.of(file.size for file in self._layers.layers()),
            partial=CountAndBytes.of(file.size for file in self._layers.partial()),
            tags=tags,
            observations=states,
            drafts=drafts,
            quarantined=self._count_and_bytes("quarantine")
            + CountAndBytes.of(file.size for file in self._layers.quarantined_before()),
            file_size=file_size,
            reusable_size=reusable,
            registries=tuple(
                RegistryStatistics(registry, number, CountAndBytes(*manifests))
                for registry, number, *manifests in rows(self.registries)
            ),
            oldest=times[0],
            newest=times[1],
        )

    def _count_and_bytes(self, table: str) -> CountAndBytes:
        return CountAndBytes(*(*self._database.rows(f"{_COUNT_AND_BYTES}{table}"), (0, 0))[0])

    def _tags(self, rows: Sequence[Row]) -> Iterator[CachedTag]:
        """Yield the tags of some rows; three statements read the documents of them all."""
        lists = {row[2] for row in rows if row[-2] in LISTS}
        listed = self._by_list(self.entries, lists)
        own = self._by_list(self.own_platforms, {row[2] for row in rows} - lists)
        images = [_images(row[2], listed) if row[2] in lists else (row[2],) for row in rows]
        sizes = self._layers_sizes(images)
        for number, row in enumerate(rows):
            observation = observation_of(row[:-2], self._database.path)
            platforms = _platforms(listed.get(row[2], ()), own.get(row[2], ()))
            layers_size = None if images[number] is None else sizes.get(number, 0)
            yield CachedTag(observation, row[-2], row[-1], platforms, layers_size)

    def _by_list(self, statement: str, digests: Collection[str]) -> dict[str, list[Row]]:
        """Return the rows of a statement by their first column."""
        found: dict[str, list[Row]] = {}
        for row in self._database.rows(statement, (_json(digests),)) if digests else ():
            found.setdefault(row[0], []).append(row[1:])
        return found

    def _layers_sizes(self, images: Sequence[Iterable[str] | None]) -> dict[int, int]:
        """Return the size of all different layers of each group of images, by its number."""
        pairs = [(number, each) for number, group in enumerate(images) for each in group or ()]
        return {
            int(number): int(size)
            for number, size in self._database.rows(self.layers_sizes, (json.dumps(pairs),))
        }


def _images(digest: str, listed: Mapping[str, Sequence[Row]]) -> tuple[str, ...] | None:
    """Return the images of a list, each once; None unless all are cached."""
    entries = listed.get(digest, ())
    is_whole = all(is_cached for *_, is_cached in entries)
    return tuple(dict.fromkeys(image for _, image, _ in entries)) if is_whole else None


def _platforms(entries: Iterable[Row], own: Iterable[Row]) -> tuple[str, ...]:
    names = dict.fromkeys(name for name, *_ in entries if name not in _UNKNOWN_PLATFORMS)
    return (*names, *(name for (name,) in own))


def _json(digests: Iterable[str]) -> str:
    return json.dumps(sorted(digests))
