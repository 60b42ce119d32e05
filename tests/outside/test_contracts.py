"""The example adapters pass the contracts that are shipped, as anybody's may."""

from pathlib import Path

import pytest

from manyfest.contracts.registry import Plant, RegistryContract
from manyfest.contracts.store import StoreContract
from manyfest.domain.references import External, Home, Reference
from tests.outside.memory_store import ForgetfulStore
from tests.outside.shelf_registry import ShelfRegistry, _shelf


class TestShelfRegistry(RegistryContract):
    @pytest.fixture
    def registry(self) -> ShelfRegistry:
        return ShelfRegistry()

    @pytest.fixture
    def home(self, tmp_path: Path) -> Home:
        return External("shelf", f"{tmp_path}/one")

    @pytest.fixture
    def other_home(self, tmp_path: Path) -> Home:
        return External("shelf", f"{tmp_path}/other")

    @pytest.fixture
    def plant(self) -> Plant:
        def put(reference: Reference, data: bytes) -> None:
            for kind in ("manifests", "blobs"):
                path = _shelf(reference.home, kind, str(reference.digest))
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)

        return put


class TestForgetfulStore(StoreContract):
    @pytest.fixture
    def store(self) -> ForgetfulStore:
        return ForgetfulStore()
