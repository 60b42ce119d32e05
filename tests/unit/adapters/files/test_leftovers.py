"""What killed writers leave behind, and who removes it."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from manyfest.adapters.bundles.folder_writer import write_folder
from manyfest.adapters.files.atomic_file import (
    TEMPORARY,
    atomic_write,
    create_temporary,
    folder_in_use,
    remove_leftovers_beside,
)
from manyfest.adapters.oci_layout.layout_files import make_layout
from manyfest.domain.ports.bundles import BundleContent

DAYS = 24 * 60 * 60

_KILLED = """
import os, sys
from pathlib import Path
from manyfest.adapters.bundles import folder_writer
from manyfest.adapters.files.atomic_file import atomic_write
from manyfest.adapters.oci_layout.layout_files import make_layout
from manyfest.domain.ports.bundles import BundleContent

place = Path(sys.argv[2])

def chunks():
    yield b"half"
    os.kill(os.getpid(), 9)

def folder():
    folder_writer._add = lambda root, content: root.write(chunks(), "x")
    folder_writer.write_folder(place / "bundle", BundleContent({}))

def archive():
    with atomic_write(place / "archive.tar") as file:
        for chunk in chunks():
            file.write(chunk)

def layout():
    make_layout(str(place)).write(chunks(), "x")

{"archive": archive, "folder": folder, "layout": layout}[sys.argv[1]]()
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    place = tmp_path / "place"
    place.mkdir()
    return place


def leftovers(folder: Path) -> list[Path]:
    return [*folder.glob(f"{TEMPORARY}*")]


def write_archive(place: Path) -> None:
    with atomic_write(place / "archive.tar") as file:
        file.write(b"whole")


def write_bundle(place: Path) -> None:
    write_folder(place / "bundle", BundleContent({}))


def write_layout(place: Path) -> None:
    make_layout(str(place)).__exit__()


WRITERS = {"archive": write_archive, "folder": write_bundle, "layout": write_layout}


@pytest.mark.parametrize(("kind", "write"), WRITERS.items())
def test_what_a_killed_writer_left_is_removed_by_the_next(
    place: Path, kind: str, write: Callable[[Path], None]
) -> None:
    ended = subprocess.run([sys.executable, "-c", _KILLED, kind, str(place)], check=False)
    assert ended.returncode == -9
    assert len(leftovers(place)) == 1
    write(place)
    assert leftovers(place) == []


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
def test_what_is_being_written_stays(place: Path, write: Callable[[Path], None]) -> None:
    busy = place / f"{TEMPORARY}0123456789abcdef"
    name, descriptor = create_temporary(
        lambda name: os.open(place / name, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
    )
    make_layout(str(busy)).__exit__()
    with folder_in_use(busy):
        for path in (place / name, busy, *busy.iterdir()):
            os.utime(path, (0, 0))
        make_layout(str(place / "site")).__exit__()
        remove_leftovers_beside(place / "target")
        if write is not write_layout:  # the folder is no layout
            write(place)
        assert len(leftovers(place)) == 2
    os.close(descriptor)


@pytest.mark.parametrize(("age", "left"), [(0, 2), (2 * DAYS, 0)])
def test_without_a_lock_only_age_tells(place: Path, age: int, left: int) -> None:
    """As earlier versions named their files, and as a folder is before it has its lock."""
    (place / f"{TEMPORARY}0123456789abcdef").write_bytes(b"half")
    (place / f"{TEMPORARY}folder").mkdir()
    for path in leftovers(place):
        os.utime(path, (time.time() - age, time.time() - age))
    write_archive(place)
    assert len(leftovers(place)) == left


def test_files_of_others_and_links_stay(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = place / "elsewhere"
    elsewhere.mkdir()
    link = place / f"{TEMPORARY}0.part"
    link.symlink_to(elsewhere)
    file = place / f"{TEMPORARY}1.part"
    file.write_bytes(b"half")
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    write_archive(place)
    assert sorted(leftovers(place)) == [link, file]
    monkeypatch.undo()
    write_archive(place)
    assert leftovers(place) == [link]
    assert elsewhere.is_dir()


def test_a_writer_whose_file_was_taken_for_a_leftover_begins_again(place: Path) -> None:
    made: list[Path] = []

    def create(name: str) -> int:
        made.append(place / name)
        descriptor = os.open(made[-1], os.O_CREAT | os.O_EXCL | os.O_WRONLY)
        if len(made) == 1:
            remove_leftovers_beside(place / "target")
        return descriptor

    name, descriptor = create_temporary(create)
    os.close(descriptor)
    assert [path.exists() for path in made] == [False, True]
    assert made[-1].name == name
