"""The task of the recipe for Tekton: its arguments as Tekton resolves them, without a shell."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import yaml

from tests.integration.pipelines.conftest import AMD, ARM, Site
from tests.support.pipelines.recipes import blocks_of
from tests.support.programs.docker_client import Result

PAGE = Path(__file__).parents[3] / "docs" / "recipes" / "tekton.md"
(TASK,) = (yaml.safe_load(b.text) for b in blocks_of(PAGE) if b.language == "yaml")
APP, MIRROR = "ghcr.io/acme/app", "docker.io/acme/app"
Parameters = Mapping[str, str | Sequence[str]]


def test_the_task_publishes_and_writes_every_result_that_it_declares(site: Site) -> None:
    _seed(site)
    names = {"IMAGE": f"{APP}:1.4.0", "TAGS": [f"--tag={APP}:latest", f"--tag={MIRROR}:1.4.0"]}
    ended = _run(site, names | {"IMAGES": [f"{APP}:amd64", f"{APP}:arm64"]})
    assert ended.code == 0, ended.stderr
    digest = site.digest(f"{MIRROR}:1.4.0")
    results = {file.name: file.read_text() for file in (site.folder / "results").iterdir()}
    assert results == {
        "IMAGE_DIGEST": digest,
        "IMAGE_URL": f"{APP}:1.4.0",
        "IMAGE_REF": f"{APP}@{digest}",
        "IMAGES": f"{APP}@{digest},{MIRROR}@{digest}",
    }
    assert results.keys() == {result["name"] for result in TASK["spec"]["results"]}


def test_a_platform_that_is_missing_leaves_no_result_and_no_tag(site: Site) -> None:
    _seed(site)
    ended = _run(site, {"IMAGE": f"{APP}:1.4.0", "IMAGES": [f"{APP}:amd64"]})
    assert (ended.code, list((site.folder / "results").iterdir())) == (8, [])
    assert site.digest(f"{APP}:1.4.0") == ""


def test_a_parameter_is_an_argument_whatever_is_in_it(site: Site) -> None:
    ended = _run(site, {"IMAGE": "x; touch stolen", "IMAGES": ["$(touch stolen)", "--json"]})
    assert ended.code == 2
    assert not list(site.folder.rglob("stolen"))


def _seed(site: Site) -> None:
    site.seed(f"{APP}:amd64", AMD)
    site.seed(f"{APP}:arm64", ARM)


def _run(site: Site, given: Parameters) -> Result:
    (step,) = TASK["spec"]["steps"]
    declared = {one["name"]: one.get("default") for one in TASK["spec"]["params"]}
    assert set(given) <= set(declared)
    (site.folder / "results").mkdir()
    arguments = [word for text in step["args"] for word in _resolved(text, declared | given)]
    return site.run(*step["command"], *arguments)


def _resolved(text: str, values: Parameters) -> Iterator[str]:
    """Replace variables as Tekton does: an array is as many arguments as it has values."""
    if array := re.fullmatch(r"\$\(params\.(\w+)\[\*\]\)", text):
        yield from values[array[1]]
        return
    text = text.replace("/tekton/results", "results")
    yield re.sub(r"\$\(params\.(\w+)\)", lambda found: str(values[found[1]]), text)
