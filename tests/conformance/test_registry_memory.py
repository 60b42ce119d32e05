"""The registry in memory keeps the contract of the registry port."""

import pytest

from manyfest.adapters.memory import MemoryRegistry
from manyfest.contracts.images import push_blob, push_image
from manyfest.contracts.registry import AMD64, ARM64, Plant, RegistryContract
from manyfest.domain.errors import ManifestUnknownError
from manyfest.domain.manifests import Manifest
from manyfest.domain.references import Layout, Reference, Repository


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
            registry.plant_manifest(reference, Manifest("", data))
            registry.plant_blob(reference, data)

        return plant

    def test_blobs_mount_within_one_registry(self, registry, home, other_home):
        blob = push_blob(registry, home, b"mount me")
        assert registry.mount_blob(Reference(other_home, None, blob.digest), home)
        elsewhere = Repository("elsewhere.example", "team/app")
        assert not registry.mount_blob(Reference(elsewhere, None, blob.digest), home)

    def test_a_layout_may_be_named_without_a_tag(self, registry):
        only = Reference(Layout("/layouts/app"))
        push_image(registry, only.at(ARM64.digest), ARM64)
        with pytest.raises(ManifestUnknownError):
            registry.get_manifest(only)
        push_image(registry, only, AMD64)
        assert registry.get_manifest(only) == AMD64.manifest
