"""Observations of tags, and the history that they make."""

from collections.abc import Iterable
from datetime import datetime
from itertools import groupby

from attrs import Factory, evolve, field, frozen

from manyfest.domain.digests import Digest
from manyfest.domain.references import Reference


@frozen
class Observation:
    """The fact that a tag (or a layout's only image) pointed to ``digest``.

    ``first_seen`` and ``seen_at`` are the first and last times of the observation, in UTC with time
    zone; they are equal if it was made once. No other digest was observed between them.
    """

    reference: Reference
    digest: Digest
    seen_at: datetime
    first_seen: datetime = field(default=Factory(lambda self: self.seen_at, takes_self=True))

    @property
    def tag_reference(self) -> Reference:
        """The home and the tag, without digest."""
        return evolve(self.reference, digest=None)


def by_tag(observations: Iterable[Observation]) -> dict[Reference, list[Observation]]:
    """Group observations by home and tag, in order, each once."""
    found: dict[Reference, list[Observation]] = {}
    for observation in dict.fromkeys(observations):
        found.setdefault(observation.tag_reference, []).append(observation)
    return found


def merge_observations(
    history: Iterable[Observation], observations: Iterable[Observation]
) -> tuple[Observation, ...]:
    """Merge ``observations`` into the ``history`` of one tag, newest first.

    Only the first and last times of an observation are certain, so another digest that was observed
    between them splits it there. Of two digests with one time, the one added later is newer.
    Idempotent: adding an observation again changes nothing.
    """
    oldest_first = [*reversed(tuple(history)), *observations]
    sightings = dict.fromkeys(
        (moment, one.digest) for one in oldest_first for moment in (one.first_seen, one.seen_at)
    )
    in_order = sorted(sightings, key=lambda sighting: sighting[0])
    spans: list[Observation] = []
    for digest, group in groupby(in_order, key=lambda sighting: sighting[1]):
        moments = [moment for moment, _ in group]
        spans.append(Observation(oldest_first[0].tag_reference, digest, moments[-1], moments[0]))
    return tuple(reversed(spans))
