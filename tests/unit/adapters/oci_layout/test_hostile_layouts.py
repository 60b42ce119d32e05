"""Layouts that were damaged or made to mislead: refused at once, by name, and left untouched."""

import json
import os
import signal
import socket
import stat
from pathlib import Path

import pytest

from manyfest.adapters.oci_layout.registry import LayoutRegistry
from manyfest.contracts.images import docker_image, oci_image, pull_blob, push_image, source_of
from manyfest.domain.digests import Digest
from manyfest.domain.errors import (
    BlobUnknownError,
    IntegrityError,
    LayoutError,
    ManifestUnknownError,
)
from manyfest.domain.references import Layout, Reference

IMAGE, OTHER = docker_image(), oci_image("linux/arm64")
LAYER = IMAGE.blobs[1]
SIZE_LIMIT = 4 * 1024 * 1024


@pytest.fixture(autouse=True)
def _no_hang():
    def too_long(*_):
        pytest.fail("it hangs")

    before = signal.signal(signal.SIGALRM, too_long)
    signal.alarm(5)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def root(tmp_path) -> Path:
    root = tmp_path / "layout"
    push_image(LayoutRegistry(), Reference(Layout(str(root)), "v1"), IMAGE)
    return root


@pytest.fixture
def tagged(root) -> Reference:
    return Reference(Layout(str(root)), "v1")


def manifest_file(root: Path) -> Path:
    return root / "blobs" / "sha256" / IMAGE.digest.hex


def layer_file(root: Path) -> Path:
    return root / "blobs" / "sha256" / Digest.of(LAYER).hex


def index_file(root: Path) -> Path:
    return root / "index.json"


def marker_file(root: Path) -> Path:
    return root / "oci-layout"


def link_inside(path: Path) -> None:
    aside = path.with_name("aside")
    path.rename(aside)
    path.symlink_to("aside")


def link_outside(path: Path) -> None:
    outside = Path(str(path.parent) + "-outside")
    path.rename(outside)
    path.symlink_to(outside)


def fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def unix_socket(path: Path) -> None:
    path.unlink()
    here = Path.cwd()
    os.chdir(path.parent)  # the address of a socket is 107 bytes at most
    try:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path.name[:20])
        Path(path.name[:20]).rename(path.name)
    finally:
        os.chdir(here)


def device(path: Path) -> None:
    path.unlink()
    try:
        os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 5))  # /dev/zero
    except PermissionError:
        path.symlink_to("/dev/zero")


NOT_REGULAR = {
    "link inside": link_inside,
    "link outside": link_outside,
    "FIFO": fifo,
    "folder": folder,
    "socket": unix_socket,
    "device": device,
}


@pytest.mark.parametrize("mislead", NOT_REGULAR.values(), ids=NOT_REGULAR)
@pytest.mark.parametrize("place", [manifest_file, index_file, marker_file])
def test_a_manifest_is_not_read_through_what_is_no_regular_file(root, tagged, place, mislead):
    mislead(place(root))
    for reference in (tagged, tagged.at(IMAGE.digest)):
        with pytest.raises(LayoutError, match=place(root).name):
            LayoutRegistry().get_manifest(reference)


@pytest.mark.parametrize("mislead", NOT_REGULAR.values(), ids=NOT_REGULAR)
@pytest.mark.parametrize("place", [layer_file, marker_file])
def test_a_blob_is_not_read_through_what_is_no_regular_file(root, tagged, place, mislead):
    mislead(place(root))
    reference = tagged.at(Digest.of(LAYER))
    with pytest.raises(LayoutError, match=place(root).name):
        LayoutRegistry().head_blob(reference)
    with pytest.raises(LayoutError, match=place(root).name):
        pull_blob(LayoutRegistry(), reference, len(LAYER))


