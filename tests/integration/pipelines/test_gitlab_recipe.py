"""The pipeline of the recipe for GitLab: its jobs at the same time, with real buildah."""

import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import yaml

from tests.integration.pipelines.conftest import Site
from tests.support.pipelines.recipes import blocks_of, steps_of
from tests.support.programs.programs import require_program

PAGE = Path(__file__).parents[3] / "docs" / "recipes" / "gitlab.md"
(PIPELINE,) = (yaml.safe_load(b.text) for b in blocks_of(PAGE) if b.language == "yaml")
IMAGE = "registry.example.com/acme/app"
NOT_RUN = "before_script"  # installs in the job's image, and logs in


def test_jobs_add_their_platforms_and_the_last_one_moves_latest(site: Site) -> None:
    require_program("buildah")
    architectures = PIPELINE["build"]["parallel"]["matrix"][0]["ARCH"]
    with ThreadPoolExecutor() as pool:
        logs = list(pool.map(lambda arch: _run(site, "build", ARCH=arch), architectures))
    assert len(logs) == 2
    _run(site, "release")
    assert site.platforms(f"{IMAGE}:1.4.0") == ["linux/amd64", "linux/arm64"]
    assert site.digest(f"{IMAGE}:latest") == site.digest(f"{IMAGE}:1.4.0")
    for block in blocks_of(PAGE):
        for step in steps_of(block) if block.language == "console" else ():
            ended = site.run("bash", "-c", step.command)
            assert step.agrees_with(ended.code, ended.stderr), ended


def test_the_only_part_that_is_not_run_prepares_the_image_of_the_job() -> None:
    parts = {part for job in PIPELINE.values() for part in job if part.endswith("script")}
    assert parts == {"script", NOT_RUN}
    assert not any("push" in line for line in PIPELINE["build"][NOT_RUN])


def _run(site: Site, job: str, **variables: str) -> str:
    """Run the script of a job as GitLab does, in a folder, and with a store, of its own."""
    folder = site.folder / "-".join((job, *variables.values()))
    folder.mkdir()
    (folder / "Containerfile").write_text("FROM scratch\nCOPY Containerfile /\n")
    environment = {
        **site.environment,
        **PIPELINE[job].get("variables", {}),
        **variables,
        "CI_REGISTRY_IMAGE": IMAGE,
        "CI_COMMIT_TAG": "1.4.0",
        "MANYFEST_STORE": str(folder / "store.db"),
    }
    ended = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", "\n".join(PIPELINE[job]["script"])],
        cwd=folder,
        env=environment,
        capture_output=True,
        check=False,
        timeout=600,
    )
    assert ended.returncode == 0, ended.stderr.decode()
    return ended.stdout.decode()
