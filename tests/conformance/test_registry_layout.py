"""OCI layout directories keep the contract of the registry port."""

from pathlib import Path

import pytest

from manyfest.adapters.oci_layout.layout_with_history import LayoutWithHistory
from manyfest.adapters.oci_layout.registry import LayoutRegistry
from manyfest.contracts.registry import Plant, RegistryContract
from manyfest.domain.references import Layout, Reference
from tests.support.stores.memory_store import MemoryStore


class TestLayoutRegistry(RegistryContract):
    @pytest.fixture
    def registry(self):
        return LayoutRegistry()

    @pytest.fixture
    def home(self, tmp_path):
        return Layout(str(tmp_path / "layout"))

    @pytest.fixture
    def other_home(self, tmp_path):
        return Layout(str(tmp_path / "other" / "layout"))

    @pytest.fixture
    def plant(self) -> Plant:
        def plant(reference: Reference, data: bytes) -> None:
            blobs = Path(reference.home.directory, "blobs", reference.digest.algorithm)
            (blobs / reference.digest.hex).write_bytes(data)

        return plant


class TestLayoutWithHistory(TestLayoutRegistry):
    @pytest.fixture
    def registry(self):
        return LayoutWithHistory(MemoryStore().contents)
