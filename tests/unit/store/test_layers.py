"""The layer stores: in a folder beside the store, and in memory."""

import os
import stat

import pytest

from manyfest.contracts.layer_store import LAYER, LayerStoreContract, keep
from manyfest.domain.digests import Digest
from manyfest.domain.errors import DamagedStoreError, StoreError
from manyfest.store.layer_store import FileLayerStore
from tests.support.stores.memory_layers import MemoryLayers


class TestFileLayerStore(LayerStoreContract):
    @pytest.fixture
    def layers(self, tmp_path) -> FileLayerStore:
        return FileLayerStore(tmp_path / "layers")

    def flip_a_bit(self, layers: FileLayerStore, digest: Digest) -> None:
        path = layers._path(digest)
        data = bytearray(path.read_bytes())
        data[0] ^= 1
        path.write_bytes(data)

    def test_a_layer_is_its_owners_only_and_nothing_else_is_left(self, layers, tmp_path):
        digest = keep(layers, LAYER)
        path = tmp_path / "layers" / "sha256" / digest.hex
        assert path.stat().st_mode & 0o077 == 0
        assert path.parent.stat().st_mode & 0o077 == 0
        assert list(path.parent.iterdir()) == [path]

    def test_what_is_renewed_is_as_young_as_what_was_just_written(self, layers, tmp_path):
        path = tmp_path / "layers" / "sha256" / keep(layers, LAYER).hex
        os.utime(path, (0, 0))
        layers.size(Digest.of(LAYER))
        assert path.stat().st_mtime == 0
        layers.touch(Digest.of(LAYER))
        assert path.stat().st_mtime >= (tmp_path / "layers").stat().st_mtime

    @pytest.mark.parametrize("order", ["written before", "written after", "renewed after"])
    def test_what_another_relies_on_is_not_taken_away(self, layers, order):
        other = FileLayerStore(layers.folder)
        if order == "written before":
            keep(other, LAYER)
        digest = keep(layers, LAYER)
        if order == "written after":
            keep(other, LAYER)
        if order == "renewed after":
            assert other.touch(digest) == len(LAYER)
        layers.remove(digest)
        assert other.size(digest) == len(LAYER)

    def test_looking_makes_no_folder(self, layers, tmp_path):
        assert layers.size(Digest.of(LAYER)) is None
        assert list(layers.digests()) == []
        assert not (tmp_path / "layers").exists()

    def test_a_folder_that_cannot_be_made_is_named(self, tmp_path):
        (tmp_path / "layers").write_text("a file")
        with pytest.raises(StoreError, match=str(tmp_path / "layers")):
            keep(FileLayerStore(tmp_path / "layers"), LAYER)

    @pytest.mark.parametrize("link", ["layers", "layers/sha256"])
    def test_no_folder_that_is_a_link_is_followed(self, tmp_path, link):
        elsewhere = FileLayerStore(tmp_path / "elsewhere")
        digest = keep(elsewhere, LAYER)
        place, target = tmp_path / link, tmp_path / "elsewhere"
        place.parent.mkdir(exist_ok=True)
        place.symlink_to(target / "sha256" if "/" in link else target)
        layers = FileLayerStore(tmp_path / "layers")
        for use in (layers.size, layers.touch, layers.remove, lambda _: list(layers.digests())):
            with pytest.raises(StoreError, match=f"{link} is a symbolic link"):
                use(digest)
        with pytest.raises(StoreError, match="is a symbolic link"), layers.open(digest):
            pytest.fail("it was opened")
        with pytest.raises(StoreError, match="is a symbolic link"):
            keep(layers, b"another")
        assert list(elsewhere.digests()) == [digest]

    @pytest.mark.parametrize("make", ["link", "folder", "pipe"])
    def test_only_a_regular_file_is_a_layer(self, layers, tmp_path, make):
        digest = keep(layers, LAYER)
        path = tmp_path / "layers" / "sha256" / digest.hex
        path.rename(tmp_path / "moved")
        {
            "link": lambda: path.symlink_to(tmp_path / "moved"),
            "folder": path.mkdir,
            "pipe": lambda: os.mkfifo(path),
        }[make]()
        assert layers.size(digest) is None
        with pytest.raises((StoreError, DamagedStoreError)), layers.open(digest):
            pytest.fail("it was opened")

    @pytest.mark.parametrize("mask", [0o022, 0o002])
    def test_all_folders_that_it_makes_are_their_owners(self, tmp_path, mask):
        before = os.umask(mask)
        try:
            keep(FileLayerStore(tmp_path / "share" / "manyfest" / "layers"), LAYER)
        finally:
            os.umask(before)
        made = [tmp_path / "share", *(p for p in tmp_path.rglob("share/**/*") if p.is_dir())]
        assert len(made) == 4
        assert {stat.S_IMODE(path.stat().st_mode) for path in made} == {0o700}

    def test_strange_names_are_passed_over(self, layers, tmp_path):
        digest = keep(layers, LAYER)
        for name in ("a", "g" * 64, "ABC", digest.hex + "0"):
            (tmp_path / "layers" / "sha256" / name).write_text("?")
        assert list(layers.digests()) == [digest]


class TestMemoryLayers(LayerStoreContract):
    @pytest.fixture
    def layers(self) -> MemoryLayers:
        return MemoryLayers()

    def flip_a_bit(self, layers: MemoryLayers, digest: Digest) -> None:
        layers.held[digest] = b"b" + layers.held[digest][1:]
