"""The ports of an operation under test: in memory, and one call after the other."""

from datetime import UTC, datetime

from attrs import Factory, field, frozen

from manyfest.adapters.memory import MemoryRegistry
from manyfest.domain.errors import StoreError
from manyfest.domain.ports import Clock, Pause, RegistryClock
from manyfest.domain.ports.content_store import ContentStore
from manyfest.domain.ports.draft_book import DraftBook
from manyfest.domain.ports.fan_out import FanOut, sequential
from manyfest.domain.ports.layer_store import LayerStore
from manyfest.domain.ports.registry import Registry
from tests.support.stores.memory_layers import MemoryLayers
from tests.support.stores.memory_store import MemoryStore

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@frozen(kw_only=True)
class PlainPorts:
    """A ``Ports``; ``unrecorded`` is what it was told of a store that does not take reads."""

    registry: Registry = field(factory=MemoryRegistry)
    store: MemoryStore = field(factory=MemoryStore)
    layers: LayerStore = field(factory=MemoryLayers)
    fan_out: FanOut = sequential
    now: datetime = NOW
    clock: Clock = field(default=Factory(lambda self: lambda: self.now, takes_self=True))
    registry_clock: RegistryClock = field(
        default=Factory(lambda self: lambda _: self.clock(), takes_self=True)
    )
    pause: Pause = field(default=lambda _: None)
    records_reads: bool = True
    unrecorded: list[StoreError] = field(factory=list)

    @property
    def contents(self) -> ContentStore:
        return self.store.contents

    @property
    def drafts(self) -> DraftBook:
        return self.store.drafts

    def on_unrecorded(self, error: StoreError) -> None:
        self.unrecorded.append(error)
