"""The files and documents that builds leave for the step that publishes."""

import pytest

from manyfest.domain.encoding.strict_json import Json
from manyfest.domain.errors import DocumentError, InputError
from manyfest.domain.specs.annotation_levels import LeveledAnnotation
from manyfest.domain.specs.build_results import (
    digests_of_files,
    release_metadata,
    sources_of_bake,
    sources_of_lines,
)

A, B = "a" * 64, "b" * 64


def test_the_metadata_of_a_release() -> None:
    found = release_metadata(
        {
            "tags": ["r.example/app:1", "r.example/app:latest"],
            "tag-names": ["1", "latest"],
            "labels": {"l": "1"},
            "annotations": ["manifest:a=b", "index-descriptor:c=d"],
        },
        "--meta",
    )
    assert found.tags == ("r.example/app:1", "r.example/app:latest")
    assert found.annotations == (LeveledAnnotation("a", "b"),)
    assert found.labels == (LeveledAnnotation("l", "1"),)


def test_absent_metadata_is_empty() -> None:
    found = release_metadata({}, "--meta")
    assert (found.tags, found.annotations, found.labels) == ((), (), ())


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"tags": "a:1"}, "tags is not a list of strings"),
        ({"annotations": [1]}, "annotations is not a list of strings"),
        ({"labels": {"a": 1}}, "labels is not an object of strings"),
    ],
)
def test_metadata_of_other_types_is_refused(document: dict[str, Json], words: str) -> None:
    with pytest.raises(DocumentError, match=f"--meta: {words}"):
        release_metadata(document, "--meta")


def test_files_are_named_by_digests() -> None:
    found = digests_of_files([B, f"sha256:{A}", ".gitkeep"], "digests")
    assert [str(digest) for digest in found] == [f"sha256:{B}", f"sha256:{A}"]


@pytest.mark.parametrize("names", [[A, "notes.txt"], [A[:63]], [A.upper()], [f"sha512:{A}"]])
def test_another_name_is_refused(names: list[str]) -> None:
    with pytest.raises(InputError, match="is not named by a digest"):
        digests_of_files(names, "digests")


@pytest.mark.parametrize("names", [[], [".gitkeep"]])
def test_a_folder_without_digests_is_refused(names: list[str]) -> None:
    with pytest.raises(InputError, match="digests: there is no file named by a digest"):
        digests_of_files(names, "digests")


def test_lines_of_digests_and_names() -> None:
    lines = [f"{A} r.example:5000/app:1-amd64\n", "\n", f"sha256:{B}  *r.example:5000/app"]
    assert sources_of_lines(lines, "digests.txt") == (
        f"r.example:5000/app@sha256:{A}",
        f"r.example:5000/app@sha256:{B}",
    )


def test_a_line_of_another_kind_is_named() -> None:
    with pytest.raises(InputError, match="digests.txt:2: expected a digest and a name"):
        sources_of_lines([f"{A} app", "what is this"], "digests.txt")
    with pytest.raises(InputError, match="digests.txt: there is no line with a digest"):
        sources_of_lines(["\n"], "digests.txt")


def test_targets_of_bake() -> None:
    document: dict[str, Json] = {
        "amd64": {"containerimage.digest": f"sha256:{A}", "image.name": "r.example/app:1,app:1"},
        "cache": {"buildx.build.ref": "x"},
        "buildx.build.warnings": [],
    }
    assert sources_of_bake(document, "bake.json") == (f"r.example/app@sha256:{A}",)


def test_a_bake_file_without_images_is_refused() -> None:
    with pytest.raises(DocumentError, match=r"bake.json: no target has containerimage.digest"):
        sources_of_bake({"a": {}}, "bake.json")
