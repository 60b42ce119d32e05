"""The registry in memory keeps the contract of the registry port."""

import pytest

from manyfest.adapters.memory import MemoryRegistry
from manyfest.domain.manifests import Manifest
from manyfest.domain.references import Reference, Repository
from tests.contracts.registry import Plant, RegistryContract
from tests.fakes.images import push_blob


class TestMemoryRegistry(RegistryContract):
    @pytest.fixture
    def registry(self):
        return MemoryRegistry()

    @pytest.fixture
    def home(self):
        return Repository("registry.example:5000", "team/app")

    @pytest.fixture
    def other_home(self):
        return Repository("registry.example:5000", "team/copy")

    @pytest.fixture
    def plant(self, registry) -> Plant:
        def plant(reference: Reference, data: bytes) -> None:
            shelf = registry._shelf(reference.home)
            shelf.manifests[reference.digest] = Manifest("", data)
            shelf.blobs[reference.digest] = data

        return plant

    def test_blobs_mount_within_one_registry(self, registry, home, other_home):
        blob = push_blob(registry, home, b"mount me")
        assert registry.mount_blob(Reference(other_home, None, blob.digest), home)
        elsewhere = Repository("elsewhere.example", "team/app")
        assert not registry.mount_blob(Reference(elsewhere, None, blob.digest), home)