@pytest.mark.parametrize("path", ["blobs", "blobs/sha256", "index.json"])
@pytest.mark.parametrize("mislead", [link_inside, link_outside])
def test_nothing_is_read_or_written_through_an_inner_link(root, tagged, path, mislead):
    mislead(root / path)
    before = sorted(root.parent.rglob("*"))
    with pytest.raises(LayoutError):
        LayoutRegistry().get_manifest(tagged)
    with pytest.raises(LayoutError):
        LayoutRegistry().put_manifest(Reference(tagged.home, "v2"), IMAGE.manifest)
    assert sorted(root.parent.rglob("*")) == before


def test_the_layout_itself_may_be_a_link(root, tmp_path):
    (tmp_path / "link").symlink_to(root)
    linked = Reference(Layout(str(tmp_path / "link")), "v1")
    assert LayoutRegistry().get_manifest(linked) == IMAGE.manifest
    push_image(LayoutRegistry(), Reference(linked.home, "v2"), OTHER)
    assert LayoutRegistry().get_manifest(Reference(Layout(str(root)), "v2")) == OTHER.manifest


def listed_as(**members):
    """Changes the only entry of the index."""

    def change(path: Path) -> None:
        document = json.loads(path.read_bytes())
        document["manifests"][0] |= members
        path.write_text(json.dumps(document))

    return change


def holding(data: bytes):
    def change(path: Path) -> None:
        path.write_bytes(data)

    return change


def sparse(size: int):
    def change(path: Path) -> None:
        os.truncate(path, size)

    return change


def listed_twice(path: Path) -> None:
    document = json.loads(path.read_bytes())
    (entry,) = document["manifests"]
    document["manifests"].append(entry | {"digest": str(Digest.of(b"other"))})
    path.write_text(json.dumps(document))


DAMAGED = {
    "oci-layout missing": (marker_file, Path.unlink, LayoutError),
    "oci-layout empty": (marker_file, holding(b""), LayoutError),
    "oci-layout not JSON": (marker_file, holding(b"1.0.0"), LayoutError),
    "oci-layout 9.9.9": (marker_file, holding(b'{"imageLayoutVersion":"9.9.9"}'), LayoutError),
    "oci-layout number": (marker_file, holding(b'{"imageLayoutVersion":1}'), LayoutError),
    "oci-layout without version": (marker_file, holding(b"{}"), LayoutError),
    "oci-layout of 1 TiB": (marker_file, sparse(2**40), LayoutError),
    "index.json missing": (index_file, Path.unlink, LayoutError),
    "index.json empty": (index_file, holding(b""), LayoutError),
    "index.json of 1 TiB": (index_file, sparse(2**40), LayoutError),
    "two digests for one name": (index_file, listed_twice, LayoutError),
    "digest climbs up": (index_file, listed_as(digest="sha256:../../../x"), LayoutError),
    "digest of another file": (
        index_file,
        listed_as(digest=str(Digest.of(LAYER))),
        IntegrityError,
    ),
    "size too small": (index_file, listed_as(size=1), IntegrityError),
    "size too large": (index_file, listed_as(size=IMAGE.manifest.size + 1), IntegrityError),
    "manifest missing": (manifest_file, Path.unlink, LayoutError),
    "manifest empty": (manifest_file, holding(b""), IntegrityError),
    "manifest shorter": (manifest_file, holding(IMAGE.manifest.data[:-1]), IntegrityError),
    "manifest longer": (manifest_file, holding(IMAGE.manifest.data + b"\n"), IntegrityError),
    "manifest of other bytes": (manifest_file, holding(OTHER.manifest.data), IntegrityError),
}


