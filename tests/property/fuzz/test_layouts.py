"""Layouts whose index.json or oci-layout is nearly right: read, or our own errors, untouched."""

import json
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given

from manyfest.adapters.oci_layout.registry import LayoutRegistry
from manyfest.contracts.images import oci_image, oci_index, push_image
from manyfest.domain.errors import (
    DocumentError,
    IntegrityError,
    LayoutError,
    ManifestUnknownError,
)
from manyfest.domain.references import Layout, Reference
from tests.property.mutations import json_texts

IMAGE, OTHER = oci_image(), oci_image("linux/arm64", text="other")
OURS = (LayoutError, DocumentError, IntegrityError, ManifestUnknownError)


def made(folder: Path) -> Path:
    for name, image in {"1": IMAGE, "2": OTHER, "list": oci_index(IMAGE, OTHER)}.items():
        push_image(LayoutRegistry(), Reference(Layout(str(folder)), name), image)
    return folder


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield made(Path(folder))


with tempfile.TemporaryDirectory() as _folder:
    INDEX = json.loads((made(Path(_folder)) / "index.json").read_bytes())


@given(json_texts(INDEX))
def test_a_damaged_index_is_read_or_refused(folder: Path, data: bytes) -> None:
    (folder / "index.json").write_bytes(data)
    home = Layout(str(folder))
    for reference in (Reference(home, "1"), Reference(home), Reference(home, None, OTHER.digest)):
        with suppress(*OURS):
            assert LayoutRegistry().get_manifest(reference).digest
        with suppress(*OURS):
            LayoutRegistry().referrers(reference.at(IMAGE.digest))


@given(json_texts(INDEX))
def test_a_damaged_index_is_written_on_whole_or_left_alone(folder: Path, data: bytes) -> None:
    (folder / "index.json").write_bytes(data)
    target = Reference(Layout(str(folder)), "1")
    try:
        LayoutRegistry().put_manifest(target, OTHER.manifest)
    except OURS:
        assert (folder / "index.json").read_bytes() == data
    else:
        assert LayoutRegistry().get_manifest(target) == OTHER.manifest


@given(json_texts({"imageLayoutVersion": "1.0.0"}))
def test_a_damaged_marker_is_a_layout_or_none(folder: Path, data: bytes) -> None:
    (folder / "index.json").write_text(json.dumps(INDEX))
    (folder / "oci-layout").write_bytes(data)
    with suppress(LayoutError):
        reference = Reference(Layout(str(folder)), "1")
        assert LayoutRegistry().get_manifest(reference) == IMAGE.manifest
    (folder / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}')
