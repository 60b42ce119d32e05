"""The memory for hosts: how they wanted to be spoken to, from one command to the next."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from attrs import frozen

from manyfest.domain.ports.host_book import HostBook, HostFacts

if TYPE_CHECKING:
    from manyfest.adapters.http_registry.registry import HttpRegistry


@frozen
class HostFactsCache:
    """A book, read at first contact with a host and written when all went well."""

    book: HostBook
    now: datetime

    def known_of(self, host: str, /, *, insecure: bool) -> HostFacts | None:
        """What earlier commands learnt."""
        return self.book.find(host, self.now, insecure=insecure)

    @contextmanager
    def recording(self, registry: "HttpRegistry") -> Iterator["HttpRegistry"]:
        """Close ``registry`` at the end; if that is no error, keep what it learnt."""
        with registry:
            yield registry
            self.book.keep(registry.facts_learnt, self.now)
