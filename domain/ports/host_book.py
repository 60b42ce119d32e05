"""The host book port: what earlier commands learnt about registry hosts.

Our own store has one, and where a store is from outside there is none (ADR 0026). A convenience:
it saves requests, and nothing depends on it. No method raises when the book cannot
be read or written, or waits for anybody who has it locked; then nothing is known, or kept.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from manyfest.domain.host_facts import HostFacts


class HostBook(Protocol):
    """Keeps the last facts of each host, apart for where insecurity was allowed and where not."""

    def find(self, host: str, now: datetime, *, insecure: bool) -> HostFacts | None:
        """What is known of ``host`` and still counts (``host_facts.still_counts``). Thread-safe."""
        ...

    def keep(self, facts: Iterable[HostFacts], now: datetime) -> None:
        """Note that ``facts`` were learnt ``now``, each in the place of what was known before.

        For the thread that made the object, outside of any transaction of the same store. Without
        facts nothing is touched.
        """
        ...
