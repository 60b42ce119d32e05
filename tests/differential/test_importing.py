"""``import-docker``: drafts that the real docker client made, taken over and published."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.differential.conftest import Both
from tests.differential.shelf import by_both, by_digest

Served = Callable[[str], bytes]

# Images, and annotations as arguments after LIST MANIFEST.
DRAFTS = {
    "order": (["other:386", "app:armv7", "app:amd64"], []),
    "oci": (["oci:riscv64", "a/first:amd64"], []),
    "escapes": (["oci:odd"], []),
    "windows": (["app:win"], []),
    "references": (["app:amd64", by_digest("app:amd64"), by_both("app:arm64")], []),
    "annotated": (
        ["app:amd64", "app:bare"],
        [
            ("app:bare", "--os", "linux", "--arch", "arm", "--os-features", "a,b"),
            ("app:amd64", "--variant", "v9", "--os-version", "<1>"),
        ],
    ),
}


@pytest.fixture
def manifests(tmp_path: Path) -> Path:
    """The folder of docker's drafts."""
    return tmp_path / "home" / ".docker" / "manifests"


def make(both: Both, name: str, *images: str) -> None:
    result = both.docker("create", name, *(f"PLACE/{image}" for image in images))
    assert result.code == 0, result.stderr


@pytest.mark.parametrize(("images", "annotations"), DRAFTS.values(), ids=DRAFTS.keys())
def test_what_docker_made_is_shown_and_published_as_docker_does(
    both: Both, served: Served, images: list[str], annotations: list[tuple[str, ...]]
) -> None:
    make(both, "PLACE/taken:v1", *images)
    for image, *flags in annotations:
        both.docker("annotate", "PLACE/taken:v1", f"PLACE/{image}", *flags)
    ours = both.ours("import-docker")
    assert (ours.code, ours.stderr) == (0, "")
    assert ours.stdout.decode() == f"Imported manifest list {both.place}/taken:v1\n"
    for flags in ([], ["-v"]):
        both.alike("inspect", *flags, "PLACE/taken:v1")
    for image in images:
        both.alike("inspect", "-v", "PLACE/taken:v1", f"PLACE/{image}")
    pushed = both.ours("push", "PLACE/taken:v1")
    by_us = served("taken:v1")
    assert pushed.stdout == both.docker("push", "PLACE/taken:v1").stdout
    assert by_us == served("taken:v1")


def test_an_annotation_of_docker_outlives_amending(both: Both) -> None:
    make(both, "PLACE/list:am", "app:arm64")
    both.docker("annotate", "PLACE/list:am", "PLACE/app:arm64", "--variant", "v9")
    both.ours("import-docker")
    both.alike("create", "--amend", "PLACE/list:am", "PLACE/app:arm64")
    both.alike("inspect", "PLACE/list:am")


def test_docker_s_own_drafts_stay_as_they_are(both: Both, manifests: Path) -> None:
    make(both, "PLACE/list:stay", "app:arm64")
    before = {path: path.read_bytes() for path in manifests.rglob("*") if path.is_file()}
    both.ours("import-docker")
    assert {p: p.read_bytes() for p in manifests.rglob("*") if p.is_file()} == before


def test_a_file_of_an_old_docker_that_docker_still_reads(both: Both, manifests: Path) -> None:
    make(both, "PLACE/list:old", "app:bare")
    (path,) = (path for path in manifests.rglob("*") if path.is_file())
    file = json.loads(path.read_bytes())
    file["Digest"] = file.pop("Descriptor")["digest"]
    file["Platform"] = {"architecture": "amd64", "os": "linux"}
    path.write_text(json.dumps(file, separators=(",", ":")))
    assert both.ours("import-docker").code == 0
    ours = json.loads(both.ours("inspect", "PLACE/list:old").stdout)
    assert ours["manifests"][0]["digest"] == file["Digest"]
    assert ours["manifests"][0]["platform"] == file["Platform"]


class TestNames:
    """Docker keeps no list's name, only the name of its folder."""

    def test_a_name_that_is_in_doubt_is_asked_for(self, both: Both) -> None:
        make(both, "PLACE/m:a-b", "app:amd64")
        result = both.ours("import-docker")
        assert (result.code, result.stdout) == (1, b"")
        (line,) = result.stderr.splitlines()
        assert f"may be {both.place}/m:a-b or {both.place}/m-a:b" in line
        result = both.ours("import-docker", "PLACE/m:a-b")
        assert result.stdout.decode() == f"Imported manifest list {both.place}/m:a-b\n"

    def test_a_repository_of_an_entry_settles_it(self, both: Both) -> None:
        make(both, "PLACE/app:a-b", "app:amd64")
        result = both.ours("import-docker")
        assert result.stdout.decode() == f"Imported manifest list {both.place}/app:a-b\n"

    def test_only_what_is_named_is_taken(self, both: Both) -> None:
        make(both, "PLACE/list:one", "app:amd64")
        make(both, "PLACE/list:two", "app:amd64")
        both.ours("import-docker", "PLACE/list:two")
        assert both.ours("inspect", "PLACE/list:one").code == 3
        assert both.ours("inspect", "PLACE/list:two").code == 0

    def test_one_that_is_not_there_is_not_found(self, both: Both) -> None:
        result = both.ours("import-docker", "PLACE/none:1")
        assert (result.code, result.stdout) == (3, b"")
        assert f"No such manifest: {both.place}/none:1" in result.stderr


class TestRefusals:
    """A draft that cannot be imported is named, and the others are imported."""

    def test_a_draft_of_ours_is_not_overwritten_unless_asked(self, both: Both) -> None:
        make(both, "PLACE/list:f", "app:arm64")
        both.ours("create", "PLACE/list:f", "PLACE/app:amd64")
        before = both.ours("inspect", "PLACE/list:f").stdout
        result = both.ours("import-docker")
        assert (result.code, result.stdout) == (6, b"")
        assert "--force" in result.stderr
        assert both.ours("inspect", "PLACE/list:f").stdout == before
        assert both.ours("import-docker", "--force").code == 0
        both.alike("inspect", "PLACE/list:f")

    def test_one_that_was_pushed_is(self, both: Both) -> None:
        both.ours("create", "PLACE/list:g", "PLACE/app:amd64")
        both.ours("push", "PLACE/list:g")
        make(both, "PLACE/list:g", "app:arm64")
        assert both.ours("import-docker").code == 0
        both.alike("inspect", "PLACE/list:g")

    def test_a_draft_with_a_file_that_cannot_be_read_is_left_out(
        self, both: Both, manifests: Path
    ) -> None:
        make(both, "PLACE/list:bad", "app:amd64", "app:arm64", "app:armv7")
        make(both, "PLACE/list:good", "app:amd64")
        (broken,) = (path for path in manifests.iterdir() if path.name.endswith("list-bad"))
        files = sorted(broken.iterdir())
        for file in files[:2]:
            file.write_text("{bad")
        result = both.ours("import-docker")
        assert result.code == 1
        assert result.stdout.decode() == f"Imported manifest list {both.place}/list:good\n"
        lines = result.stderr.splitlines()
        assert [str(file) in line for file, line in zip(files, lines, strict=False)] == [True] * 2
        assert len(lines) == 2
        assert both.ours("inspect", "PLACE/list:bad").code == 3

    def test_no_drafts_is_a_note(self, both: Both) -> None:
        result = both.ours("import-docker")
        assert (result.code, result.stdout) == (0, b"")
        assert result.stderr.startswith("note: docker has no drafts in ")
