"""The workflow of the recipe for GitHub: job after job, each step in bash, two real registries.

It is to do the work of two blocks of a well-known project's workflow: annotate a list and tag it in
two registries, and find its digest for the attestation.
"""

import json
from collections.abc import Mapping
from itertools import chain
from pathlib import Path

import pytest
import yaml
from attrs import define, field

from manyfest.contracts.images import oci_index
from tests.integration.pipelines.conftest import AMD, ARM, Site
from tests.support.pipelines.expressions import resolve
from tests.support.pipelines.github_job import GithubJob, StandIn, StepFailedError, Values
from tests.support.pipelines.recipes import blocks_of

PAGE = Path(__file__).parents[3] / "docs" / "recipes" / "github.md"
WHOLE, STEPS = (yaml.safe_load(b.text) for b in blocks_of(PAGE) if b.language == "yaml")
APP, MIRROR = "ghcr.io/acme/app", "docker.io/acme/app"
IMAGES = {"linux/amd64": AMD, "linux/arm64": ARM}


@define
class Github:
    """What stands in for GitHub and for Docker's actions: artifacts, and what was attested."""

    site: Site
    attested: list[Values] = field(factory=list)
    artifacts: dict[str, list[str]] = field(factory=dict)

    def stand_ins(self) -> Mapping[str, StandIn]:
        return {
            "docker/setup-buildx-action": lambda job, inputs: {},
            "docker/login-action": lambda job, inputs: {},
            "docker/build-push-action": self._build,
            "docker/metadata-action": self._metadata,
            "actions/upload-artifact": self._upload,
            "actions/download-artifact": self._download,
            "actions/attest-build-provenance": self._attest,
            "OWNER/manyfest/.github/actions/setup": lambda job, inputs: {},
        }

    def run(self, name: str, **contexts: object) -> GithubJob:
        """Run a job of the workflow on a runner of its own."""
        workspace = self.site.folder / f"{name}-{len(self.artifacts)}"
        temp = self.site.folder / f"runner-{workspace.name}"
        workspace.mkdir()
        temp.mkdir()
        env = {key: str(value) for key, value in WHOLE["env"].items()}
        job = GithubJob(workspace, temp, self.site.environment | env, dict(contexts))
        job.stand_ins = self.stand_ins()
        job.run(WHOLE["jobs"][name]["steps"])
        return job

    def _build(self, job: GithubJob, inputs: Values) -> Values:
        options = dict(option.split("=") for option in inputs["outputs"].split(","))
        assert options["push-by-digest"] == "true"
        image = IMAGES[inputs["platforms"]]
        self.site.seed(f"{options['name']}@{image.digest}", image)
        return {"digest": str(image.digest)}

    def _metadata(self, job: GithubJob, inputs: Values) -> Values:
        tags = [f"{image}:{tag}" for image in inputs["images"].split() for tag in ("1.4.0", "1.4")]
        annotations = ['manifest:org.opencontainers.image.title=it\'s "$(x)"']
        job.environment["DOCKER_METADATA_OUTPUT_JSON"] = json.dumps(
            {"tags": tags, "annotations": annotations, "labels": {}}
        )
        return {"tags": "\n".join(tags)}

    def _upload(self, job: GithubJob, inputs: Values) -> Values:
        found = [file.name for file in job.workspace.glob(inputs["path"])]
        assert found
        self.artifacts[inputs["name"]] = found
        return {}

    def _download(self, job: GithubJob, inputs: Values) -> Values:
        (job.workspace / inputs["path"]).mkdir()
        for name in chain.from_iterable(self.artifacts.values()):
            (job.workspace / inputs["path"] / name).touch()
        return {}

    def _attest(self, job: GithubJob, inputs: Values) -> Values:
        self.attested.append(inputs)
        return {}


@pytest.fixture
def github(site: Site) -> Github:
    return Github(site)


def _build(github: Github, *, only: int = 2) -> None:
    matrix = WHOLE["jobs"]["build"]["strategy"]["matrix"]["include"]
    for index, values in enumerate(matrix[:only]):
        github.run("build", matrix=values, strategy={"job-index": str(index)})


def test_a_release_of_two_runners_for_two_registries(github: Github) -> None:
    _build(github)
    job = github.run("publish")
    names = [f"{image}:{tag}" for image in (APP, MIRROR) for tag in ("1.4.0", "1.4")]
    (digest,) = {github.site.digest(name) for name in names}
    assert github.site.platforms(names[3]) == ["linux/amd64", "linux/arm64/v8"]
    title = {"org.opencontainers.image.title": 'it\'s "$(x)"'}
    assert github.site.document(names[2])["annotations"] == title
    assert github.attested[0] == {"subject-name": APP, "subject-digest": digest}
    outputs = {"steps": {"publish": {"outputs": job.outputs["publish"]}}}
    assert resolve(WHOLE["jobs"]["publish"]["outputs"]["digest"], outputs) == digest
    assert digest in job.summary


def test_the_image_of_a_platform_can_be_attested(github: Github) -> None:
    _build(github)
    github.run("publish")
    assert github.attested[1] == {"subject-name": APP, "subject-digest": str(ARM.digest)}


def test_a_build_that_did_not_run_moves_no_tag(github: Github) -> None:
    _build(github, only=1)
    with pytest.raises(StepFailedError, match=r"::error::.*missing: linux/arm64") as failed:
        github.run("publish")
    assert failed.value.code == 8
    assert (github.site.digest(f"{APP}:1.4.0"), github.attested) == ("", [])


def test_a_list_that_one_builder_made_gets_annotations_and_tags(github: Github) -> None:
    built = oci_index(AMD, ARM)
    github.site.seed(f"{APP}@{built.digest}", built)
    job = github.site.job()
    job.stand_ins = github.stand_ins()
    meta = {"uses": "docker/metadata-action@v5", "with": {"images": f"{APP}\n{MIRROR}"}}
    build = {"id": "build", "run": f"echo digest={built.digest} >>$GITHUB_OUTPUT"}
    job.run([build, meta, *STEPS["steps"]])
    digest = github.site.digest(f"{APP}:1.4.0")
    assert digest == github.site.digest(f"{MIRROR}:1.4") not in {"", str(built.digest)}
    assert github.attested == [{"subject-name": APP, "subject-digest": digest}]
