"""The housekeeping port: the parts of a store that the commands for its upkeep use.

A store of an installed adapter may serve each part as an attribute of this name, and leave out any
of them (ADR 0026). A command that needs a missing part says so.
"""

from typing import Protocol

from manyfest.domain.ports.catalogue import Catalogue
from manyfest.domain.ports.draft_book import DraftBook
from manyfest.domain.ports.garbage import GarbageCollector
from manyfest.domain.ports.integrity import Integrity
from manyfest.domain.ports.queries import Queries


class Housekeeping(Protocol):
    """The upkeep of one store. Every property may raise IncompleteStoreError."""

    @property
    def catalogue(self) -> Catalogue:
        """Tags and statistics."""
        ...

    @property
    def drafts(self) -> DraftBook:
        """The drafts; they share the transactions of ``garbage`` and ``integrity``."""
        ...

    @property
    def garbage(self) -> GarbageCollector:
        """Finds and removes unneeded content."""
        ...

    @property
    def integrity(self) -> Integrity:
        """Finds and quarantines damage."""
        ...

    @property
    def queries(self) -> Queries:
        """Answers SQL."""
        ...
