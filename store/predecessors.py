"""Manifests that name a digest, tags that pointed to it, homes: answers by indexes alone."""

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.history.observation import Observation
from manyfest.domain.ports.content_store import Predecessor, Role, SharedLayers
from manyfest.domain.references import Home
from manyfest.store.rows import (
    OBSERVATION_COLUMNS,
    damage_if_unreadable,
    home_of,
    observation_of,
)

if TYPE_CHECKING:
    from manyfest.store.sql_database import SqlDatabase

_PAGE = 1000  # rows, of perhaps 100,000

_SELECT_PREDECESSORS = f"""
    SELECT manifest, role, position FROM descriptors
    WHERE digest = :digest AND (role, manifest, position) > (:role, :manifest, :position)
        AND (CAST(:wanted AS TEXT) IS NULL OR role = :wanted)
    ORDER BY role, manifest, position LIMIT {_PAGE}"""  # noqa: S608 - a number of ours
_SELECT_OBSERVATIONS = f"""
    SELECT {OBSERVATION_COLUMNS}, id FROM observations
    WHERE digest = :digest AND (home, tag, id) > (:home, :tag, :id)
    ORDER BY home, tag, id LIMIT {_PAGE}"""  # noqa: S608 - of constants alone
# "g" comes behind all hexadecimal digits.
_SELECT_DIGESTS = """
    SELECT digest FROM manifests WHERE digest >= :first AND digest < :first || 'g'
    UNION SELECT digest FROM descriptors WHERE digest >= :first AND digest < :first || 'g'
    ORDER BY digest LIMIT :limit"""
# CROSS JOIN makes SQLite look for each layer in the index, where it might read all of it instead.
_SELECT_SHARING = """
    SELECT manifest, count(*), sum(size), sum(aligned),
        (SELECT count(*) FROM descriptors WHERE manifest = common.manifest AND role = 'layer')
    FROM (SELECT d.manifest, max(CAST(wanted.second AS BIGINT)) AS size,
            sum(CASE WHEN d.position = wanted.number THEN 1 ELSE 0 END) AS aligned
        FROM {pairs} AS wanted CROSS JOIN descriptors AS d
        WHERE d.digest = wanted.first AND d.role = 'layer'
        GROUP BY d.manifest, d.digest) AS common
    GROUP BY manifest"""
_SELECT_READ_FROM = "SELECT home FROM digests WHERE digest = ? AND home != '' ORDER BY home"
# CROSS JOIN as above.
_SELECT_HOMES = """
    WITH wanted AS (SELECT text AS digest FROM {texts} AS named),
        holders AS (SELECT digest, digest AS holder FROM wanted
            UNION SELECT w.digest, d.manifest FROM wanted AS w CROSS JOIN descriptors AS d
            WHERE d.digest = w.digest AND d.role = 'entry')
    SELECT h.digest, o.home FROM holders AS h CROSS JOIN observations AS o
    WHERE o.digest = h.holder
    UNION SELECT h.digest, r.home FROM holders AS h CROSS JOIN digests AS r
    WHERE r.digest = h.holder AND r.home != ''"""


def predecessors(
    database: "SqlDatabase", digest: Digest, role: Role | None
) -> Iterator[Predecessor]:
    """See ``ContentStore.predecessors``."""
    after = {"role": "", "manifest": "", "position": -1}
    wanted = {"digest": str(digest), "wanted": role and role.value}
    while page := database.rows(_SELECT_PREDECESSORS, wanted | after):
        for manifest, found, position in page:
            with damage_if_unreadable(database.path, f"the index of {manifest}"):
                yield Predecessor(Digest.parse(manifest), Role(found), position)
        after = dict(zip(after, (page[-1][1], page[-1][0], page[-1][2]), strict=True))


def observations_of(database: "SqlDatabase", digest: Digest) -> Iterator[Observation]:
    """See ``ContentStore.observations_of``."""
    after = {"home": "", "tag": "", "id": -1}
    while page := database.rows(_SELECT_OBSERVATIONS, {"digest": str(digest)} | after):
        yield from (observation_of(row[:-1], database.path) for row in page)
        after = dict(zip(after, (*page[-1][:2], page[-1][-1]), strict=True))


def digests(database: "SqlDatabase", beginning: str, limit: int) -> tuple[Digest, ...]:
    """See ``ContentStore.digests``."""
    rows = database.rows(_SELECT_DIGESTS, {"first": beginning, "limit": limit})
    with damage_if_unreadable(database.path, "a digest of the index"):
        return tuple(Digest.parse(text) for (text,) in rows)


def sharing(database: "SqlDatabase", layers: Sequence[Descriptor]) -> Iterator[SharedLayers]:
    """See ``ContentStore.sharing``."""
    wanted = json.dumps([(str(layer.digest), layer.size) for layer in layers])
    select = _SELECT_SHARING.format(pairs=database.pairs)
    for manifest, *numbers in database.rows(select, (wanted,)):
        with damage_if_unreadable(database.path, f"the index of {manifest}"):
            yield SharedLayers(Digest.parse(manifest), *numbers)


def homes_of(database: "SqlDatabase", digest: Digest) -> tuple[Home, ...]:
    """See ``ContentStore.homes_of``."""
    rows = database.rows(_SELECT_READ_FROM, (str(digest),))
    with damage_if_unreadable(database.path, f"where {digest} was read"):
        return tuple(home_of(text) for (text,) in rows)


def homes_with(database: "SqlDatabase", wanted: Sequence[Digest]) -> dict[Digest, frozenset[Home]]:
    """See ``ContentStore.homes_with``."""
    found: dict[Digest, set[Home]] = {digest: set() for digest in wanted}
    names = json.dumps([str(digest) for digest in wanted])
    select = _SELECT_HOMES.format(texts=database.texts)
    for digest, home in database.rows(select, (names,)) if wanted else ():
        with damage_if_unreadable(database.path, f"where {digest} was read"):
            found[Digest.parse(digest)].add(home_of(home))
    return {digest: frozenset(homes) for digest, homes in found.items()}
