"""Releases, published by the installed program to two real registries."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from attrs import frozen

from manyfest.contracts.images import Image, oci_image
from tests.integration.conftest import Seed
from tests.support.programs.docker_client import CommandLine, Result
from tests.support.programs.docker_registry import RunningRegistry

AMD, ARM = oci_image("linux/amd64"), oci_image("linux/arm64", text="arm")
BOTH = "linux/amd64,linux/arm64/v8"


@frozen
class Pipeline:
    """Two repositories of two registries; the images of the jobs are in the first."""

    home: str
    mirror: str
    digests: Path
    manyfest: CommandLine

    def publish(self, *words: str | Path, code: int = 0) -> Result:
        result = self.manyfest("publish", *map(str, words))
        assert result.code == code, (words, result.stderr)
        return result

    def digest(self, name: str) -> str:
        """The digest that a registry has for the name; empty if it has none."""
        found = self.manyfest("digest", name)
        return found.stdout.decode().strip() if found.code == 0 else ""

    def document(self, name: str) -> dict[str, object]:
        shown: dict[str, object] = json.loads(self.manyfest("inspect", "--raw", name).stdout)
        return shown


@pytest.fixture
def pipeline(
    docker_registry: RunningRegistry,
    start_docker_registry: Callable[..., RunningRegistry],
    repository: str,
    seed: Seed,
    manyfest: CommandLine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Pipeline:
    monkeypatch.chdir(tmp_path)
    for variable in ("DOCKER_METADATA_OUTPUT_JSON", "GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"):
        monkeypatch.delenv(variable, raising=False)
    home = f"{docker_registry.host}/{repository}"
    digests = tmp_path / "digests"
    digests.mkdir()
    for tag, image in {"amd64": AMD, "arm64": ARM}.items():
        seed(f"{home}:{tag}", image)
        (digests / image.digest.hex).touch()
    return Pipeline(home, f"{start_docker_registry().host}/mirror", digests, manyfest)


def test_digests_are_published_under_all_tags_of_two_registries(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"{pipeline.home}:1.2", f"{pipeline.home}:latest", f"{pipeline.mirror}:1.2"]
    metadata = {
        "tags": names,
        "annotations": ["manifest:v=1.2", "manifest-descriptor[linux/arm64]:x=y"],
        "labels": {"l": "m"},
    }
    monkeypatch.setenv("DOCKER_METADATA_OUTPUT_JSON", json.dumps(metadata))
    published = pipeline.publish(
        "--digests", pipeline.digests, "--expect-platforms", BOTH, "--labels"
    )
    digest = published.stdout.decode().splitlines()[-1]
    assert [pipeline.digest(name) for name in names] == [digest] * 3
    document = pipeline.document(f"{pipeline.mirror}:1.2")
    assert document["annotations"] == {"l": "m", "v": "1.2"}
    entries = document["manifests"]
    assert isinstance(entries, list)
    found = {entry["digest"]: entry.get("annotations") for entry in entries}
    assert found == {str(AMD.digest): None, str(ARM.digest): {"x": "y"}}
    assert pipeline.manyfest("verify", f"{pipeline.mirror}:1.2").code == 0


def test_a_tag_needs_a_repository(pipeline: Pipeline) -> None:
    refused = pipeline.publish("-t", "1.2", "--digests", pipeline.digests, code=2)
    assert "1.2 is a tag without a repository: give --image REPO, or REPO:1.2" in refused.stderr


def test_annotations_that_no_image_gets_are_told(pipeline: Pipeline) -> None:
    words = ["--annotation", "manifest-descriptor[linux/s390x]:k=v", "--image", pipeline.home]
    told = pipeline.publish("-t", "1", "--digests", pipeline.digests, "--dry-run", *words)
    assert "no image is for linux/s390x, so that none gets the annotation k" in told.stderr


def test_a_target_has_a_tag_or_a_digest(pipeline: Pipeline) -> None:
    name = f"{pipeline.home}:1@{AMD.digest}"
    refused = pipeline.publish("-t", name, f"{pipeline.home}:amd64", code=2)
    assert "has a tag and a digest" in refused.stderr


@pytest.mark.parametrize(
    ("expected", "words"),
    [
        ("linux/amd64,linux/arm64,linux/s390x", "missing: linux/s390x"),
        ("linux/amd64", "not expected: linux/arm64"),
        ("linux/amd64,linux/arm/v7", "missing: linux/arm/v7; not expected: linux/arm64"),
    ],
)
def test_no_tag_moves_unless_the_platforms_are_as_expected(
    pipeline: Pipeline, expected: str, words: str
) -> None:
    name = f"{pipeline.home}:1"
    for command in (
        ["publish", "-t", name, "--digests", str(pipeline.digests)],
        ["create", "--push", name, f"{pipeline.home}:amd64", f"{pipeline.home}:arm64"],
    ):
        result = pipeline.manyfest(*command, "--expect-platforms", expected)
        assert (result.code, result.stdout) == (8, b"")
        assert words in result.stderr
        assert "(no tag was moved)" in result.stderr
        assert pipeline.digest(name) == ""


def test_a_push_checks_the_platforms_of_its_draft(pipeline: Pipeline) -> None:
    name = f"{pipeline.home}:1"
    assert pipeline.manyfest("create", name, f"{pipeline.home}:amd64").code == 0
    refused = pipeline.manyfest("push", "--expect-platforms", BOTH, name)
    assert (refused.code, pipeline.digest(name)) == (8, "")
    assert pipeline.manyfest("push", "--expect-platforms", "linux/amd64", name).code == 0


def other_image() -> Image:
    """Another image for the platform of ``AMD``."""
    return oci_image("linux/amd64", text="another")


def test_two_images_for_one_platform_are_refused_unless_allowed(
    pipeline: Pipeline, seed: Seed
) -> None:
    seed(f"{pipeline.home}:again", other_image())
    sources = [f"{pipeline.home}:amd64", f"{pipeline.home}:again"]
    name = f"{pipeline.home}:1"
    refused = pipeline.publish("-t", name, *sources, code=6)
    assert "two entries" in refused.stderr
    assert "(--allow-duplicates lists both; manyfest create --push --replace" in refused.stderr
    strict = pipeline.manyfest("create", "--strict", name, *sources)
    assert (strict.code, "--replace in place of --strict" in strict.stderr) == (6, True)
    assert pipeline.digest(name) == ""
    pipeline.publish("-t", name, "--allow-duplicates", *sources)
    refused = pipeline.publish(
        *("-t", name, "--allow-duplicates", *sources, "--expect-platforms", "linux/amd64"), code=8
    )
    assert "listed twice: linux/amd64" in refused.stderr


def test_a_source_that_is_given_twice_is_published_once(pipeline: Pipeline) -> None:
    image, name = f"{pipeline.home}:amd64", f"{pipeline.home}:once"
    pipeline.publish("-t", name, image, image, "--expect-platforms", "linux/amd64")
    once = pipeline.digest(name)
    pipeline.publish("-t", f"{name}2", name, name, "--expect-platforms", "linux/amd64")
    assert pipeline.digest(f"{name}2") == once
    appended = pipeline.manyfest("imagetools", "create", "--append", "-t", name, name)
    assert appended.code == 0, appended.stderr
    assert pipeline.document(name)["manifests"] == pipeline.document(f"{name}2")["manifests"]


def test_github_is_told_what_was_published(
    pipeline: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output, summary = tmp_path / "output", tmp_path / "summary"
    output.write_text("before=1\n")
    monkeypatch.setenv("GITHUB_OUTPUT", str(output))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    name = f"{pipeline.home}:1"
    pipeline.publish("-t", name, "--digests", pipeline.digests, "--github")
    values = github_values(output.read_text().removeprefix("before=1\n"))
    digest = pipeline.digest(name)
    assert values["digest"] == digest
    assert values["reference"] == f"{pipeline.home}@{digest}"
    assert json.loads(values["tags"]) == [name]
    assert json.loads(values["digests"]) == {
        "linux/amd64": str(AMD.digest),
        "linux/arm64": str(ARM.digest),
    }
    assert f"`{digest}`" in summary.read_text()
    assert f"| linux/arm64 | `{ARM.digest}` |" in summary.read_text()


def github_values(text: str) -> dict[str, str]:
    """The outputs as GitHub's runner reads them."""
    lines = iter(text.splitlines())
    values = {}
    for line in lines:
        name, _, delimiter = line.partition("<<")
        values[name] = "\n".join(iter(lambda end=delimiter: next(lines), delimiter))
    return values


