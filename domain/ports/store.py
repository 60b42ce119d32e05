"""The store port: content store, draft book and layer store as one.

All that a store from outside has to be (ADR 0026).
"""

from typing import Protocol

from manyfest.domain.ports.content_store import ContentStore
from manyfest.domain.ports.draft_book import DraftBook
from manyfest.domain.ports.layer_store import LayerStore


class Store(Protocol):
    """Where a command keeps everything. Opening it touches nothing until something is used."""

    @property
    def contents(self) -> ContentStore:
        """Manifests, configs and observations; its transactions are those of ``drafts``."""
        ...

    @property
    def drafts(self) -> DraftBook:
        """The lists being assembled."""
        ...

    @property
    def layers(self) -> LayerStore:
        """The layers that were fetched."""
        ...

    def close(self) -> None:
        """Let go of it; what was not committed is lost."""
        ...
