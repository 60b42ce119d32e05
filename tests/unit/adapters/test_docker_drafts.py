"""docker's drafts as files: what is taken, and what is named and left."""

import base64
import json
import os
from pathlib import Path

import pytest

from manyfest.adapters.docker_drafts import DockerDrafts
from manyfest.contracts.images import docker_image, oci_image
from manyfest.domain.manifests import Manifest
from manyfest.domain.operations.drafts.import_drafts import ForeignEntry
from manyfest.domain.references import Reference

DOCKER, OCI = docker_image("linux/arm/v7"), oci_image("linux/amd64")
REF = "h.example/app:arm"
PLATFORM = {"architecture": "arm", "os": "linux", "variant": "v7"}


def file_of(image, **members) -> dict:
    """The file that docker 28 keeps for an image."""
    manifest: Manifest = image.manifest
    member = "OCIManifest" if image is OCI else "SchemaV2Manifest"
    return {
        "Ref": REF,
        "Descriptor": manifest.descriptor().to_json() | {"platform": PLATFORM},
        "Raw": base64.b64encode(manifest.data).decode(),
        member: manifest.document,
    } | members


def old_file_of(image) -> dict:
    """The file of a docker that had no descriptors and no raw bytes yet."""
    file = file_of(image, Digest=str(image.digest), Platform=PLATFORM)
    return {key: value for key, value in file.items() if key not in ("Descriptor", "Raw")}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "manifests" / "h.example_app-v1"
    folder.mkdir(parents=True)
    return folder


def read(folder: Path):
    return DockerDrafts(folder.parents[1]).read(folder.name)


FILES = {
    "docker image": (DOCKER, file_of(DOCKER)),
    "oci image": (OCI, file_of(OCI)),
    "without raw bytes, indented": (DOCKER, file_of(DOCKER, Raw="")),
    "old, indented": (DOCKER, old_file_of(DOCKER)),
    "old, with raw bytes": (DOCKER, file_of(DOCKER, Digest=str(DOCKER.digest), Platform=PLATFORM)),
    "members nobody knows": (DOCKER, file_of(DOCKER, Later={"x": 1})),
}


@pytest.mark.parametrize(("image", "file"), FILES.values(), ids=FILES.keys())
def test_a_file_of_docker_is_an_entry(folder: Path, image, file: dict) -> None:
    (folder / "h.example_app-arm").write_text(json.dumps(file))
    held = read(folder)
    assert held.problems == ()
    (entry,) = held.entries
    assert (entry.source, entry.manifest) == (Reference.parse(REF), image.manifest)
    assert entry.descriptor.to_json() == image.manifest.descriptor().to_json() | {
        "platform": PLATFORM
    }


def test_a_compact_oci_image_in_an_old_file_is_an_entry(folder: Path) -> None:
    file = old_file_of(OCI)
    compact = json.dumps(OCI.manifest.document, separators=(",", ":")).encode()
    file["Digest"] = str(Manifest(OCI.manifest.media_type, compact).digest)
    (folder / "x").write_text(json.dumps(file))
    (entry,) = read(folder).entries
    assert (entry.manifest.data, entry.descriptor.size) == (compact, len(compact))


def wrong(**members) -> bytes:
    return json.dumps(file_of(DOCKER, **members)).encode()


OTHER = oci_image("linux/s390x")
DAMAGED = {
    "empty": (b"", "not JSON"),
    "not JSON": (b"{bad", "not JSON"),
    "no object": (b"[]", "not a JSON object"),
    "no reference": (wrong(Ref=None), "Ref"),
    "no such reference": (wrong(Ref="A:B:C"), "invalid reference format"),
    "no descriptor": (wrong(Descriptor=None), "Descriptor"),
    "other bytes": (wrong(Raw="e30=", SchemaV2Manifest=None), "verification failed"),
    "other digest in an old file": (wrong(Digest=str(OTHER.digest)), "verification failed"),
    "other size": (
        wrong(Descriptor=DOCKER.manifest.descriptor().to_json() | {"size": 1}),
        "bytes long",
    ),
    "no base64": (wrong(Raw="!"), "not base64"),
    "nothing to list": (wrong(Raw="", SchemaV2Manifest=None), "it has no manifest"),
}


@pytest.mark.parametrize(("data", "words"), DAMAGED.values(), ids=DAMAGED.keys())
def test_a_file_that_cannot_be_used_is_named(folder: Path, data: bytes, words: str) -> None:
    (folder / "bad").write_bytes(data)
    (folder / "good").write_text(json.dumps(file_of(DOCKER)))
    held = read(folder)
    (problem,) = held.problems
    assert str(folder / "bad") in str(problem)
    assert words in str(problem)
    assert len(held.entries) == 1


def _pipe(path: Path) -> None:
    os.mkfifo(path)


ODD = {
    "a folder": (Path.mkdir, "is a directory"),
    "a pipe": (_pipe, "not a file"),
    "a link to nowhere": (lambda path: path.symlink_to("nowhere"), "no such file"),
    "too large": (lambda path: os.truncate(os.open(path, os.O_CREAT | os.O_RDWR), 2**26), "larger"),
}


@pytest.mark.parametrize(("make", "words"), ODD.values(), ids=ODD.keys())
def test_what_is_no_regular_file_of_some_size_is_named(folder: Path, make, words: str) -> None:
    make(folder / "odd")
    (problem,) = read(folder).problems
    assert str(folder / "odd") in str(problem)
    assert words in str(problem)


def test_hidden_files_are_none_of_dockers(folder: Path) -> None:
    (folder / ".DS_Store").write_bytes(b"x")
    assert read(folder).entries == read(folder).problems == ()


def test_the_order_is_that_of_the_file_names(folder: Path) -> None:
    for tag in "b-a", "b.a", "a":
        file = file_of(DOCKER, Ref=f"h.example/app:{tag}")
        (folder / f"h.example_app-{tag}").write_text(json.dumps(file))
    entries: tuple[ForeignEntry, ...] = read(folder).entries
    assert [entry.source.tag for entry in entries] == ["a", "b-a", "b.a"]


def test_where_docker_has_no_drafts_there_are_none(tmp_path: Path) -> None:
    assert DockerDrafts(tmp_path).names() == ()
