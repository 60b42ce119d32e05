"""The host book port: facts learnt about registry hosts by earlier commands.

A store of an installed adapter may serve it as ``hosts`` (ADR 0026). It is a convenience that saves
requests, and nothing depends on it (ADR 0027). If the book cannot be read or written, or
is locked, no method raises or waits: then nothing is known, or kept.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Protocol

from manyfest.domain.values import frozen

LIFETIME = timedelta(hours=24)

_CLOCK_SKEW = timedelta(minutes=5)


@frozen
class HostFacts:
    """The scheme, the token challenge and the abilities of a ``host[:port]`` of references.

    ``scheme`` is ``http`` or ``https``. ``realm`` and ``service`` are those of its challenge for
    bearer tokens (RFC 6750), empty without one. ``chunk_size`` is the bytes of a body that it took
    after it had refused a larger one (413), 0 if it did not. ``takes_tags`` says whether a PUT by
    digest may name tags; None if that was not tried. ``lacks_referrers`` says that it answered as
    registries without a listing of referrers do. ``insecure`` is True if insecure access was
    allowed when this was learnt: facts learnt under looser rules never count under stricter ones.

    Facts are a guess and not a permission: a caller applies the current rules, and ignores facts
    that prove wrong.
    """

    host: str
    insecure: bool
    scheme: str
    realm: str = ""
    service: str = ""
    chunk_size: int = 0
    takes_tags: bool | None = None
    lacks_referrers: bool = False


def is_fresh(learnt_at: datetime, now: datetime) -> bool:
    """Return True if facts of that time count; those of the future do not."""
    return -_CLOCK_SKEW <= now - learnt_at < LIFETIME


class HostBook(Protocol):
    """Keeps the last facts of each host, for secure and insecure access apart."""

    def find(self, host: str, now: datetime, *, insecure: bool) -> HostFacts | None:
        """The fresh facts of ``host`` (``is_fresh``), if any. Thread-safe."""
        ...

    def keep(self, facts: Iterable[HostFacts], now: datetime) -> None:
        """Record that ``facts`` were learnt ``now``; each replaces earlier ones.

        For the thread that made the object, outside of any transaction of the same store. Without
        facts nothing is opened.
        """
        ...