@pytest.mark.parametrize(("place", "damage", "error"), DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_layout_is_refused(root, tagged, place, damage, error):
    damage(place(root))
    with pytest.raises(error):
        LayoutRegistry().get_manifest(tagged)
    with pytest.raises(error):
        LayoutRegistry().head_manifest(tagged)


def test_a_missing_manifest_is_named_by_its_digest(root, tagged):
    manifest_file(root).unlink()
    with pytest.raises(LayoutError, match=IMAGE.digest.hex):
        LayoutRegistry().get_manifest(tagged)
    with pytest.raises(ManifestUnknownError, match=IMAGE.digest.hex):
        LayoutRegistry().get_manifest(tagged.at(IMAGE.digest))


def test_a_missing_blob_is_unknown(root, tagged):
    layer_file(root).unlink()
    with pytest.raises(BlobUnknownError):
        LayoutRegistry().head_blob(tagged.at(Digest.of(LAYER)))


def test_the_media_type_comes_from_the_index_where_the_document_has_none(root, tagged):
    document = {k: v for k, v in OTHER.manifest.document.items() if k != "mediaType"}
    data = json.dumps(document).encode()
    (root / "blobs" / "sha256" / Digest.of(data).hex).write_bytes(data)
    members = {
        "mediaType": IMAGE.manifest.media_type,
        "digest": str(Digest.of(data)),
        "size": len(data),
    }
    listed_as(**members)(index_file(root))
    for reference in (tagged, tagged.at(Digest.of(data))):
        assert LayoutRegistry().get_manifest(reference).media_type == IMAGE.manifest.media_type


def test_files_are_closed_again(root, tagged):
    def use() -> None:
        LayoutRegistry().get_manifest(tagged)
        LayoutRegistry().put_manifest(tagged, IMAGE.manifest)
        with LayoutRegistry().open_blob(tagged.at(Digest.of(LAYER)), len(LAYER)) as chunks:
            next(chunks)
        with pytest.raises(ManifestUnknownError):
            LayoutRegistry().get_manifest(Reference(tagged.home, "absent"))
        fifo(layer_file(root))
        with pytest.raises(LayoutError):
            LayoutRegistry().head_blob(tagged.at(Digest.of(LAYER)))
        layer_file(root).unlink()
        layer_file(root).write_bytes(LAYER)

    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(5):
        use()
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def a_file(path: Path) -> None:
    path.write_text("mine")


def a_full_directory(path: Path) -> None:
    path.mkdir()
    (path / "notes.txt").write_text("mine")


def a_layout_of_the_future(path: Path) -> None:
    path.mkdir()
    (path / "oci-layout").write_text('{"imageLayoutVersion":"2.0.0"}')


def a_link_to_nothing(path: Path) -> None:
    path.symlink_to("nowhere")


NO_LAYOUT = [a_file, a_full_directory, a_layout_of_the_future, a_link_to_nothing]
WRITES = {
    "manifest": lambda home: LayoutRegistry().put_manifest(Reference(home, "v1"), IMAGE.manifest),
    "blob": lambda home: LayoutRegistry().write_blob(
        Reference(home, None, Digest.of(b"x")), 1, source_of(b"x")
    ),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
@pytest.mark.parametrize("make", NO_LAYOUT)
def test_what_is_no_layout_is_not_written_to(tmp_path, make, write):
    place = tmp_path / "place"
    make(place)
    before = snapshot(tmp_path)
    with pytest.raises(LayoutError, match=str(place)):
        write(Layout(str(place)))
    assert snapshot(tmp_path) == before


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
@pytest.mark.parametrize("directory", ["/dev/null", "/dev/null/x", "/proc/x", "/sys/x"])
def test_where_nothing_can_be_made_is_named(directory, write):
    with pytest.raises(LayoutError, match=directory):
        write(Layout(directory))


@pytest.mark.parametrize("make", [a_file, a_full_directory, a_layout_of_the_future])
def test_what_is_no_layout_is_not_read(tmp_path, make):
    make(tmp_path / "place")
    with pytest.raises(LayoutError):
        LayoutRegistry().get_manifest(Reference(Layout(str(tmp_path / "place")), "v1"))


def test_an_empty_directory_holds_nothing_yet(tmp_path):
    reference = Reference(Layout(str(tmp_path / "home")), None, Digest.of(b"x"))
    with pytest.raises(ManifestUnknownError):
        LayoutRegistry().get_manifest(reference)
    with pytest.raises(BlobUnknownError):
        LayoutRegistry().head_blob(reference)


def snapshot(folder: Path) -> dict[Path, bytes | None]:
    return {path: path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}
