"""The store port: content store, draft book and layer store as one.

An installed adapter for stores implements this port. It may serve further parts as attributes:
those of ``housekeeping``, and ``hosts`` (``host_book``), which lives as long as the store (ADR
0026).
"""

from typing import Protocol

from manyfest.domain.ports.content_store import ContentStore
from manyfest.domain.ports.draft_book import DraftBook
from manyfest.domain.ports.layer_store import LayerStore


class Store(Protocol):
    """The store of a command. Nothing is opened before its first use."""

    @property
    def contents(self) -> ContentStore:
        """Manifests, configs, observations; shares transactions with ``drafts``."""
        ...

    @property
    def drafts(self) -> DraftBook:
        """The drafts."""
        ...

    @property
    def layers(self) -> LayerStore:
        """The cached layers."""
        ...

    def close(self) -> None:
        """Close the store; uncommitted writes are lost."""
        ...
