"""A client on a registry in memory that has two images and a list."""

import pytest

from manyfest.adapters.memory import MemoryRegistry
from manyfest.testing import add_image, add_list

HOST = "registry.example"


@pytest.fixture
def manyfest_registry() -> MemoryRegistry:
    """The plugin's fixture, with content."""
    registry = MemoryRegistry()
    add_image(registry, f"{HOST}/app:amd64", "linux/amd64")
    add_image(registry, f"{HOST}/app:arm64", "linux/arm64")
    add_list(registry, f"{HOST}/base:1", ["linux/amd64", "linux/arm64/v8"])
    return registry
