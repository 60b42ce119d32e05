"""The content store in SQLite: manifests and small blobs by digest, and observations of tags."""

from collections.abc import Iterable
from contextlib import AbstractContextManager
from datetime import datetime

from manyfest.domain.digests import Digest
from manyfest.domain.encoding.timestamps import format_utc
from manyfest.domain.errors import DamagedStoreError
from manyfest.domain.history.observation import Observation, by_tag, merge_observations
from manyfest.domain.manifests import Manifest
from manyfest.domain.references import Reference
from manyfest.store.rows import IS_NEWEST, OBSERVATION_COLUMNS, observation_of
from manyfest.store.sqlite.database import Database

_MANIFEST = "SELECT data, media_type FROM manifests WHERE digest = ?"
_BLOB = "SELECT data FROM blobs WHERE digest = ?"
_KEEP_MANIFEST = """
    INSERT INTO manifests (digest, media_type, data) VALUES (?, ?, ?)
    ON CONFLICT (digest) DO UPDATE SET data = excluded.data WHERE data != excluded.data"""
_KEEP_BLOB = """
    INSERT INTO blobs (digest, data) VALUES (?, ?)
    ON CONFLICT (digest) DO UPDATE SET data = excluded.data WHERE data != excluded.data"""

_NEWEST = """
    FROM observations WHERE home = :home AND tag = :tag ORDER BY last_seen DESC, id DESC LIMIT 1"""
_LAST_OBSERVATION = f"SELECT {OBSERVATION_COLUMNS} {_NEWEST}"
_HISTORY = f"""
    SELECT {OBSERVATION_COLUMNS} FROM observations WHERE home = :home AND tag = :tag
    ORDER BY last_seen DESC, id DESC"""  # noqa: S608 - of constants alone
_LATEST = f"""
    SELECT {OBSERVATION_COLUMNS} FROM observations AS o WHERE {IS_NEWEST}
    ORDER BY home, tag"""  # noqa: S608 - of constants alone
# A row is a time through which a tag pointed to one digest: it ends when another is seen.
_ADD = """
    INSERT INTO observations (home, tag, digest, first_seen, last_seen)
    VALUES (:home, :tag, :digest, :first, :last)"""
_SEEN_AGAIN = f"""
    UPDATE observations SET last_seen = max(last_seen, :last)
    WHERE id = (SELECT id {_NEWEST})"""  # noqa: S608 - of constants alone
_ASKED = """
    INSERT INTO digests (digest, last_seen) VALUES (?, ?)
    ON CONFLICT (digest) DO UPDATE SET last_seen = max(last_seen, excluded.last_seen)"""
_FORGET = "DELETE FROM observations WHERE home = :home AND tag = :tag"


class SqliteContentStore:
    """``ContentStore`` in one SQLite file."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def transaction(self) -> AbstractContextManager[None]:
        """See the port."""
        return self._database.transaction()

    def manifest(self, digest: Digest) -> Manifest | None:
        """See the port."""
        for data, media_type in self._database.rows(_MANIFEST, (str(digest),)):
            return Manifest(media_type, self._intact(data, digest), digest.algorithm)
        return None

    def blob(self, digest: Digest) -> bytes | None:
        """See the port."""
        for (data,) in self._database.rows(_BLOB, (str(digest),)):
            return self._intact(data, digest)
        return None

    def last_observation(self, reference: Reference) -> Observation | None:
        """See the port."""
        return next(iter(self._observed(_LAST_OBSERVATION, _place(reference))), None)

    def history(self, reference: Reference) -> tuple[Observation, ...]:
        """See the port."""
        return self._observed(_HISTORY, _place(reference))

    def latest(self) -> tuple[Observation, ...]:
        """See the port."""
        return self._observed(_LATEST, {})

    def keep_manifests(self, manifests: Iterable[Manifest]) -> None:
        """See the port."""
        rows = ((str(kept.digest), kept.media_type, kept.data) for kept in manifests)
        self._database.write(_KEEP_MANIFEST, rows)

    def keep_blobs(self, blobs: Iterable[bytes]) -> None:
        """See the port."""
        self._database.write(_KEEP_BLOB, ((str(Digest.of(blob)), blob) for blob in blobs))

    def observe(self, observations: Iterable[Observation]) -> None:
        """See the port; what is newer than all that is held, as nearly always, is one more row."""
        for place, seen in by_tag(observations).items():
            newest = self.last_observation(place)
            if len(seen) > 1 or not _extends(newest, seen[0]):
                self._observe_between(place, seen)
            elif newest and newest.digest == seen[0].digest:
                self._database.write(_SEEN_AGAIN, [_columns(seen[0])])
            else:
                self._database.write(_ADD, [_columns(seen[0])])

    def record_digest_reads(self, digests: Iterable[Digest], now: datetime) -> None:
        """See the port."""
        self._database.write(_ASKED, ((str(digest), format_utc(now)) for digest in digests))

    def _observe_between(self, place: Reference, seen: Iterable[Observation]) -> None:
        before = self.history(place)
        after = merge_observations(before, seen)
        if after != before:
            self._database.write(_FORGET, [_place(place)])
            self._database.write(_ADD, map(_columns, reversed(after)))

    def _observed(self, statement: str, parameters: dict[str, str]) -> tuple[Observation, ...]:
        rows = self._database.rows(statement, parameters)
        return tuple(observation_of(row, self._database.path) for row in rows)

    def _intact(self, data: object, digest: Digest) -> bytes:
        """SQLite does not see a flipped bit, which may even have turned the bytes into text."""
        if not isinstance(data, bytes) or Digest.of(data, digest.algorithm) != digest:
            raise DamagedStoreError(str(self._database.path), f"{digest} has other bytes")
        return data


def _place(reference: Reference) -> dict[str, str]:
    return {"home": str(reference.home), "tag": reference.tag or ""}


def _columns(seen: Observation) -> dict[str, str]:
    times = {"first": format_utc(seen.first_seen), "last": format_utc(seen.seen_at)}
    return _place(seen.reference) | {"digest": str(seen.digest)} | times


def _extends(newest: Observation | None, seen: Observation) -> bool:
    """Whether ``seen`` is the newest of its home and tag, or the ``newest`` seen again."""
    if newest is None:
        return True
    if newest.digest == seen.digest:
        return newest.first_seen <= seen.first_seen
    return newest.seen_at < seen.first_seen
