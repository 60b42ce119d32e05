"""The host book port: what earlier commands learnt about registry hosts.

Our own store has one, and where a store is from outside there is none (ADR 0026). A convenience:
it saves requests, and nothing depends on it. No method raises when the book cannot
be read or written, or waits for anybody who has it locked; then nothing is known, or kept.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Protocol

from attrs import frozen

LIFETIME = timedelta(hours=24)

_CLOCKS_DIFFER_BY = timedelta(minutes=5)


@frozen
class HostFacts:
    """How a ``host[:port]``, as references name it, was found to want to be spoken to.

    ``scheme`` is ``http`` or ``https``. ``realm`` and ``service`` are those of its challenge for
    bearer tokens, empty where it made none. ``insecure`` is whether insecurity was allowed when
    this was learnt: what was learnt by looser rules never counts where stricter ones hold.

    They are a guess about what will work, and no permission: who uses them asks the rules that
    hold now, and goes without them where they prove wrong.
    """

    host: str
    insecure: bool
    scheme: str
    realm: str = ""
    service: str = ""


def is_fresh(learnt_at: datetime, now: datetime) -> bool:
    """Whether facts of that moment count; those from the future do not."""
    return -_CLOCKS_DIFFER_BY <= now - learnt_at < LIFETIME


class HostBook(Protocol):
    """Keeps the last facts of each host, apart for where insecurity was allowed and where not."""

    def find(self, host: str, now: datetime, *, insecure: bool) -> HostFacts | None:
        """What is known of ``host`` and still counts (``is_fresh``). Thread-safe."""
        ...

    def keep(self, facts: Iterable[HostFacts], now: datetime) -> None:
        """Note that ``facts`` were learnt ``now``, each in the place of what was known before.

        For the thread that made the object, outside of any transaction of the same store. Without
        facts nothing is touched.
        """
        ...
