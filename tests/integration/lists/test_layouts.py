"""The whole job with no server at all, on OCI layouts; skopeo reads what comes out."""

import hashlib
import json
import subprocess
from pathlib import Path

import pytest

from manyfest.adapters.oci_layout.registry import LayoutRegistry
from manyfest.cli.process.main import main
from manyfest.contracts.images import Image, docker_image, oci_image, oci_index, push_image
from manyfest.domain import media_types
from manyfest.domain.drafts.draft import Draft
from manyfest.domain.references import Layout, Reference
from manyfest.store.draft_book import SqlDraftBook
from tests.support.programs.docker_client import CommandLine
from tests.support.programs.programs import require_program


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    return work


def plant(folder: Path, name: str, tag: str | None, image: Image) -> Image:
    push_image(LayoutRegistry(), Reference(Layout(str(folder / name)), tag), image)
    return image


def test_images_become_a_list_that_skopeo_reads(folder: Path, manyfest: CommandLine) -> None:
    arm = plant(folder, "arm", "latest", oci_image("linux/arm64"))
    amd = plant(folder, "amd", "latest", oci_image("linux/amd64"))
    made = manyfest("create", "oci:./site:v1", "oci:./arm:latest", "oci:./amd:latest")
    assert made.stdout.decode() == f"Created manifest list oci:{folder}/site:v1\n"
    draft = manyfest("inspect", "oci:site:v1").stdout
    pushed = manyfest("push", "oci:site:v1")
    assert pushed.code == 0

    raw = _skopeo("inspect", "--raw", "oci:site:v1")
    assert raw + b"\n" == draft
    assert pushed.stdout.decode().splitlines()[-1] == f"sha256:{hashlib.sha256(raw).hexdigest()}"
    document = json.loads(raw)
    assert document["mediaType"] == media_types.OCI_INDEX
    listed = [entry["digest"] for entry in document["manifests"]]
    assert listed == [str(arm.digest), str(amd.digest)]  # the order given
    _skopeo("copy", "-q", "--all", "oci:site:v1", f"dir:{folder}/out")


def test_a_list_of_docker_images_is_an_oci_index_in_a_layout(
    folder: Path, manyfest: CommandLine
) -> None:
    image = plant(folder, "app", "amd", docker_image("linux/amd64"))
    manyfest("create", "oci:site:v1", "oci:app:amd")
    assert manyfest("push", "oci:site:v1").code == 0
    document = json.loads(_skopeo("inspect", "--raw", "oci:site:v1"))
    assert document["mediaType"] == media_types.OCI_INDEX
    assert document["manifests"][0]["mediaType"] == media_types.DOCKER_MANIFEST
    assert document["manifests"][0]["digest"] == str(image.digest)


def test_every_verb_takes_layouts(folder: Path, manyfest: CommandLine) -> None:
    plant(folder, "app", "a", oci_image("linux/arm"))
    plant(folder, "app", "b", oci_image("linux/amd64", text="b"))
    steps = [
        ("create", "oci:app:list", "oci:app:a"),
        ("create", "-a", "oci:app:list", "oci:app:b"),
        ("annotate", "--variant", "v7", "oci:app:list", "oci:app:a"),
        ("inspect", "oci:app:list", "oci:app:b"),
        ("inspect", "-v", "oci:app:list"),
        ("push", "--purge", "oci:app:list"),
        ("inspect", "oci:app:list"),
        ("inspect", "-v", "oci:app:list"),
        ("inspect", "--offline", "oci:app:list"),
    ]
    for step in steps:
        assert manyfest(*step).code == 0, step
    shown = json.loads(manyfest("inspect", "oci:app:list").stdout)
    assert [e["platform"].get("variant") for e in shown["manifests"]] == ["v7", None]
    assert manyfest("rm", "oci:app:list").code == 3  # purged


def test_a_layout_may_be_named_without_a_tag_when_it_has_one_image(
    folder: Path, manyfest: CommandLine
) -> None:
    image = plant(folder, "one", None, oci_image("linux/amd64"))
    assert manyfest("inspect", "--raw", "oci:one").stdout == image.manifest.data
    assert manyfest("inspect", "--raw", f"oci:one@{image.digest}").stdout == image.manifest.data
    plant(folder, "one", "two", oci_image("linux/arm64"))
    result = manyfest("inspect", "oci:one")
    assert result.code == 1
    assert "two" in result.stderr


