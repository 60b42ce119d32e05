"""The cost of a look at a layout: a list of 18,000 images takes three for each of them."""

import tracemalloc
from pathlib import Path

import pytest

from manyfest.adapters.oci_layout import layout_files
from manyfest.adapters.oci_layout.registry import LayoutRegistry
from manyfest.adapters.oci_layout.safe_directory import SafeDirectory
from manyfest.contracts.images import oci_image, push_image
from manyfest.domain.manifests import SIZE_LIMIT
from manyfest.domain.references import Layout, Reference


@pytest.fixture
def place(tmp_path: Path) -> Reference:
    made = Reference(Layout(str(tmp_path / "app")), "a")
    push_image(LayoutRegistry(), made, oci_image())
    return made


def test_a_small_file_is_read_without_memory_for_a_large_one(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x" * 1000)
    with layout_files.open_directory(str(tmp_path)) as root:
        tracemalloc.start()
        assert root.read(SIZE_LIMIT, "file") == b"x" * 1000
        assert root.read(999, "file") == b"x" * 1000
        assert root.read(10, "file") == b"x" * 11
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < SIZE_LIMIT / 10


def test_the_folder_of_a_whole_layout_is_not_listed(
    place: Reference, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed: list[str] = []
    monkeypatch.setattr(SafeDirectory, "names", lambda self: listed.append(self.directory))
    assert LayoutRegistry().get_manifest(place).is_image
    assert listed == []
