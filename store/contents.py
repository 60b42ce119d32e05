"""The content store in SQLite: manifests and small blobs by digest, and observations of tags."""

from collections.abc import Iterable
from contextlib import AbstractContextManager
from datetime import datetime

from manyfest.domain.digests import Digest
from manyfest.domain.errors import DamagedStoreError
from manyfest.domain.manifests import Manifest
from manyfest.domain.observations import Observation
from manyfest.domain.references import Reference
from manyfest.store.columns import home_of, readable, time_text
from manyfest.store.database import Database, Row

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
_COLUMNS = "home, tag, digest, last_seen, first_seen"
_LAST_OBSERVATION = f"SELECT {_COLUMNS} {_NEWEST}"
_HISTORY = f"""
    SELECT {_COLUMNS} FROM observations WHERE home = :home AND tag = :tag
    ORDER BY last_seen DESC, id DESC"""  # noqa: S608 - of constants alone
_LATEST = f"""
    SELECT {_COLUMNS} FROM observations AS o WHERE id = (
        SELECT id FROM observations WHERE home = o.home AND tag = o.tag
        ORDER BY last_seen DESC, id DESC LIMIT 1)
    ORDER BY home, tag"""  # noqa: S608 - of constants alone
# A row is a time through which a tag pointed to one digest: it ends when another is seen.
_SEEN_NEW = f"""
    INSERT INTO observations (home, tag, digest, first_seen, last_seen)
    SELECT :home, :tag, :digest, :first, :seen WHERE :digest IS NOT (SELECT digest {_NEWEST})"""
_SEEN_AGAIN = f"""
    UPDATE observations SET last_seen = max(last_seen, :seen)
    WHERE digest = :digest AND id = (SELECT id {_NEWEST})"""  # noqa: S608 - of constants alone


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
        """See the port; only the time is noted when the newest is of the same digest."""
        for seen in observations:
            row = _place(seen.reference)
            row |= {"digest": str(seen.digest), "seen": time_text(seen.seen_at)}
            row |= {"first": time_text(seen.first_seen)}
            self._database.write(_SEEN_NEW, [row])
            self._database.write(_SEEN_AGAIN, [row])

    def _observed(self, statement: str, parameters: dict[str, str]) -> tuple[Observation, ...]:
        return tuple(map(self._observation, self._database.rows(statement, parameters)))

    def _observation(self, row: Row) -> Observation:
        home, tag, digest, last_seen, first_seen = row
        name = f"{home}:{tag}" if tag else home
        with readable(self._database.path, f"what {name} was seen to be"):
            times = map(datetime.fromisoformat, (last_seen, first_seen))
            place = Reference(home_of(home), tag or None)
            return Observation(place, Digest.parse(digest), *times)

    def _intact(self, data: object, digest: Digest) -> bytes:
        """SQLite does not see a flipped bit, which may even have turned the bytes into text."""
        if not isinstance(data, bytes) or Digest.of(data, digest.algorithm) != digest:
            raise DamagedStoreError(str(self._database.path), f"{digest} has other bytes")
        return data


def _place(reference: Reference) -> dict[str, str]:
    return {"home": str(reference.home), "tag": reference.tag or ""}
