"""Observations: what a tag pointed to, when that was seen, and how many of them make a history."""

from collections.abc import Iterable
from datetime import datetime
from itertools import groupby

from attrs import Factory, evolve, field, frozen

from manyfest.domain.digests import Digest
from manyfest.domain.references import Reference


@frozen
class Observation:
    """``reference`` (a home and a tag, or a layout's only image) pointed to ``digest``.

    It was seen so from ``first_seen`` until ``seen_at``, with nothing else seen in between. Times
    are in UTC, with time zone. ``first_seen`` is ``seen_at`` for what was seen once.
    """

    reference: Reference
    digest: Digest
    seen_at: datetime
    first_seen: datetime = field(default=Factory(lambda self: self.seen_at, takes_self=True))

    @property
    def tag_reference(self) -> Reference:
        """What was observed: the home and the tag, without any digest."""
        return evolve(self.reference, digest=None)


def by_tag(observations: Iterable[Observation]) -> dict[Reference, list[Observation]]:
    """The observations of each home and tag, each once, in their order."""
    found: dict[Reference, list[Observation]] = {}
    for seen in dict.fromkeys(observations):
        found.setdefault(seen.tag_reference, []).append(seen)
    return found


def merge_observations(
    history: Iterable[Observation], seen: Iterable[Observation]
) -> tuple[Observation, ...]:
    """The ``history`` of one home and tag, newest first, with what else was ``seen`` of it.

    Only the first and the last moment of an observation are known to be sightings. Another digest
    that was seen between them splits it there. Of two digests at one moment the one added later is
    the newer. Adding the same once more changes nothing.
    """
    oldest_first = [*reversed(tuple(history)), *seen]
    sightings = dict.fromkeys(
        (moment, one.digest) for one in oldest_first for moment in (one.first_seen, one.seen_at)
    )
    in_order = sorted(sightings, key=lambda sighting: sighting[0])
    spans: list[Observation] = []
    for digest, group in groupby(in_order, key=lambda sighting: sighting[1]):
        moments = [moment for moment, _ in group]
        spans.append(Observation(oldest_first[0].tag_reference, digest, moments[-1], moments[0]))
    return tuple(reversed(spans))
