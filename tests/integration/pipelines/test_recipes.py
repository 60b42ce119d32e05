"""Every command of every recipe, typed as it stands, against two real registries."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from manyfest.contracts.images import oci_image
from tests.integration.pipelines.conftest import AMD, ARM, Site
from tests.support.pipelines.recipes import blocks_of
from tests.support.programs.docker_registry import free_port
from tests.support.programs.programs import require_program

DOCS = Path(__file__).parents[3] / "docs"
RECIPES = sorted((DOCS / "recipes").glob("*.md"))
APP, MIRROR = "ghcr.io/acme/app", "docker.io/acme/app"
BOTH = ["linux/amd64", "linux/arm64/v8"]

# The blocks that no test runs, by page: their first words. The page says why.
REPLACED, ENGINE = "the command that is replaced", "builds and pushes images"
NOT_RUN = {
    "bake.md": [("docker buildx bake", ENGINE)],
    "debugging-auth.md": [("manyfest auth why", "asks ghcr.io itself, which no test does")],
    "from-crane.md": [("crane index append", REPLACED)],
    "from-docker-manifest.md": [("docker manifest create", REPLACED)],
    "from-imagetools.md": [("docker buildx imagetools", REPLACED)],
    "from-manifest-tool.md": [("manifest-tool push from-spec", REPLACED)],
    "from-podman.md": [("podman manifest create", REPLACED)],
    "from-regctl.md": [("regctl index create", REPLACED)],
    "from-skopeo.md": [("skopeo copy --all", REPLACED)],
    "github.md": [
        ("manyfest publish --github", "the action runs the same command, and is run"),
    ],
    "goreleaser.md": [("goreleaser release", ENGINE)],
    "tarballs.md": [("/kaniko/executor", "needs kaniko's image")],
}
# YAML that a pipeline runs, and the test that runs it.
PIPELINES = {
    "github.md": "test_github_recipe.py",
    "gitlab.md": "test_gitlab_recipe.py",
    "tekton.md": "test_tekton_recipe.py",
}
# The names that a page leaves published, with the platforms of each.
PUBLISHED = {
    "bake.md": {f"{APP}:1.4.0": BOTH, f"{MIRROR}:1.4.0": BOTH, f"{APP}:1.4.1": None},
    "from-crane.md": {
        f"{APP}:1.4.1": BOTH,
        f"{APP}:amd64-only": BOTH[:1],
        f"{MIRROR}:1.4.0": BOTH,
        f"{APP}:1.4.2": None,
    },
    "from-docker-manifest.md": {f"{APP}:1.4.0": BOTH, f"{APP}:1.4.1": None},
    "from-imagetools.md": {f"{APP}:1.4.0": BOTH, f"{MIRROR}:1.4.0": BOTH},
    "from-manifest-tool.md": {f"{APP}:1.4.0": BOTH, f"{APP}:latest": BOTH, f"{APP}:1.4.1": None},
    "air-gap.md": {f"{APP}:1.4.0": BOTH},
    "cleaning-up.md": {f"{APP}:1.4.0": None},
    "debugging-auth.md": {f"{APP}:1.4.0": None},
    "from-podman.md": {f"{APP}:1.4.0": BOTH, f"{MIRROR}:1.4.0": BOTH},
    "from-regctl.md": {f"{APP}:1.4.0": BOTH, f"{APP}:1.4.1": BOTH[:1], f"{MIRROR}:1.4.0": BOTH},
    "mirrors.md": {
        "mirror.example.com/acme/app:1.4.0": BOTH,
        "mirror.example.com/acme/app:amd64": BOTH[:1],
    },
    "from-skopeo.md": dict.fromkeys(
        ("mirror.example.com/acme/app:1.4.0", "mirror.example.com/acme/again:1.4.0"), BOTH
    ),
    "goreleaser.md": {f"{APP}:latest": BOTH, f"{MIRROR}:1.4.0": BOTH, f"{APP}:1.4.1": None},
    "memory.md": {f"{APP}:1.4.0": BOTH},
    "watching.md": {},
    "tarballs.md": {
        f"{APP}:1.4.0": ["linux/amd64", "linux/arm64"],
        f"{MIRROR}:1.4.0": ["linux/amd64", "linux/arm64"],
        f"{APP}:1.4.1": None,
    },
}


def _tagged(site: Site) -> None:
    """The jobs have pushed an image for each platform, under a tag of its own."""
    site.seed(f"{APP}:1.4.0-amd64", AMD)
    site.seed(f"{APP}:1.4.0-arm64", ARM)


def _goreleaser(site: Site) -> None:
    _tagged(site)
    (site.folder / "dist").mkdir()
    (site.folder / "dist" / "digests.txt").write_text(
        f"{AMD.digest.hex}  {APP}:1.4.0-amd64\n{ARM.digest.hex}  {APP}:1.4.0-arm64\n"
    )


def _bake(site: Site) -> None:
    require_program("jq")
    _tagged(site)
    targets = {"app-amd64": AMD, "app-arm64": ARM}
    metadata = {
        name: {"containerimage.digest": str(image.digest), "image.name": APP}
        for name, image in targets.items()
    }
    (site.folder / "bake-metadata.json").write_text(json.dumps(metadata | {"lint": {}}))


def _tarballs(site: Site) -> None:
    for program in ("buildah", "skopeo"):
        require_program(program)
    (site.folder / "Containerfile").write_text("FROM scratch\nCOPY Containerfile /\n")
    site.seed(f"{APP}:kaniko", AMD)
    target = f"docker-archive:app-amd64.tar:{APP}:1.4.0"
    assert site.run("skopeo", "copy", "-q", f"docker://{APP}:kaniko", target).code == 0


def _crane(site: Site) -> None:
    _tagged(site)
    site.seed(f"{APP}:1.4.1-amd64", oci_image("linux/amd64", text="newer"))


def _imagetools(site: Site) -> None:
    require_program("jq")
    _tagged(site)
    (site.folder / "digests").mkdir()
    for image in (AMD, ARM):
        (site.folder / "digests" / image.digest.hex).touch()
    metadata = {"tags": [f"{APP}:1.4.0", f"{MIRROR}:1.4.0"], "annotations": ["index:a=b"]}
    site.environment["DOCKER_METADATA_OUTPUT_JSON"] = json.dumps(metadata)


def _list(site: Site) -> None:
    require_program("skopeo")
    _tagged(site)
    names = (f"{APP}:1.4.0", f"{APP}:1.4.0-amd64", f"{APP}:1.4.0-arm64")
    assert site.run("manyfest", "create", "--push", *names).code == 0


PREPARED: dict[str, Callable[[Site], None]] = {
    "air-gap.md": _list,
    "bake.md": _bake,
    "from-crane.md": _crane,
    "from-imagetools.md": _imagetools,
    "from-skopeo.md": _list,
    "goreleaser.md": _goreleaser,
    "mirrors.md": _list,
    "tarballs.md": _tarballs,
}


@pytest.mark.parametrize("page", [page.name for page in RECIPES if page.name not in PIPELINES])
def test_a_recipe_runs_as_it_stands(site: Site, page: str) -> None:
    PREPARED.get(page, _tagged)(site)
    site.type_page(DOCS / "recipes" / page, {"127.0.0.1:5000": f"127.0.0.1:{free_port()}"})
    found = {name: site.platforms(name) or None for name in PUBLISHED[page]}
    assert found == PUBLISHED[page]


def test_every_page_is_in_the_index_and_has_its_parts() -> None:
    index = (DOCS / "README.md").read_text()
    for page in RECIPES:
        text = page.read_text()
        assert f"](recipes/{page.name})" in index
        assert re.findall(r"^## (.*)$", text, re.MULTILINE) == [
            "Steps",
            "What is checked",
            "When it fails",
        ], page


def test_what_no_test_runs_is_listed_with_its_reason() -> None:
    left = {
        page.name: [
            (block.text.removeprefix("$ "), block.reason)
            for block in blocks_of(page)
            if block.reason
        ]
        for page in RECIPES
    }
    assert {name: len(blocks) for name, blocks in left.items() if blocks} == {
        name: len(blocks) for name, blocks in NOT_RUN.items()
    }
    for name, listed in NOT_RUN.items():
        for (words, reason), (text, said) in zip(listed, left[name], strict=True):
            assert text.startswith(words)
            assert said == reason


def test_blocks_are_of_kinds_that_are_run() -> None:
    kinds = {(page.name, block.language) for page in RECIPES for block in blocks_of(page)}
    assert {language for _, language in kinds} <= {"console", "yaml", "json", "toml", "ini", "text"}
    assert {name for name, language in kinds if language == "json"} == {"bake.md"}
    assert {name for name, language in kinds if language in {"ini", "text"}} == {"watching.md"}
    files = {"from-manifest-tool.md", "watching.md"}  # their YAML is a file that commands read
    assert {name for name, kind in kinds if kind == "yaml"} == {*PIPELINES, *files}
