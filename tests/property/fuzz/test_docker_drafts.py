"""docker's own draft files that are nearly right: entries or problems, never another error."""

import base64
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given

from manyfest.adapters.docker_drafts import DockerDrafts
from manyfest.contracts.images import docker_image
from tests.property.mutations import json_texts

IMAGE = docker_image()
WHOLE = {
    "Ref": "r.example/app:1",
    "Descriptor": IMAGE.manifest.descriptor().to_json(),
    "Raw": base64.b64encode(IMAGE.manifest.data).decode(),
    "SchemaV2Manifest": IMAGE.manifest.document,
}
OLD = {
    "Ref": "r.example/app:1",
    "Digest": str(IMAGE.digest),
    "Platform": {"os": "linux", "architecture": "amd64"},
    "SchemaV2Manifest": IMAGE.manifest.document,
}


@pytest.fixture(scope="module")
def config() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "manifests" / "list").mkdir(parents=True)
        yield Path(folder)


@given(json_texts(WHOLE, OLD))
def test_a_damaged_file_is_an_entry_or_a_problem(config: Path, data: bytes) -> None:
    (config / "manifests" / "list" / "image").write_bytes(data)
    found = DockerDrafts(config).read("list")
    assert len(found.entries) + len(found.problems) == 1
    assert all(str(config) in str(problem) for problem in found.problems)


def test_bytes_that_are_not_even_ascii_are_a_problem(config: Path) -> None:
    text = json.dumps(WHOLE | {"Raw": "\u202e"})
    (config / "manifests" / "list" / "image").write_text(text)
    (problem,) = DockerDrafts(config).read("list").problems
    assert "not base64" in str(problem)


def test_what_is_damaged_was_whole(config: Path) -> None:
    for document in (WHOLE, OLD):
        (config / "manifests" / "list" / "image").write_text(json.dumps(document))
        (entry,) = DockerDrafts(config).read("list").entries
        assert entry.manifest.digest == IMAGE.digest
