"""Late observations of tags, and what servers claim: both are written seldom."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from manyfest.domain.history.observation import Observation, merge_observations
from manyfest.domain.references import Reference
from manyfest.store.rows import (
    INSERT_OBSERVATION,
    claim_row,
    observation_row,
    tag_key,
)

if TYPE_CHECKING:
    from manyfest.store.sql_database import SqlDatabase

_DELETE_STATES = "DELETE FROM observations WHERE home = :home AND tag = :tag"
_UPSERT_CLAIM = """
    INSERT INTO claims (home, tag, source, digest, first_seen, last_seen)
    VALUES (:home, :tag, :source, :digest, :first, :last)
    ON CONFLICT (home, tag, source, digest, first_seen)
    DO UPDATE SET last_seen = excluded.last_seen WHERE claims.last_seen < excluded.last_seen"""


def merge_into_history(
    database: "SqlDatabase",
    tag: Reference,
    before: tuple[Observation, ...],
    added: Iterable[Observation],
) -> None:
    """Write the states ``before`` of ``tag`` again, with ``added`` in their places."""
    after = merge_observations(before, added)
    if after != before:
        database.write(_DELETE_STATES, [tag_key(tag)])
        database.write(INSERT_OBSERVATION, map(observation_row, reversed(after)))


def record_claims(database: "SqlDatabase", claims: Iterable[Observation]) -> None:
    """Write what servers claim."""
    database.write(_UPSERT_CLAIM, map(claim_row, claims))
