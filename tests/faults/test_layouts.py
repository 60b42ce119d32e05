"""Layouts that are damaged or hostile, as a person meets them: one line, and nothing is touched."""

import json
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from manyfest.adapters.oci_layout.registry import LayoutRegistry
from manyfest.contracts.images import docker_image, oci_image, oci_index, push_image
from manyfest.domain.digests import Digest
from manyfest.domain.references import Layout, Reference
from tests.support.faults.confined import with_small_files
from tests.support.faults.judged import error_line, refused, succeeded
from tests.support.programs.at_once import COMMANDS, at_once
from tests.support.programs.docker_client import CommandLine
from tests.support.programs.forked import ForkedCommandLine
from tests.support.programs.our_program import run_here

IMAGE, OTHER = docker_image(), oci_image("linux/arm64", text="other")
INDEX, MARKER = "index.json", "oci-layout"
BLOB = f"blobs/sha256/{IMAGE.digest.hex}"
CONFIG = f"blobs/sha256/{Digest.of(IMAGE.blobs[0]).hex}"


@pytest.fixture
def layout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A layout ``app`` in the working folder, with the image ``1``."""
    monkeypatch.chdir(tmp_path)
    push_image(LayoutRegistry(), Reference(Layout(str(tmp_path / "app")), "1"), IMAGE)
    return tmp_path / "app"


def tree(folder: Path) -> dict[str, tuple[int, bytes]]:
    """All there is below: kind and, of files, the beginning."""
    found = {}
    for path in folder.rglob("*"):
        status, start = path.lstat(), b""
        if stat.S_ISREG(status.st_mode):
            with path.open("rb") as file:
                start = file.read(100_000)
        found[str(path.relative_to(folder))] = (status.st_mode, start)
    return found


def holding(data: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(data)


def listing(**members: object) -> Callable[[Path], None]:
    """Changes the only entry of ``index.json``."""

    def change(path: Path) -> None:
        document = json.loads(path.read_bytes())
        document["manifests"][0] |= members
        path.write_text(json.dumps(document))

    return change


def link(path: Path) -> None:
    aside = path.with_name("aside")
    path.rename(aside)
    path.symlink_to(aside)


def fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def listed_twice(path: Path) -> None:
    document = json.loads(path.read_bytes())
    (entry,) = document["manifests"]
    document["manifests"].append(entry | {"digest": str(OTHER.digest)})
    path.write_text(json.dumps(document))


# What is hurt, how, our exit code, words of our line.
HURT: dict[str, tuple[str, Callable[[Path], object], int, str]] = {
    "O1: digest climbs up": (INDEX, listing(digest="sha256:../../../etc/passwd"), 1, "digest"),
    "O1: digest is a path": (INDEX, listing(digest="/etc/passwd"), 1, "digest"),
    "O1: algorithm is a path": (INDEX, listing(digest=f"../x:{'0' * 64}"), 1, "digest"),
    "O2: blob is a link": (BLOB, link, 1, "blobs/sha256"),
    "O2: blob is a FIFO": (BLOB, fifo, 1, "blobs/sha256"),
    "O2: blob is a folder": (BLOB, folder, 1, "blobs/sha256"),
    "O3: index.json is a link": (INDEX, link, 1, INDEX),
    "O3: blobs is a link": ("blobs", link, 1, "blobs"),
    "O3: blobs/sha256 is a link": ("blobs/sha256", link, 1, "blobs/sha256"),
    "O4: blob is missing": (BLOB, Path.unlink, 1, IMAGE.digest.hex),
    "O4: blob is shorter": (BLOB, holding(IMAGE.manifest.data[:-1]), 7, "bytes long"),
    "O4: blob is longer": (BLOB, holding(IMAGE.manifest.data + b"\n"), 7, "bytes long"),
    "O4: blob has other bytes": (BLOB, holding(bytes(IMAGE.manifest.size)), 7, IMAGE.digest.hex),
    "O5: marker is missing": (MARKER, Path.unlink, 3, MARKER),
    "O5: marker is not JSON": (MARKER, holding(b"1.0.0"), 1, MARKER),
    "O5: marker is of the future": (MARKER, holding(b'{"imageLayoutVersion":"9.9.9"}'), 1, "9.9.9"),
    "O5: version is a number": (MARKER, holding(b'{"imageLayoutVersion":1}'), 1, MARKER),
    "O6: index.json is missing": (INDEX, Path.unlink, 3, INDEX),
    "O6: index.json is empty": (INDEX, holding(b""), 1, INDEX),
    "O6: index.json is a TiB": (INDEX, lambda path: os.truncate(path, 2**40), 1, INDEX),
    "O6: index.json is an image": (INDEX, holding(OTHER.manifest.data), 1, INDEX),
    "O6: one name, two images": (INDEX, listed_twice, 1, "choose one"),
    "O6: a key twice": (INDEX, holding(b'{"manifests":[],"manifests":[]}'), 1, "twice"),
    "O6: nested without end": (INDEX, holding(b'{"a":' * 100_000), 1, INDEX),
    "O6: a size of 2^70": (INDEX, listing(size=2**70), 1, "size"),
}


@pytest.mark.parametrize(("place", "hurt", "code", "words"), HURT.values(), ids=HURT)
def test_a_hurt_layout_is_refused_in_one_line_and_left_as_it_is(
    layout, place, hurt, code, words
) -> None:
    hurt(layout / place)
    before = tree(layout)
    for command in (
        ["inspect", "--raw", "oci:app:1"],
        ["create", "oci:new:1", "oci:app:1"],
        ["copy", "oci:app:1", "oci:new:1"],
        ["verify", "oci:app:1"],
    ):
        refused(*command, code=code, words=("app", words))
    assert tree(layout) == before
    assert not (layout.parent / "new").exists()


@pytest.mark.parametrize("hurt", [Path.unlink, fifo, link, holding(b"{}"), folder])
def test_a_hurt_config_fails_what_needs_it(layout, hurt) -> None:  # O2, O4
    hurt(layout / CONFIG)
    for command in (["create", "oci:new:1", "oci:app:1"], ["copy", "oci:app:1", "oci:new:1"]):
        result = run_here(*command)
        assert result.code in (1, 3, 7)
        assert CONFIG[-64:] in error_line(result, result.code)


def a_file(path: Path) -> None:
    path.write_text("mine")


def notes(path: Path) -> None:
    path.mkdir()
    (path / "notes.txt").write_text("mine")


@pytest.mark.parametrize(("make", "code"), [(a_file, 1), (notes, 3)])
def test_what_is_no_layout_is_not_written_to(layout, make, code) -> None:  # O9
    make(layout.parent / "mine")
    before = tree(layout.parent / "mine")
    refused("copy", "oci:app:1", "oci:mine:1", code=code, words=("mine",))
    succeeded("create", "oci:mine:list", "oci:app:1")
    refused("push", "oci:mine:list", code=code, words=("mine",))
    assert tree(layout.parent / "mine") == before


def test_where_nothing_may_be_written_nothing_is(layout) -> None:  # O9
    refused("copy", "oci:app:1", "oci:/proc/mine:1", code=1, words=("/proc/mine",))


def test_what_others_wrote_is_kept(layout) -> None:  # O10
    (layout / "notes.txt").write_text("mine")
    document = json.loads((layout / INDEX).read_bytes()) | {"annotations": {"x": "y"}, "z": [1.5]}
    document["manifests"][0]["annotations"]["io.containerd.image.name"] = "app"
    (layout / INDEX).write_text(json.dumps(document, indent=1))
    succeeded("create", "oci:app:list", "oci:app:1")
    succeeded("push", "oci:app:list")
    after = json.loads((layout / INDEX).read_bytes())
    assert after.pop("manifests")[:1] == document.pop("manifests")
    assert after == document
    assert (layout / "notes.txt").read_text() == "mine"


def test_no_name_from_elsewhere_becomes_a_path(layout) -> None:  # O12
    """Tags and annotations stand in ``index.json``; files are named by digests alone."""
    names = ["x" * 128, "CON", "con", "..a", "a.lock", "index.json"]
    for name in names:
        result = run_here("copy", "oci:app:1", f"oci:app:{name}")
        assert result.code == (2 if name == "..a" else 0), result
    hostile = oci_index(IMAGE, annotations={"org.opencontainers.image.ref.name": "../../x"})
    push_image(LayoutRegistry(), Reference(Layout(str(layout)), "hostile"), hostile)
    succeeded("copy", "oci:app:hostile", "oci:copied:1")
    for place in (layout, layout.parent / "copied"):
        files = {path.name for path in place.rglob("*") if path.is_file()}
        digests = {name for name in files if len(name) == 64 and int(name, 16)}
        assert files - digests == {INDEX, MARKER}
        assert {path.name for path in place.iterdir()} == {INDEX, MARKER, "blobs"}


def test_eight_commands_write_to_one_layout(layout, forks: ForkedCommandLine) -> None:  # O7
    ended = at_once(forks, COMMANDS, *([f"copy oci:app:1 oci:all:{n}"] for n in range(8)))
    assert [errors.splitlines()[-1] for _, errors in ended] == ["[0]"] * 8
    listed = json.loads((layout.parent / "all" / INDEX).read_bytes())["manifests"]
    tags = {each["annotations"]["org.opencontainers.image.ref.name"] for each in listed}
    assert tags == {str(number) for number in range(8)}


@pytest.mark.parametrize("size", [0, 1, 2])
def test_a_full_disk_leaves_the_old_layout(layout, manyfest: CommandLine, size: int) -> None:  # O8
    """The size limit, in blocks, decides whether the store or the layout fails first."""
    large = oci_image(annotations={"x": "x" * 5_000})
    push_image(LayoutRegistry(), Reference(Layout(str(layout.parent / "large")), "1"), large)
    before = tree(layout)
    limited = with_small_files(manyfest, 512 * size)
    error_line(limited("copy", "oci:large:1", "oci:app:1"), 1)
    left = tree(layout)
    assert {name: left[name] for name in before} == before
    assert all(name.startswith("blobs/sha256/") for name in left.keys() - before.keys())
    assert succeeded("inspect", "--raw", "oci:app:1").stdout == IMAGE.manifest.data


def test_a_blob_of_any_size_is_read_until_the_time_limit(layout) -> None:  # L13
    """A sparse file of 4 TiB takes no place, and hours to read."""
    os.truncate(layout / "blobs" / "sha256" / IMAGE.manifest.layers[0].digest.hex, 2**42)
    words = ("app@sha256:", "not done within the 1 s allowed")
    refused("verify", "oci:app:1", "--timeout", "1", code=5, words=words)
