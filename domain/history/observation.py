"""Observations of tags, and the history that they make.

Theory of operation. A *look* is an observation that this machine made itself: a registry or a
layout said what the tag points to. A *claim* comes out of a bundle, or from a server that records
the past of tags, as written there. Both have a time,
and neither time is certain: a clock may be years ahead, or years behind.

- *Order.* Spans are ordered by time, so that what comes late, as in an import, takes its place. A
  look happens now, though: a span that ended more than ``TOLERANCE`` after a look is misdated, and
  is moved to just before the look (``_redated``). So the next look after a wrong clock heals the
  history, and nothing that was seen is lost. Within the tolerance the clocks decide, because two
  commands that run at once record their looks in any order.
- *Reports.* A look of another machine that a trusted memory brings is a look, but was not made now:
  it takes its place by time, and moves nothing.
- *Provenance.* A span with a look in it is made of looks alone: claims of the same digest beside
  one add nothing to it, neither an earlier beginning nor a later end.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import groupby

from attr import Factory, evolve, field

from manyfest.domain.digests import Digest
from manyfest.domain.references import Reference
from manyfest.domain.values import frozen

# Clocks differ by less: what is further ahead of the present time is not believed. It is longer
# than commands run, because their looks are dated by their beginning.
TOLERANCE = timedelta(hours=1)

# A tag that was taken away from here points to nothing, by the digest of no bytes. It is written
# out, since all commands load this module, and few of them need a hash. The source is no name of a
# server.
_NOTHING = Digest("sha256", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
_UNTAG = "manyfest untag"


@frozen
class Observation:
    """The fact that a tag (or a layout's only image) pointed to ``digest``.

    ``first_seen`` and ``seen_at`` are the first and last times of the observation, in UTC with time
    zone; they are equal if it was made once. No other digest was observed between them.
    ``is_claimed`` says that a bundle claims it, and that this machine did not see it; ``source`` is
    the server that does, if it is one. A look that ``is_report`` was made earlier, by another
    machine; the store does not keep this.
    """

    reference: Reference
    digest: Digest
    seen_at: datetime
    first_seen: datetime = field(default=Factory(lambda self: self.seen_at, takes_self=True))
    is_claimed: bool = False
    is_report: bool = field(default=False, eq=False)
    source: str = ""

    @property
    def is_removal(self) -> bool:
        """Whether the tag was taken away from here, so that it pointed to nothing."""
        return self.source == _UNTAG

    @property
    def tag_reference(self) -> Reference:
        """The home and the tag, without digest."""
        return evolve(self.reference, digest=None)

    def is_after(self, now: datetime) -> bool:
        """Return True if it is dated later than ``now``, by more than clocks differ."""
        return self.seen_at - now > TOLERANCE


def removal(tag: Reference, moment: datetime) -> Observation:
    """Return the record that ``tag`` was taken away from here at ``moment``, in UTC.

    It is kept as the claims of servers are: it has no manifest, and answers for no tag.
    """
    return Observation(tag, _NOTHING, moment, is_claimed=True, source=_UNTAG)


def replaced_look(newest: Observation, history: Iterable[Observation]) -> Observation | None:
    """Return the last look of ``history``, newest first, if a claim of other content answers.

    ``newest`` is the observation that answers for the tag.
    """
    if not newest.is_claimed:
        return None
    look = next((each for each in history if not each.is_claimed), None)
    return look if look and look.digest != newest.digest else None


def clock_correction(offsets: Iterable[timedelta]) -> timedelta:
    """Return what to add to this machine's clock to date what it sees.

    ``offsets`` are those of the registries that were asked. The clock is right if one of them
    agrees with it within ``TOLERANCE``; otherwise the one that differs least is believed.
    """
    nearest = min(offsets, key=abs, default=timedelta())
    return nearest if abs(nearest) > TOLERANCE else timedelta()


def by_tag(observations: Iterable[Observation]) -> dict[Reference, list[Observation]]:
    """Group observations by home and tag, in order, each once."""
    found: dict[Reference, list[Observation]] = {}
    for observation in dict.fromkeys(observations):
        found.setdefault(observation.tag_reference, []).append(observation)
    return found


def of_store_and_servers(
    observations: Iterable[Observation],
) -> tuple[list[Observation], list[Observation]]:
    """Part the claims of servers from the other observations."""
    states: list[Observation] = []
    claims: list[Observation] = []
    for one in observations:
        (claims if one.is_claimed and one.source else states).append(one)
    return states, claims


def follows(added: Observation, newest: Observation | None) -> bool:
    """True if ``added`` follows the stored ``newest`` observation, or is a look that extends one.

    Not where a wrong clock dated the stored one later than ``added``.
    """
    if newest is None:
        return True
    if newest.digest == added.digest:
        are_looks = not (newest.is_claimed or added.is_claimed)
        is_later = newest.first_seen <= added.first_seen and not newest.is_after(added.seen_at)
        return are_looks and is_later
    return newest.seen_at < added.first_seen


def merge_observations(
    history: Iterable[Observation], observations: Iterable[Observation]
) -> tuple[Observation, ...]:
    """Merge ``observations`` into the ``history`` of one tag, newest first.

    Only the first and last times of an observation are certain, so another digest that was observed
    between them splits it there. Of two digests with one time, the one added later is newer; of
    claims, that with the larger digest. Looks among ``observations`` are made now, unless they are
    reports, so spans dated later are moved before them. Idempotent: adding an observation again
    changes nothing.
    """
    added = tuple(observations)
    looks = [one.seen_at for one in added if not (one.is_claimed or one.is_report)]
    before = _redated(history, max(looks)) if looks else tuple(history)
    oldest_first = [*reversed(before), *added]
    tag, sightings = oldest_first[0].tag_reference, _sightings(oldest_first)
    spans = groupby(sightings, key=lambda sighting: sighting[1])
    return tuple(reversed([_span(tag, digest, tuple(group)) for digest, group in spans]))


_Sighting = tuple[datetime, Digest, bool, str]  # moment, digest, whether it is claimed, by whom


def _sightings(oldest_first: Iterable[Observation]) -> list[_Sighting]:
    """Return the ends of all spans by time; claims before looks of the same moment."""
    claimed: dict[tuple[datetime, Digest], tuple[bool, str]] = {}
    for one in oldest_first:
        for end in ((one.first_seen, one.digest), (one.seen_at, one.digest)):
            is_claim = claimed.get(end, (True, ""))[0] and one.is_claimed
            claimed[end] = is_claim, one.source
    found = [(*end, *facts) for end, facts in claimed.items()]
    return sorted(found, key=lambda each: (each[0], not each[2], str(each[1]) if each[2] else ""))


def _span(tag: Reference, digest: Digest, sightings: tuple[_Sighting, ...]) -> Observation:
    looks = [moment for moment, _, is_claimed, _ in sightings if not is_claimed]
    moments = looks or [moment for moment, *_ in sightings]
    source = "" if looks else sightings[-1][3]
    return Observation(tag, digest, moments[-1], moments[0], is_claimed=not looks, source=source)


def _redated(history: Iterable[Observation], now: datetime) -> tuple[Observation, ...]:
    """Move spans that ended after ``now`` to just before it, in their order."""
    return tuple(
        _ending(span, now - timedelta(microseconds=number)) if span.is_after(now) else span
        for number, span in enumerate(history, start=1)
    )


def _ending(span: Observation, moment: datetime) -> Observation:
    return evolve(span, seen_at=moment, first_seen=min(span.first_seen, moment))
