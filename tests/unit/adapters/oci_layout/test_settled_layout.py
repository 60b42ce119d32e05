"""A layout whose files settled is opened once more for each look, and its index is not read."""

import os
import time
from collections import Counter
from pathlib import Path

import pytest

from manyfest.adapters.oci_layout import safe_directory
from manyfest.adapters.oci_layout.registry import LayoutRegistry
from manyfest.adapters.oci_layout.safe_directory import SafeDirectory
from manyfest.contracts.images import oci_image, push_image
from manyfest.domain.errors import ManifestUnknownError, NoLayoutError
from manyfest.domain.references import Layout, Reference


@pytest.fixture
def settled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Reference:
    """An image in a layout whose files did not change for some seconds."""
    reference = Reference(Layout(str(tmp_path / "app")), "a")
    push_image(LayoutRegistry(), reference, oci_image())
    for changed in (tmp_path / "app" / "index.json", tmp_path / "app"):
        os.utime(changed, (0, 0))  # a change in the same tick of the clock has another time, too
    _let_time_pass(monkeypatch)
    LayoutRegistry().get_manifest(reference)
    return reference


def _let_time_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    now = safe_directory.time.time_ns() + 10_000_000_000
    monkeypatch.setattr(time, "time_ns", lambda: now)


def test_marker_and_index_are_read_once(
    settled: Reference, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: Counter[str] = Counter()
    read = SafeDirectory.read

    def counting(root: SafeDirectory, limit: int, *path: str) -> bytes:
        reads[path[0]] += 1
        return read(root, limit, *path)

    monkeypatch.setattr(SafeDirectory, "read", counting)
    registry = LayoutRegistry()
    for _ in range(5):
        manifest = registry.get_manifest(settled)
        registry.referrers(settled.at(manifest.digest))
    assert set(reads) == {"blobs"}


def test_an_index_that_another_process_replaces_is_read_again(settled: Reference) -> None:
    folder = Path(settled.home.directory)  # type: ignore[union-attr]
    index = (folder / "index.json").read_bytes().replace(b'"a"', b'"b"')
    (folder / "new").write_bytes(index)
    (folder / "new").replace(folder / "index.json")
    with pytest.raises(ManifestUnknownError):
        LayoutRegistry().get_manifest(settled)


def test_an_index_that_is_overwritten_in_place_is_read_again(settled: Reference) -> None:
    file = Path(settled.home.directory, "index.json")  # type: ignore[union-attr]
    file.write_bytes(file.read_bytes().replace(b'"a"', b'"b"'))
    with pytest.raises(ManifestUnknownError):
        LayoutRegistry().get_manifest(settled)


def test_a_directory_that_is_no_layout_any_more_is_refused(settled: Reference) -> None:
    folder = Path(settled.home.directory)  # type: ignore[union-attr]
    (folder / "oci-layout").unlink()
    with pytest.raises(NoLayoutError):
        LayoutRegistry().get_manifest(settled)
