"""Another program reads the layouts that we write, and we read those that it writes."""

import subprocess

import pytest

from manyfest.adapters.oci_layout.registry import LayoutRegistry
from manyfest.contracts.images import oci_image, oci_index, oddly_spelled, push_image
from manyfest.domain.references import Layout, Reference
from tests.support.programs.programs import require_program

IMAGE, ARM = oci_image(), oci_image("linux/arm64")
CASES = {
    "image": IMAGE,
    "oddly spelled image": oddly_spelled(IMAGE),
    "index": oci_index(IMAGE, ARM),
    "oddly spelled index": oddly_spelled(oci_index(IMAGE, ARM)),
}


@pytest.fixture
def skopeo():
    program = require_program("skopeo")

    def run(*arguments: str) -> bytes:
        command = [program, "--insecure-policy", *arguments]
        done = subprocess.run(command, capture_output=True, timeout=300, check=False)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout

    return run


@pytest.mark.parametrize("image", CASES.values(), ids=CASES)
def test_skopeo_prints_the_very_bytes(skopeo, tmp_path, image):
    layout = Layout(str(tmp_path / "layout"))
    push_image(LayoutRegistry(), Reference(layout, "v0"), ARM)
    push_image(LayoutRegistry(), Reference(layout, "v1"), image)
    assert skopeo("inspect", "--raw", f"{layout}:v1") == image.manifest.data
    assert skopeo("inspect", "--raw", f"{layout}:v0") == ARM.manifest.data


def test_skopeo_prints_the_only_image(skopeo, tmp_path):
    layout = Layout(str(tmp_path / "layout"))
    push_image(LayoutRegistry(), Reference(layout), IMAGE)
    assert skopeo("inspect", "--raw", str(layout)) == IMAGE.manifest.data


@pytest.mark.parametrize("image", [CASES["image"], CASES["index"]], ids=["image", "index"])
def test_skopeo_copies_what_we_wrote(skopeo, tmp_path, image):
    layout = Layout(str(tmp_path / "layout"))
    push_image(LayoutRegistry(), Reference(layout, "v1"), image)
    skopeo("copy", "--all", f"{layout}:v1", f"dir:{tmp_path / 'copy'}")
    assert (tmp_path / "copy" / "manifest.json").read_bytes() == image.manifest.data


def test_we_read_and_extend_what_skopeo_wrote(skopeo, tmp_path):
    ours, theirs = Layout(str(tmp_path / "ours")), Layout(str(tmp_path / "theirs"))
    push_image(LayoutRegistry(), Reference(ours, "v1"), CASES["index"])
    skopeo("copy", "--all", f"{ours}:v1", f"{theirs}:v1")

    registry = LayoutRegistry()
    assert registry.get_manifest(Reference(theirs, "v1")) == CASES["index"].manifest
    push_image(registry, Reference(theirs, "v2"), ARM)
    assert skopeo("inspect", "--raw", f"{theirs}:v1") == CASES["index"].manifest.data
    assert skopeo("inspect", "--raw", f"{theirs}:v2") == ARM.manifest.data
