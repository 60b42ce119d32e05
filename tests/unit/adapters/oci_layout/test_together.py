"""Programs at one layout at the same time, whichever system calls of theirs follow each other."""

import json
from contextlib import nullcontext
from pathlib import Path

import pytest

from manyfest.adapters.bundles.folder_writer import write_folder
from manyfest.adapters.oci_layout import safe_directory as files
from manyfest.adapters.oci_layout.index_json import REF_NAME
from manyfest.adapters.oci_layout.registry import LayoutRegistry
from manyfest.contracts.images import docker_image, push_image
from manyfest.domain.digests import Digest
from manyfest.domain.errors import LayoutError, ManifestUnknownError
from manyfest.domain.ports.bundles import BundleBlob, BundleContent
from manyfest.domain.references import Layout, Reference
from tests.support.layouts.between import each_place

REGISTRY = LayoutRegistry()
ONE, TWO = docker_image(text="one"), docker_image(text="two")


def named(place: Path, tag: str) -> Reference:
    return Reference(Layout(str(place / "layout")), tag)


def push_one(place: Path) -> None:
    push_image(REGISTRY, named(place, "one"), ONE)


def push_two(place: Path) -> None:
    push_image(REGISTRY, named(place, "two"), TWO)


def export_two(place: Path) -> None:
    found = TWO.manifest.descriptor()
    entry = json.dumps(found.to_json() | {"annotations": {REF_NAME: "two"}}).encode()
    blobs = tuple(packed(data) for data in (TWO.manifest.data, *TWO.blobs))
    write_folder(place / "layout", BundleContent({"two": entry}, blobs))


def packed(data: bytes) -> BundleBlob:
    return BundleBlob(Digest.of(data), len(data), lambda: nullcontext(iter([data])))


def nothing(place: Path) -> None:
    """No folder yet."""


def an_empty_folder(place: Path) -> None:
    (place / "layout").mkdir()


def whole(place: Path, tag: str) -> bool | None:
    """Whether all that the tag names is there; None: there is no such tag."""
    try:
        manifest = REGISTRY.get_manifest(named(place, tag))
    except ManifestUnknownError:
        return None
    blobs = [Reference(named(place, tag).home, None, each.digest) for each in manifest.layers]
    return all(REGISTRY.head_blob(blob) for blob in blobs)


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(files, "_LOCK_PATIENCE", 0.0)
    monkeypatch.setattr(files.os, "fsync", lambda _: None)  # nobody sees it, and it takes long


@pytest.mark.parametrize(
    ("beginning", "first", "second"),
    [
        (nothing, push_one, push_two),
        (nothing, push_one, export_two),
        (nothing, export_two, push_one),
        (an_empty_folder, push_one, export_two),
        (an_empty_folder, export_two, push_one),
    ],
)
def test_two_who_make_a_layout_both_have_their_way(tmp_path, beginning, first, second):
    had_to_wait = []

    def unless_it_has_to_wait(place):
        try:
            second(place)
        except LayoutError as error:
            if error.reason != "another process is writing to it":
                raise
            had_to_wait.append(place)

    places = [*each_place(tmp_path, beginning, first, unless_it_has_to_wait)]
    assert len(places) > 50
    for place in had_to_wait:
        second(place)
    assert {(whole(place, "one"), whole(place, "two")) for place in places} == {(True, True)}


def look(place: Path) -> tuple[bool | None, tuple[str, ...]]:
    return whole(place, "two"), REGISTRY.tags(named(place, "two").home)


@pytest.mark.parametrize("writer", [push_two, export_two])
def test_who_looks_while_a_layout_is_made_sees_nothing_or_all(tmp_path, writer):
    seen = []
    for _ in each_place(tmp_path, nothing, writer, lambda place: seen.append(look(place))):
        pass
    assert set(seen) == {(None, ()), (True, ("two",))}


@pytest.mark.parametrize("writer", [push_two, export_two])
def test_a_layout_that_is_made_while_one_looks_is_seen_or_not(tmp_path, writer):
    seen = []
    for _ in each_place(tmp_path, an_empty_folder, lambda place: seen.append(look(place)), writer):
        pass
    assert set(seen) == {(None, ("two",)), (True, ("two",)), (None, ())}
