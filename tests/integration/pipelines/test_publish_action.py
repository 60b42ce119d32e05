"""The action that publishes, run by real bash against two real registries."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.integration.pipelines.conftest import AMD, ARM, Site
from tests.support.pipelines.github_job import StepFailedError

HOME, MIRROR = "ghcr.io/acme/app", "docker.io/acme/app"
BOTH = "linux/amd64,linux/arm64"


@pytest.fixture
def built(site: Site) -> Site:
    """The images of two jobs are pushed by digest, and the folder of digests is downloaded."""
    (site.folder / "digests").mkdir()
    for image in (AMD, ARM):
        site.seed(f"{HOME}:{image.digest.hex[:12]}", image)
        (site.folder / "digests" / image.digest.hex).touch()
    return site


def test_a_release_of_two_registries_and_its_outputs(built: Site) -> None:
    names = [f"{HOME}:1.2.3", f"{HOME}:latest", f"{MIRROR}:1.2.3"]
    meta = {"tags": names, "annotations": ["index:v=1.2.3"], "labels": {"not": "asked for"}}
    job = built.job()
    inputs = {"digests": "digests", "meta": json.dumps(meta), "expect-platforms": BOTH}
    outputs = job.use("publish", inputs)
    digest = outputs["digest"]
    assert [built.digest(name) for name in names] == [digest] * 3
    assert built.document(names[2])["annotations"] == {"v": "1.2.3"}
    assert outputs["reference"] == f"{HOME}@{digest}"
    assert json.loads(outputs["tags"]) == names
    assert json.loads(outputs["digests"]) == {
        "linux/amd64": str(AMD.digest),
        "linux/arm64": str(ARM.digest),
    }
    assert digest in job.summary
    assert "| linux/arm64/v8 |" in job.summary


def test_inputs_of_several_lines_and_the_metadata_of_the_job(built: Site) -> None:
    job = built.job()
    job.environment["DOCKER_METADATA_OUTPUT_JSON"] = json.dumps({"tags": [f"{HOME}:meta"]})
    outputs = job.use(
        "publish",
        {
            "tags": "v1\n\n  v1.2  \n",
            "images": f"{HOME}\n{MIRROR}\n",
            "sources": f"{HOME}@{AMD.digest}\n{HOME}@{ARM.digest}\n",
            "expect-platforms": "linux/amd64\nlinux/arm64\n",
            "annotations": "a=b c\nmanifest-descriptor[linux/amd64]:d=e=f\n",
            "convert": "oci",
        },
    )
    names = [f"{home}:{tag}" for tag in ("v1", "v1.2") for home in (HOME, MIRROR)]
    assert json.loads(outputs["tags"]) == [*names, f"{HOME}:meta"]
    document = built.document(f"{MIRROR}:v1.2")
    assert document["annotations"] == {"a": "b c"}
    assert '"d": "e=f"' in json.dumps(document)


@pytest.mark.parametrize(
    ("inputs", "code", "reason"),
    [
        ({"tags": "HOME:1", "expect-platforms": "linux/amd64,linux/s390x"}, 8, "missing: linux/s3"),
        ({"tags": "HOME:1", "digests": "elsewhere"}, 1, "::error::elsewhere: No such file"),
        ({"tags": "HOME:1", "type": "xml"}, 2, "::error::--type wants one of"),
        ({"tags": "HOME:1", "annotations": "no value"}, 2, "::error::an annotation is written"),
        ({}, 2, "::error::there is no tag to publish as"),
    ],
)
def test_a_step_that_fails_moves_no_tag_and_says_why(
    built: Site, inputs: Mapping[str, str], code: int, reason: str
) -> None:
    given = {key: value.replace("HOME", HOME) for key, value in inputs.items()}
    with pytest.raises(StepFailedError) as failed:
        built.job().use("publish", {"digests": "digests"} | given)
    assert failed.value.code == code
    assert reason in failed.value.log
    assert built.digest(f"{HOME}:1") == ""


def test_a_dry_run_checks_everything_and_writes_nothing(built: Site) -> None:
    job = built.job()
    outputs = job.use("publish", {"tags": f"{HOME}:1", "digests": "digests", "dry-run": "true"})
    assert outputs["digest"] == ""
    assert "would " in job.log
    assert built.digest(f"{HOME}:1") == ""


def test_a_list_by_digest_alone_for_a_later_step(built: Site) -> None:
    inputs = {"untagged": "true", "images": MIRROR, "sources": f"{HOME}@{AMD.digest}"}
    outputs = built.job().use("publish", inputs)
    assert outputs["reference"] == f"{MIRROR}@{outputs['digest']}"
    assert built.digest(outputs["reference"]) == outputs["digest"]


HOSTILE = (
    "$(touch stolen)",
    "`touch stolen`",
    "';touch stolen;'",
    '";touch stolen;"',
    "--digest-file=stolen",
    "x\ny; touch stolen",
    "${IFS}$(touch${IFS}stolen)",
    "a && touch stolen #",
    "::set-output name=digest::forged",
    "*",
)
LINES = {"--tag": "tags", "--image": "images", "--annotation": "annotations"}
TEXTS = ("meta", "digests", "bake-metadata", "convert")
SWITCHES = ("untagged", "labels", "allow-duplicates", "attached", "no-attached", "dry-run")


@pytest.fixture
def recorded(site: Site) -> Path:
    """The arguments of ``manyfest``, which is a program that only writes them down."""
    file = site.folder / "arguments"
    programs = site.folder / "bin"
    programs.mkdir()
    (programs / "manyfest").write_text(f"#!/bin/sh\nprintf '%s\\0' \"$@\" >'{file}'\n")
    (programs / "manyfest").chmod(0o755)
    site.environment["PATH"] = f"{programs}:{site.environment['PATH']}"
    return file


@pytest.mark.parametrize("text", HOSTILE)
def test_no_input_becomes_a_command_or_an_option(site: Site, recorded: Path, text: str) -> None:
    names = [*LINES.values(), *TEXTS, *SWITCHES, "expect-platforms", "type", "sources"]
    site.job().use("publish", dict.fromkeys(names, text))
    arguments = recorded.read_text().split("\0")[:-1]
    lines = text.split("\n")
    assert arguments == [
        *("publish", "--github", f"--type={text}"),
        *(f"{option}={line}" for option in (*LINES, "--expect-platforms") for line in lines),
        *(f"--{option}={text}" for option in TEXTS),
        *(f"--{option}={text}" for option in SWITCHES),
        *("--", *lines),
    ]
    assert not list(site.folder.rglob("stolen"))


def test_an_annotation_is_published_as_it_is_given(built: Site) -> None:
    hostile = [text for text in HOSTILE if "\n" not in text]
    annotations = {f"k{number}": text for number, text in enumerate(hostile)}
    lines = "\n".join(f"{key}={value}" for key, value in annotations.items())
    built.job().use("publish", {"tags": f"{HOME}:1", "digests": "digests", "annotations": lines})
    assert built.document(f"{HOME}:1")["annotations"] == annotations
    assert not list(built.folder.rglob("stolen"))
