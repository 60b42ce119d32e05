"""The content store in SQL: manifests and small blobs by digest, and observations of tags."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from datetime import datetime
from itertools import islice
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.encoding.timestamps import format_utc
from manyfest.domain.errors import DamagedStoreError
from manyfest.domain.history.observation import (
    TOLERANCE,
    Observation,
    by_tag,
    follows,
    merge_observations,
    of_store_and_servers,
)
from manyfest.domain.manifests import Manifest
from manyfest.domain.references import Home, Reference
from manyfest.store.rows import (
    CLAIM_COLUMNS,
    INSERT_OBSERVATION,
    IS_NEWEST,
    OBSERVATION_COLUMNS,
    groups,
    observation_of,
    observation_row,
    tag_key,
)

if TYPE_CHECKING:
    from manyfest.domain.ports.content_store import Predecessor, Role, SharedLayers
    from manyfest.store.sql_database import SqlDatabase
    from manyfest.store.sqlite.database import Parameters

_SELECT_MANIFEST = "SELECT data, media_type FROM manifests WHERE digest = ?"
_SELECT_BLOB = "SELECT data FROM blobs WHERE digest = ?"
# Content with this digest is either the same or damaged, so only damaged bytes are overwritten. An
# intact row is not even locked, where a database locks rows.
UPSERT_MANIFEST = """
    INSERT INTO manifests (digest, media_type, data) SELECT :digest, :media_type, :data
    WHERE NOT EXISTS (SELECT 1 FROM manifests WHERE digest = :digest AND data = :data)
    ON CONFLICT (digest) DO UPDATE SET data = excluded.data WHERE manifests.data != excluded.data"""
UPSERT_BLOB = """
    INSERT INTO blobs (digest, data) SELECT :digest, :data
    WHERE NOT EXISTS (SELECT 1 FROM blobs WHERE digest = :digest AND data = :data)
    ON CONFLICT (digest) DO UPDATE SET data = excluded.data WHERE blobs.data != excluded.data"""

_PAGE = 1000  # rows, of perhaps 100,000
_NEWEST = """
    FROM observations WHERE home = :home AND tag = :tag ORDER BY last_seen DESC, id DESC LIMIT 1"""
_SELECT_NEWEST = f"SELECT {OBSERVATION_COLUMNS} {_NEWEST}"
# CROSS JOIN makes SQLite look for each tag in the index.
_SELECT_NEWEST_OF = f"""
    SELECT {OBSERVATION_COLUMNS} FROM {{pairs}} AS wanted CROSS JOIN observations AS o
    WHERE o.id = (SELECT id FROM observations
        WHERE home = wanted.first AND tag = wanted.second
        ORDER BY last_seen DESC, id DESC LIMIT 1)"""  # noqa: S608 - of constants alone
_SELECT_STATES = f"""
    SELECT {OBSERVATION_COLUMNS} FROM observations WHERE home = :home AND tag = :tag
    ORDER BY last_seen DESC, id DESC"""  # noqa: S608 - of constants alone
_SELECT_LATEST = f"""
    SELECT {OBSERVATION_COLUMNS} FROM observations AS o
    WHERE (home, tag) > (:home, :tag) AND {IS_NEWEST}
    ORDER BY home, tag LIMIT {_PAGE}"""  # noqa: S608 - of constants alone
_SELECT_TAGS_OF = "SELECT DISTINCT tag FROM observations WHERE home = ? AND tag != '' ORDER BY tag"
# Claims of servers are kept apart: they keep no content, and none of them is a tag's newest state.
_SELECT_CLAIMS = f"""
    SELECT {CLAIM_COLUMNS} FROM claims WHERE home = :home AND tag = :tag
    ORDER BY last_seen, source"""  # noqa: S608 - of constants alone
_EXTEND_NEWEST = f"""
    UPDATE observations SET last_seen = CASE WHEN last_seen < :last THEN :last ELSE last_seen END
    WHERE id = (SELECT id {_NEWEST})"""  # noqa: S608 - of constants alone
# Members that statements about images have and image configs have not.
_MARKS = ("predicateType", "spdxVersion", "bomFormat", "payloadType", "@graph")
_STATEMENT_MARKS = tuple(f'"{name}"'.encode() for name in _MARKS)
_UPSERT_DIGEST_READ = """
    INSERT INTO digests (digest, home, last_seen) VALUES (?, ?, ?)
    ON CONFLICT (digest, home) DO UPDATE SET last_seen =
        CASE WHEN digests.last_seen > ? OR digests.last_seen < excluded.last_seen
            THEN excluded.last_seen ELSE digests.last_seen END"""


class SqlContentStore:
    """``ContentStore`` in an SQL database."""

    def __init__(self, database: "SqlDatabase") -> None:
        self._database = database

    def transaction(self) -> AbstractContextManager[None]:
        """See the port."""
        return self._database.transaction()

    def manifest(self, digest: Digest) -> Manifest | None:
        """See the port."""
        for data, media_type in self._database.rows(_SELECT_MANIFEST, (str(digest),)):
            return Manifest.stored(media_type, self._verified(data, digest), digest)
        return None

    def blob(self, digest: Digest) -> bytes | None:
        """See the port."""
        for (data,) in self._database.rows(_SELECT_BLOB, (str(digest),)):
            return self._verified(data, digest)
        return None

    def manifest_groups(self, digests: Iterable[Digest]) -> Iterator[Sequence[Manifest]]:
        """See the port."""
        from manyfest.store.bulk_reads import manifest_groups

        return manifest_groups(self._database, digests, self._verified)

    def blob_sizes(self, digests: Iterable[Digest]) -> Mapping[Digest, int]:
        """See the port."""
        from manyfest.store.bulk_reads import blob_sizes

        return blob_sizes(self._database, digests)

    def last_observation(self, reference: Reference) -> Observation | None:
        """See the port."""
        return next(iter(self._observations(_SELECT_NEWEST, tag_key(reference))), None)

    def history(self, reference: Reference) -> tuple[Observation, ...]:
        """See the port."""
        states = self._states(reference)
        claims = tuple(self._claims(reference))
        return merge_observations(states, claims) if claims else states

    def latest(self) -> Iterator[Observation]:
        """See the port."""
        cursor = {"home": "", "tag": ""}
        while page := self._observations(_SELECT_LATEST, cursor):
            yield from page
            cursor = tag_key(page[-1].reference)

    def tags_of(self, home: Home) -> tuple[str, ...]:
        """See the port."""
        return tuple(str(tag) for (tag,) in self._database.rows(_SELECT_TAGS_OF, (str(home),)))

    def observations_of(self, digest: Digest) -> Iterator[Observation]:
        """See the port."""
        from manyfest.store.predecessors import observations_of

        return observations_of(self._database, digest)

    def predecessors(self, digest: Digest, role: "Role | None" = None) -> "Iterator[Predecessor]":
        """See the port."""
        from manyfest.store.predecessors import predecessors

        return predecessors(self._database, digest, role)

    def named(self, digests: Iterable[Digest], role: "Role") -> frozenset[Digest]:
        """See the port."""
        from manyfest.store.bulk_reads import named

        return named(self._database, digests, role)

    def digests(self, beginning: str, limit: int) -> tuple[Digest, ...]:
        """See the port."""
        from manyfest.store.predecessors import digests

        return digests(self._database, beginning, limit)

    def sharing(self, layers: Sequence[Descriptor]) -> "Iterator[SharedLayers]":
        """See the port."""
        from manyfest.store.predecessors import sharing

        return sharing(self._database, layers)

    def keep_manifests(self, manifests: Iterable[Manifest]) -> None:
        """See the port."""
        rows = (
            {"digest": str(kept.digest), "media_type": kept.media_type, "data": kept.data}
            for kept in manifests
        )
        for group in _sorted_groups(rows):
            self._upsert(UPSERT_MANIFEST, group)

    def keep_blobs(self, blobs: Iterable[bytes]) -> None:
        """See the port. The packages of an SBOM are kept as rows, for queries."""
        for group in _sorted_groups(
            {"digest": str(Digest.of(blob)), "data": blob} for blob in blobs
        ):
            self._upsert(UPSERT_BLOB, group)
            if found := [row for row in group if _may_be_statement(row)]:
                from manyfest.store.packages import keep_packages

                keep_packages(self._database, ((row["digest"], row["data"]) for row in found))

    def observe(self, observations: Iterable[Observation]) -> None:
        """See the port.

        Nearly always there is one look at a tag, newer than the stored observations: such looks
        are two statements for all tags. Anything else rewrites the history of the tag.
        """
        states, claims = of_store_and_servers(observations)
        if claims:
            from manyfest.store.tag_histories import record_claims

            record_claims(self._database, claims)
        tags = by_tag(states)
        self._database.lock(*(f"tag {tag}" for tag in tags))
        items = iter(tags.items())
        while group := dict(islice(items, _PAGE)):
            self._observe_tags(group)

    def homes_of(self, digest: Digest) -> tuple[Home, ...]:
        """See the port."""
        from manyfest.store.predecessors import homes_of

        return homes_of(self._database, digest)

    def homes_with(self, digests: Sequence[Digest]) -> Mapping[Digest, frozenset[Home]]:
        """See the port."""
        from manyfest.store.predecessors import homes_with

        return homes_with(self._database, digests)

    def record_digest_reads(
        self, digests: Iterable[Digest], now: datetime, home: Home | None = None
    ) -> None:
        """See the port."""
        times = format_utc(now), format_utc(now + TOLERANCE)  # later: an error of the clock
        rows = ((digest, str(home or ""), *times) for digest in sorted(map(str, digests)))
        self._database.write(_UPSERT_DIGEST_READ, rows)

    def _observe_tags(self, tags: Mapping[Reference, Sequence[Observation]]) -> None:
        """Add observations by their tags, of which there are few."""
        newest = self._newest(tags)
        extending: list[dict[str, str]] = []
        beginning: list[dict[str, str]] = []
        for tag, added in tags.items():
            last = newest.get(tag)
            if len(added) > 1 or not follows(added[0], last):
                if last is None:
                    beginning += map(observation_row, reversed(merge_observations((), added)))
                else:
                    from manyfest.store.tag_histories import merge_into_history

                    merge_into_history(self._database, tag, self._states(tag), added)
            else:
                is_same = last is not None and last.digest == added[0].digest
                (extending if is_same else beginning).append(observation_row(added[0]))
        self._write_any(_EXTEND_NEWEST, extending)
        self._write_any(INSERT_OBSERVATION, beginning)

    def _newest(self, tags: Iterable[Reference]) -> dict[Reference, Observation]:
        """Return the newest observation of each of these tags that has any."""
        wanted = json.dumps([tuple(tag_key(tag).values()) for tag in tags])
        select = _SELECT_NEWEST_OF.format(pairs=self._database.pairs)
        return {newest.reference: newest for newest in self._observations(select, (wanted,))}

    def _write_any(self, statement: str, rows: Sequence[dict[str, str]]) -> None:
        if rows:
            self._database.write(statement, rows)

    def _states(self, reference: Reference) -> tuple[Observation, ...]:
        return self._observations(_SELECT_STATES, tag_key(reference))

    def _claims(self, reference: Reference) -> Iterator[Observation]:
        """The claims of servers about the tag; a row that cannot be read is left out."""
        for row in self._database.rows(_SELECT_CLAIMS, tag_key(reference)):
            with suppress(DamagedStoreError):
                yield observation_of(row, self._database.path)

    def _observations(self, statement: str, parameters: "Parameters") -> tuple[Observation, ...]:
        rows = self._database.rows(statement, parameters)
        return tuple(observation_of(row, self._database.path) for row in rows)

    def _upsert(self, statement: str, group: Sequence[dict[str, Any]]) -> None:
        """Keep a group of content; a database may have one statement for a whole group."""
        self._database.write(statement, group)

    def _verified(self, data: object, digest: Digest) -> bytes:
        """Hash the stored bytes again, because databases do not detect a flipped bit.

        A flipped bit in the row's header may even have turned the bytes into text.
        """
        if not isinstance(data, bytes) or not digest.is_of(data):
            raise DamagedStoreError(str(self._database.path), f"{digest} has other bytes")
        return data


def _may_be_statement(row: dict[str, Any]) -> bool:
    return any(mark in row["data"] for mark in _STATEMENT_MARKS)


def _sorted_groups(rows: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Yield groups of content, each in the order of digests.

    Two writers that insert the same rows in different orders would block each other.
    """
    for group in groups(rows, lambda row: len(row["data"])):
        yield sorted(group, key=itemgetter("digest"))
