"""What is attached goes along between two real registries, layouts and bundles."""

import json
from pathlib import Path

import pytest

from manyfest.contracts.images import oci_image
from tests.integration.conftest import Seed
from tests.support.content import signed
from tests.support.programs.our_program import run_here

AMD, ARM = oci_image("linux/amd64", text="amd"), oci_image("linux/arm64", text="arm")
INDEX = signed.built(AMD, ARM)
TAGS = {
    signed.digest_tag(INDEX, "sig"): signed.signature(b"of the list"),
    signed.digest_tag(ARM, "sbom"): signed.sbom(),
}
OF_STATEMENT = signed.bundle(INDEX.children[2])  # buildx signs the attestations


@pytest.fixture
def one(docker_registry, repository, seed: Seed) -> str:
    """A repository of a registry, with a list, two referrers and two digest tags."""
    name = f"{docker_registry.host}/{repository}"
    seed(f"{name}:1", INDEX)
    for image in (signed.bundle(AMD, signed.SPDX), OF_STATEMENT):
        seed(f"{name}@{image.digest}", image)
    for tag, image in TAGS.items():
        seed(f"{name}:{tag}", image)
    return name


@pytest.fixture
def two(start_docker_registry, repository) -> str:
    """A repository of another registry."""
    return f"{start_docker_registry().host}/{repository}"


def run(*words: str, code: int = 0) -> str:
    result = run_here(*words)
    assert result.code == code, result.stderr
    return result.stderr


def attached_to(name: str) -> set[tuple[str, str]]:
    listed = json.loads(run_here("attached", "--json", name).stdout)
    entries = listed if isinstance(listed, list) else listed["attached"]
    return {(one["form"], one["digest"]) for one in entries}


@pytest.mark.parametrize(
    "command",
    [
        ("copy", "ONE:1", "TWO:1"),
        ("create", "--push", "TWO:1", "ONE:1"),
        ("publish", "-t", "TWO:1", "ONE:1"),
        ("imagetools", "create", "-t", "TWO:1", "ONE:1"),
    ],
    ids=lambda command: command[0],
)
def test_two_registries_have_the_same_attached(one: str, two: str, command) -> None:
    words = [word.replace("ONE", one).replace("TWO", two) for word in command]
    told = run(*words)
    assert "2 referrers came along" in told
    assert "2 digest tags came along" in told
    assert "warning" not in told
    assert attached_to(f"{two}:1") == attached_to(f"{one}:1")
    forms = {form for form, _ in attached_to(f"{two}:1")}
    assert {"entry", "digest tag"} < forms


def test_a_layout_takes_it_and_gives_it_on(one: str, two: str, tmp_path: Path) -> None:
    layout = f"oci:{tmp_path}/app:1"
    run("copy", f"{one}:1", layout)
    assert "2 digest tags came along" in run("create", "--push", f"{two}:1", layout)
    assert attached_to(f"{two}:1") == attached_to(f"{one}:1")


def test_a_bundle_gives_it_on(one: str, two: str, tmp_path: Path) -> None:
    run("cache", "fetch", "--layers", *(f"{one}:{tag}" for tag in ("1", *TAGS)))
    bundle = tmp_path / "bundle.tar"
    run("cache", "export", "--layers", str(bundle))
    told = run("copy", f"oci-archive:{bundle}:{one}:1", f"{two}:1")
    assert "2 digest tags came along" in told
    digest_tags = {each for each in attached_to(f"{one}:1") if each[0] == "digest tag"}
    assert digest_tags <= attached_to(f"{two}:1")


def test_only_what_is_about_the_chosen_platform_comes_along(one: str, two: str) -> None:
    told = run("copy", "--platform", "linux/arm64", f"{one}:1", f"{two}:1")
    assert f"1 digest tag came along: {signed.digest_tag(ARM, 'sbom')}" in told
    assert "referrer" not in told
