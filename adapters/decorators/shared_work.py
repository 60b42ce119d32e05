"""A registry for many copies at once: what several of them need is done once.

Tags of one repository share layers and a list of tags. Each copy alone would list the tags again,
and two that meet the same missing blob at the same time would both upload it, or mount it: Docker's
distribution replaces a blob's link then, and refuses a manifest that is put in that moment.
"""

from manyfest.adapters.decorators.base import Call, RegistryDecorator, Result
from manyfest.adapters.single_flight import SingleFlight
from manyfest.domain.ports.registry import BlobSource, Registry
from manyfest.domain.references import Home, Reference


class SharedWork(RegistryDecorator):
    """Lists the tags of each home of ``registry`` once, and brings each blob to a place once."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._listings = SingleFlight[tuple[str, ...]](keeps_outcomes=True)
        self._writes = SingleFlight[None]()
        self._mounts = SingleFlight[bool]()
        self._written: set[Reference] = set()

    def tags(self, home: Home) -> tuple[str, ...]:
        return self._listings.do(home, lambda: self._registry.tags(home))

    def write_blob(self, reference: Reference, size: int, source: BlobSource) -> None:
        """Write a blob, or wait for the thread that does."""

        def write() -> None:
            if reference not in self._written:
                self._registry.write_blob(reference, size, source)
                self._written.add(reference)

        self._writes.do(reference, write)

    def mount_blob(self, reference: Reference, origin: Home) -> bool:
        """Mount a blob that is not there yet, or wait for the thread that does."""

        def mount() -> bool:
            if reference not in self._written and self._registry.mount_blob(reference, origin):
                self._written.add(reference)
            return reference in self._written

        return self._mounts.do(reference, mount)

    def _forward(self, reference: Reference, call: Call[Result]) -> Result:
        return call(self._registry, reference)
