"""Layouts are written whole or not at all: by many at once, interrupted, and on full disks."""

import json
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from itertools import chain
from pathlib import Path

import pytest

from manyfest.adapters.files.atomic_file import TEMPORARY
from manyfest.adapters.oci_layout import safe_directory as files
from manyfest.adapters.oci_layout.index_json import REF_NAME
from manyfest.adapters.oci_layout.registry import LayoutRegistry
from manyfest.adapters.oci_layout.safe_directory import open_directory
from manyfest.contracts.images import docker_image, oci_image, push_image, source_of, windows_image
from manyfest.domain.digests import Digest
from manyfest.domain.errors import BlobUnknownError, LayoutError, ManifestUnknownError
from manyfest.domain.manifests import Manifest
from manyfest.domain.references import Layout, Reference
from tests.support.layouts.die_writing import IMAGE as NEW

REGISTRY = LayoutRegistry()
OLD = docker_image(text="the old one")
MEBIBYTE = 1024 * 1024
CHECKOUT = Path(__file__).parents[4]


@pytest.fixture
def directory(tmp_path) -> Path:
    return tmp_path / "layout"


@pytest.fixture
def home(directory) -> Layout:
    return Layout(str(directory))


def program(name: str, *arguments: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", f"tests.support.layouts.{name}", *arguments]
    return subprocess.Popen(command, cwd=CHECKOUT)


def left_behind(directory: Path) -> list[Path]:
    return list(directory.rglob(f"{TEMPORARY}*"))


def index(directory: Path):
    return json.loads((directory / "index.json").read_bytes())


@pytest.mark.parametrize("place", ["home", "new", "new/deeper"], ids=["empty", "none", "nested"])
def test_a_layout_is_made_where_nothing_is(tmp_path, place):
    push_image(REGISTRY, Reference(Layout(str(tmp_path / place))), OLD)
    names = {path.name for path in (tmp_path / place).iterdir()}
    assert names == {"blobs", "index.json", "oci-layout"}
    marker = json.loads((tmp_path / place / "oci-layout").read_bytes())
    assert marker == {"imageLayoutVersion": "1.0.0"}


def test_the_only_image_has_no_name(directory, home):
    push_image(REGISTRY, Reference(home), OLD)
    push_image(REGISTRY, Reference(home), NEW)
    assert index(directory)["manifests"] == [NEW.manifest.descriptor().to_json()]
    assert REGISTRY.get_manifest(Reference(home)) == NEW.manifest


def test_unknown_files_and_foreign_annotations_stay(directory, home):
    push_image(REGISTRY, Reference(home, "old"), OLD)
    (directory / "notes.txt").write_text("mine")
    document = index(directory) | {"annotations": {"mine": "ü"}}
    document["manifests"][0]["annotations"]["io.containerd.image.name"] = "x"
    (directory / "index.json").write_text(json.dumps(document, indent=4))
    push_image(REGISTRY, Reference(home, "new"), NEW)

    named = {"annotations": {REF_NAME: "new"}}
    document["manifests"].append(NEW.manifest.descriptor().to_json() | named)
    assert index(directory) == document
    assert (directory / "notes.txt").read_text() == "mine"


def test_a_large_file_is_on_its_way_to_the_disk_before_its_end(home, monkeypatch):
    begun = []
    monkeypatch.setattr(files.os, "posix_fadvise", lambda _fd, *span: begun.append(span[:2]))
    size = 20 * MEBIBYTE
    layer = Reference(home, None, Digest.of(bytes(size)))
    REGISTRY.write_blob(layer, size, source_of(bytes(size)))
    assert begun == [(0, 8 * MEBIBYTE), (8 * MEBIBYTE, 8 * MEBIBYTE)]


def test_a_foreign_layer_need_not_be_there(home):
    push_image(REGISTRY, Reference(home, "v1"), windows_image())
    base = windows_image().manifest.layers[0]
    assert base.urls
    with pytest.raises(BlobUnknownError):
        REGISTRY.head_blob(Reference(home, None, base.digest))


def test_eight_processes_write_eight_tags(directory, home):
    tags = [[f"v{number}-{time}" for time in range(4)] for number in range(8)]
    writers = [program("write_tags", str(directory), *some) for some in tags]
    assert [writer.wait(timeout=300) for writer in writers] == [0] * 8

    for tag in chain(*tags):
        assert REGISTRY.get_manifest(Reference(home, tag)) == docker_image(text=tag).manifest
    assert len(index(directory)["manifests"]) == 32
    assert left_behind(directory) == []


@pytest.mark.parametrize("exists", [True, False], ids=["existing layout", "from nothing"])
def test_a_killed_writer_leaves_the_old_or_the_new_index(directory, home, exists):
    if exists:
        push_image(REGISTRY, Reference(home, "v1"), OLD)
        push_image(REGISTRY, Reference(home, "v2"), OLD)
    assert program("die_writing", str(directory)).wait(timeout=300) == 0
    copies = list(directory.parent.glob("layout-*"))
    assert len(copies) > 20

    for copy in copies:
        reference = Reference(Layout(str(copy)), "v1")
        assert standing(reference) in (
            (OLD.manifest, NEW.manifest) if exists else (None, NEW.manifest)
        )
        push_image(REGISTRY, reference, NEW)
        assert REGISTRY.get_manifest(reference) == NEW.manifest
        assert len(index(copy)["manifests"]) == (2 if exists else 1)


@pytest.mark.parametrize("call", ["write", "fsync", "replace"])
def test_an_interrupted_writer_takes_its_files_away(directory, home, monkeypatch, call):
    push_image(REGISTRY, Reference(home, "v1"), OLD)
    before = snapshot(directory)

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(files.os, call, interrupted)
        with pytest.raises(KeyboardInterrupt):
            push_image(REGISTRY, Reference(home, "v1"), NEW)
    assert snapshot(directory) == before


def standing(reference: Reference) -> Manifest | None:
    try:
        return REGISTRY.get_manifest(reference)
    except ManifestUnknownError:
        return None


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    keeps_none, sys.dont_write_bytecode = sys.dont_write_bytecode, True  # it would be cut off
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        sys.dont_write_bytecode = keeps_none


def test_a_full_disk_leaves_the_old_index(directory, home):
    push_image(REGISTRY, Reference(home, "v1"), OLD)
    document = index(directory) | {"annotations": {"mine": "x" * 20_000}}
    (directory / "index.json").write_text(json.dumps(document))
    before = (directory / "index.json").read_bytes()

    with largest_file(10_000), pytest.raises(LayoutError, match=r"index\.json File too large"):
        push_image(REGISTRY, Reference(home, "v1"), NEW)
    assert (directory / "index.json").read_bytes() == before
    assert left_behind(directory) == []
    assert REGISTRY.get_manifest(Reference(home, "v1")) == OLD.manifest


@pytest.mark.parametrize("limit", [0, 1, 10_000])
def test_a_full_disk_leaves_no_part_of_a_blob(directory, home, limit):
    push_image(REGISTRY, Reference(home, "v1"), OLD)
    before = snapshot(directory)
    data = b"x" * 100_000
    reference = Reference(home, None, Digest.of(data))
    with largest_file(limit), pytest.raises(LayoutError, match="File too large"):
        REGISTRY.write_blob(reference, len(data), source_of(data))
    assert snapshot(directory) == before


def test_the_error_of_a_source_is_its_own(directory, home):
    push_image(REGISTRY, Reference(home, "v1"), OLD)

    def broken() -> Iterator[bytes]:
        yield b"x"
        raise FileNotFoundError("the source's file")

    with pytest.raises(FileNotFoundError, match="the source's file"):
        REGISTRY.write_blob(Reference(home, None, Digest.of(b"")), 9, lambda: nullcontext(broken()))
    assert left_behind(directory) == []


def test_waiting_for_another_writer_ends(directory, home, monkeypatch):
    push_image(REGISTRY, Reference(home, "v1"), OLD)
    monkeypatch.setattr(files, "_LOCK_PATIENCE", 0.05)
    with (
        open_directory(str(directory)) as root,
        root.locked(),
        pytest.raises(LayoutError, match="another process"),
    ):
        push_image(REGISTRY, Reference(home, "v1"), NEW)
    push_image(REGISTRY, Reference(home, "v1"), NEW)


def test_readers_do_not_wait_for_writers(directory, home):
    push_image(REGISTRY, Reference(home, "v1"), OLD)
    with open_directory(str(directory)) as root, root.locked():
        assert REGISTRY.get_manifest(Reference(home, "v1")) == OLD.manifest


def test_a_damaged_blob_is_healed_by_writing_it_again(directory, home):
    push_image(REGISTRY, Reference(home, "v1"), OLD)
    (directory / "blobs" / "sha256" / OLD.digest.hex).write_bytes(b"damaged")
    push_image(REGISTRY, Reference(home, "v1"), OLD)
    assert REGISTRY.get_manifest(Reference(home, "v1")) == OLD.manifest


def test_a_damaged_blob_counts_as_missing(directory, home):
    push_image(REGISTRY, Reference(home, "v1"), OLD)
    layer = Reference(home, None, OLD.manifest.layers[0].digest)
    file = directory / "blobs" / "sha256" / layer.digest.hex
    assert REGISTRY.head_blob(layer) == file.stat().st_size
    file.write_bytes(bytes(file.stat().st_size))
    with pytest.raises(BlobUnknownError, match="its file is damaged"):
        REGISTRY.head_blob(layer)


def test_another_home_is_no_layout():
    with pytest.raises(TypeError, match="is in no layout"):
        REGISTRY.get_manifest(Reference.parse("alpine"))


def test_docker_and_oci_images_stand_side_by_side(home):
    push_image(REGISTRY, Reference(home, "docker"), OLD)
    push_image(REGISTRY, Reference(home, "oci"), oci_image())
    assert REGISTRY.head_manifest(Reference(home, "docker")) == OLD.manifest.descriptor()
    assert REGISTRY.head_manifest(Reference(home, "oci")) == oci_image().manifest.descriptor()


def snapshot(folder: Path) -> dict[Path, bytes | None]:
    return {path: path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}
