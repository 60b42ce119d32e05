"""Observations: what a tag pointed to, and when that was seen."""

from datetime import datetime

from attrs import frozen

from manyfest.domain.digests import Digest
from manyfest.domain.references import Reference


@frozen
class Observation:
    """``reference`` (a home and a tag, or a layout's only image) pointed to ``digest``.

    ``seen_at`` is in UTC, with time zone.
    """

    reference: Reference
    digest: Digest
    seen_at: datetime