def test_github_is_told_of_errors(pipeline: Pipeline) -> None:
    refused = pipeline.publish(
        "-t", f"{pipeline.home}:1", "--github", f"{pipeline.home}:no", code=3
    )
    assert refused.stdout.decode().startswith("::error::no such manifest")


@pytest.mark.parametrize("text", ["--annotation=no", "--type=xml", "--digests=nowhere", "--what"])
def test_github_is_told_of_errors_before_anything_is_read(pipeline: Pipeline, text: str) -> None:
    refused = pipeline.manyfest("publish", "-t", f"{pipeline.home}:1", "--github", text)
    (shown,) = refused.stdout.decode().splitlines()
    assert shown == f"::error::{refused.stderr.removeprefix('error: ').strip()}"


def test_files_for_the_next_step_are_checked_before_a_tag_moves(
    pipeline: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"{pipeline.home}:1"
    words = ("-t", name, "--digests", pipeline.digests)
    refused = pipeline.publish(*words, "--results-dir", "missing", code=2)
    assert "cannot write missing/IMAGE_DIGEST: there is no folder missing" in refused.stderr
    monkeypatch.setenv("GITHUB_OUTPUT", str(tmp_path / "missing" / "output"))
    refused = pipeline.publish(*words, "--github", code=2)
    assert "missing/output" in refused.stderr
    assert pipeline.digest(name) == ""


def test_tekton_gets_its_results(pipeline: Pipeline, tmp_path: Path) -> None:
    names = [f"{pipeline.home}:1", f"{pipeline.mirror}:1"]
    tags = [word for name in names for word in ("-t", name)]
    pipeline.publish(*tags, "--digests", pipeline.digests, "--results-dir", tmp_path)
    digest = pipeline.digest(names[0])
    assert (tmp_path / "IMAGE_DIGEST").read_text() == digest
    assert (tmp_path / "IMAGE_URL").read_text() == names[0]
    assert (tmp_path / "IMAGE_REF").read_text() == f"{pipeline.home}@{digest}"
    assert (tmp_path / "IMAGES").read_text() == (
        f"{pipeline.home}@{digest},{pipeline.mirror}@{digest}"
    )


def test_bare_tags_belong_to_each_image(pipeline: Pipeline) -> None:
    pipeline.publish(
        *("-t", "v1", "--image", pipeline.home, "--image", pipeline.mirror),
        *("--digests", pipeline.digests),
    )
    assert pipeline.digest(f"{pipeline.home}:v1") == pipeline.digest(f"{pipeline.mirror}:v1") != ""


def test_bake_and_goreleaser_name_the_images(pipeline: Pipeline, tmp_path: Path) -> None:
    bake = {"a": {"containerimage.digest": str(AMD.digest), "image.name": f"{pipeline.home}:x"}}
    (tmp_path / "bake.json").write_text(json.dumps(bake))
    (tmp_path / "digests.txt").write_text(f"{ARM.digest.hex} {pipeline.home}:1-arm64\n")
    name = f"{pipeline.home}:1"
    pipeline.publish(
        *("-t", name, "--bake-metadata", "bake.json", "--digests", "digests.txt"),
        *("--expect-platforms", BOTH),
    )
    assert pipeline.digest(name)


def test_a_list_without_a_tag_is_named_without_one(pipeline: Pipeline) -> None:
    words = ("--untagged", "--image", pipeline.home, "--digests", pipeline.digests)
    refused = pipeline.publish(*words, "--expect-platforms", "linux/amd64", code=8)
    assert f"error: {pipeline.home} does not have the expected platforms" in refused.stderr
    digest = pipeline.publish(*words).stdout.decode().strip()
    assert pipeline.digest(f"{pipeline.home}@{digest}") == digest
    assert pipeline.digest(pipeline.home) == ""


def test_a_dry_run_sums_up_and_moves_nothing(pipeline: Pipeline) -> None:
    name = f"{pipeline.mirror}:1"
    shown = pipeline.publish("-t", name, f"{pipeline.home}:amd64", "--dry-run")
    assert b"would copy 2 blobs" in shown.stdout
    assert pipeline.digest(name) == ""


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["HOME:amd64"], "there is no tag to publish as"),
        (["-t", "HOME:1"], "there is nothing to publish"),
        (["-t", "HOME:1", "--annotation", "manifest:a=b", "HOME:amd64"], "use index:"),
        (["-t", "HOME:1", "--meta", "{}", "--digests", "nowhere"], "nowhere: No such file"),
    ],
)
def test_what_cannot_be_meant_is_one_line(
    pipeline: Pipeline, words: list[str], reason: str
) -> None:
    result = pipeline.manyfest("publish", *(w.replace("HOME", pipeline.home) for w in words))
    (line,) = result.stderr.splitlines()
    assert reason in line
    assert result.code in {1, 2}