def test_a_list_in_a_layout_is_taken_apart(folder: Path, manyfest: CommandLine) -> None:
    index = plant(
        folder, "src", "all", oci_index(oci_image("linux/amd64"), oci_image("linux/arm64"))
    )
    manyfest("create", "oci:dst:v1", "oci:src:all")
    assert manyfest("push", "oci:dst:v1").code == 0
    pushed = json.loads(manyfest("inspect", "--raw", "oci:dst:v1").stdout)
    assert pushed["manifests"] == index.manifest.document["manifests"]


def test_a_draft_is_the_same_from_every_folder(
    folder: Path, manyfest: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(folder, "app", "a", oci_image("linux/amd64"))
    manyfest("create", "oci:./app:list", "oci:./app:a")
    (folder / "deeper").mkdir()
    monkeypatch.chdir(folder / "deeper")
    assert manyfest("push", "oci:../app:list").code == 0


def _skopeo(*arguments: str) -> bytes:
    command = [require_program("skopeo"), "--insecure-policy", *arguments]
    return subprocess.run(command, check=True, capture_output=True, timeout=300).stdout


def test_create_and_push_reads_its_draft_three_times(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the registry is asked, where it is saved, and where it is marked as pushed."""
    reads: list[Reference] = []
    find = SqlDraftBook.find

    def counting(book: SqlDraftBook, name: Reference) -> Draft | None:
        reads.append(name)
        return find(book, name)

    plant(folder, "app", "a", docker_image())
    monkeypatch.setattr(SqlDraftBook, "find", counting)
    assert main(["create", "--push", "oci:app:list", "oci:app:a"]) == 0
    assert len(reads) == 3


def unite(folder: Path, name: str, *others: str) -> bytes:
    """Move the entries of other layouts into ``name``; return its new ``index.json``."""
    entries = []
    for other in (name, *others):
        entries += json.loads((folder / other / "index.json").read_bytes())["manifests"]
        for blob in (folder / other / "blobs" / "sha256").iterdir():
            (folder / name / "blobs" / "sha256" / blob.name).write_bytes(blob.read_bytes())
    data = json.dumps({"schemaVersion": 2, "manifests": entries}).encode()
    (folder / name / "index.json").write_bytes(data)
    return data


def test_a_layout_that_is_the_list_goes_through_every_verb(
    folder: Path, manyfest: CommandLine
) -> None:
    arm = plant(folder, "all", None, oci_image("linux/arm64"))
    amd = plant(folder, "amd", None, oci_image("linux/amd64", text="amd"))
    unite(folder, "all", "amd")
    assert manyfest("create", "--push", "oci:site:v1", "oci:all").code == 0
    assert manyfest("copy", "oci:all", "oci:site:v2").code == 0
    raw = _skopeo("inspect", "--raw", "oci:site:v1")
    assert raw == _skopeo("inspect", "--raw", "oci:site:v2")
    listed = {e["digest"]: e["platform"]["architecture"] for e in json.loads(raw)["manifests"]}
    assert listed == {str(arm.digest): "arm64", str(amd.digest): "amd64"}
    assert manyfest("inspect", "--raw", "oci:all").stdout == raw
    digest = f"sha256:{hashlib.sha256(raw).hexdigest()}"
    assert manyfest("inspect", "--raw", f"oci:all@{digest}").stdout == raw
    assert manyfest("verify", "oci:all").code == 0
    assert manyfest("diff", "oci:all", "oci:site:v1").code == 0
    assert manyfest("copy", "--platform", "linux/arm64", "oci:all", "oci:site:arm").code == 0
    _skopeo("copy", "-q", "--all", "oci:site:v1", f"dir:{folder}/out")


def test_index_json_is_published_as_it_is_where_it_says_all(
    folder: Path, manyfest: CommandLine
) -> None:
    images = [oci_image("linux/arm64"), oci_image("linux/amd64")]
    plant(folder, "all", None, images[0])
    plant(folder, "amd", None, images[1])
    index = json.loads(unite(folder, "all", "amd"))
    for entry, image in zip(index["manifests"], images, strict=True):
        entry["platform"] = image.platform.to_json() if image.platform else {}
    data = json.dumps(index).encode()
    (folder / "all" / "index.json").write_bytes(data)
    assert manyfest("create", "--push", "oci:site:v1", "oci:all").code == 0
    assert _skopeo("inspect", "--raw", "oci:site:v1") == data


def test_two_versions_in_a_layout_are_a_choice(folder: Path, manyfest: CommandLine) -> None:
    plant(folder, "all", None, oci_image(text="new"))
    old = plant(folder, "old", None, oci_image(text="old"))
    unite(folder, "all", "old")
    refused = manyfest("copy", "oci:all", "oci:site:v1")
    assert refused.code == 1
    assert "holds several images, choose one" in refused.stderr
    assert manyfest("copy", f"oci:all@{old.digest}", "oci:site:v1").code == 0
