"""A store from outside: everything is forgotten at the end, ``MANYFEST_STORE=forgetful://``."""

from typing import Any

from attrs import Factory, frozen

from tests.support.stores.memory_layers import MemoryLayers
from tests.support.stores.memory_store import MemoryStore


@frozen
class ForgetfulStore:
    """The store port over dictionaries."""

    store: MemoryStore = Factory(MemoryStore)
    layers: MemoryLayers = Factory(MemoryLayers)

    @property
    def contents(self) -> Any:
        return self.store.contents

    @property
    def drafts(self) -> Any:
        return self.store.drafts

    def close(self) -> None:
        """There is nothing to let go of."""


def store(_url: str, _settings: Any) -> ForgetfulStore:
    """The factory that the entry point names."""
    return ForgetfulStore()
