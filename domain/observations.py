"""Observations: what a tag pointed to, and when that was seen."""

from datetime import datetime

from attrs import Factory, field, frozen

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
