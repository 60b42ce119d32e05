"""A cached registry keeps the contract of the registry port, whatever the content store has."""

import pytest

from manyfest.adapters.decorators.cached import CachedRegistry
from manyfest.adapters.memory import MemoryRegistry
from manyfest.contracts.registry import IMAGES, Plant, RegistryContract
from manyfest.domain.manifests import Manifest
from manyfest.domain.references import Reference, Repository
from tests.support.stores.memory_layers import MemoryLayers
from tests.support.stores.memory_store import MemoryContents, MemoryStore


class TestCachedRegistryWithAnEmptyStore(RegistryContract):
    @pytest.fixture
    def contents(self) -> MemoryContents:
        return MemoryStore().contents

    @pytest.fixture
    def origin(self):
        return MemoryRegistry()

    @pytest.fixture
    def registry(self, origin, contents):
        return CachedRegistry(origin, contents, MemoryLayers())

    @pytest.fixture
    def home(self):
        return Repository("registry.example", "team/app")

    @pytest.fixture
    def other_home(self):
        return Repository("registry.example", "team/copy")

    @pytest.fixture
    def plant(self, origin) -> Plant:
        def plant(reference: Reference, data: bytes) -> None:
            origin.plant_manifest(reference, Manifest("", data))
            origin.plant_blob(reference, data)

        return plant


class TestCachedRegistryWithAFullStore(TestCachedRegistryWithAnEmptyStore):
    """Cached content must not answer for the registry's: the whole contract applies unchanged."""

    @pytest.fixture
    def contents(self) -> MemoryContents:
        contents = MemoryStore().contents
        with contents.transaction():
            for image in IMAGES.values():
                contents.keep_manifests([image.manifest])
                contents.keep_blobs(image.blobs)
        return contents
