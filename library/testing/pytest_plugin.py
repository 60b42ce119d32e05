"""Fixtures for pytest: a client on a registry in memory, with a store of its own.

pytest imports this module wherever manyfest is installed, so it imports nothing before a fixture is
used.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from manyfest.adapters.memory import MemoryRegistry
    from manyfest.library.client import Client


@pytest.fixture
def manyfest_registry() -> "MemoryRegistry":
    """A registry in memory that serves every host of ``manyfest_client``; empty at first."""
    from manyfest.adapters.memory import MemoryRegistry

    return MemoryRegistry()


@pytest.fixture
def manyfest_store(tmp_path: Path) -> Path:
    """The file of the store of ``manyfest_client``; it does not exist before it is used."""
    return tmp_path / "manyfest" / "store.db"


@pytest.fixture
def manyfest_client(
    manyfest_registry: "MemoryRegistry", manyfest_store: Path
) -> "Iterator[Client]":
    """A client that asks no network: its registry and its store are those of the test."""
    from manyfest.library.client import Client

    with Client(registry=manyfest_registry, store=manyfest_store, offline=False) as client:
        yield client
