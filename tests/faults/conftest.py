"""The registry that most faults begin with; files with another override it."""

from collections.abc import Iterator

import pytest

from manyfest.adapters.memory import MemoryRegistry
from manyfest.contracts.images import docker_list, push_image
from manyfest.domain.references import Reference
from tests.support.faults import confined
from tests.support.faults.served import IMAGE, OTHER
from tests.support.http.fault_server import FaultServer
from tests.support.http.registry_server import REGISTRY, RegistryApp
from tests.support.programs.forked import ForkedCommandLine


@pytest.fixture
def memory() -> MemoryRegistry:
    registry = MemoryRegistry()
    push_image(registry, Reference.parse(f"{REGISTRY}/app:1"), IMAGE)
    push_image(registry, Reference.parse(f"{REGISTRY}/list:1"), docker_list(IMAGE, OTHER))
    return registry


@pytest.fixture
def server(memory: MemoryRegistry) -> Iterator[FaultServer]:
    """A registry that has ``app:1`` and ``list:1``."""
    with FaultServer(RegistryApp(memory)) as server:
        yield server


@pytest.fixture(autouse=True)
def _forks(forks: ForkedCommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confined, "forks", forks)


@pytest.fixture(autouse=True)
def pauses(short_pauses: None) -> None:
    """Wait no longer than needed between tries; files about pauses override it."""
