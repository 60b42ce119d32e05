"""Whole repositories: many tags at once, each as a copy of its own."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from manyfest.adapters.memory import MemoryRegistry
from manyfest.contracts.images import (
    Image,
    oci_image,
    oci_index,
    push_image,
    referrer,
    with_config,
)
from manyfest.domain.references import Reference
from tests.support.http.http_messages import Answer, Request
from tests.support.http.registry_answers import plain
from tests.support.http.registry_server import REGISTRY, Quirks, RegistryServer
from tests.support.programs.docker_client import Result
from tests.support.programs.our_program import run_here

TAGS = ("1.0.0", "1.1.0", "1.2.0-rc.1", "2.0.0", "latest", "edge")
SHARED = oci_image("linux/amd64", text="in all of them")
LISTS: dict[str, Image] = {
    tag: oci_index(SHARED, oci_image("linux/arm64", text=tag)) for tag in TAGS
}
SBOM, SIGNATURE = referrer(SHARED, "sbom"), oci_image(text="signature")


def at(name: str) -> Reference:
    return Reference.parse(f"{REGISTRY}/{name}")


@pytest.fixture
def near() -> MemoryRegistry:
    registry = MemoryRegistry()
    for tag, image in LISTS.items():
        push_image(registry, at(f"app:{tag}"), image)
    push_image(registry, at("app").at(SBOM.digest), SBOM)
    push_image(registry, at(f"app:sha256-{SHARED.digest.hex}.sig"), SIGNATURE)
    return registry


@pytest.fixture
def far() -> MemoryRegistry:
    return MemoryRegistry()


@pytest.fixture
def source(near: MemoryRegistry) -> Iterator[RegistryServer]:
    with RegistryServer(near, quirks=Quirks(referrers=True)) as server:
        yield server


@pytest.fixture
def target(far: MemoryRegistry) -> Iterator[RegistryServer]:
    with RegistryServer(far, quirks=Quirks(referrers=True)) as server:
        yield server


def copied(source: RegistryServer, target: RegistryServer, *words: str, code: int = 0) -> Result:
    result = run_here("copy", *words, f"{source.host}/app/", f"{target.host}/app/")
    assert result.code == code, (result.stdout, result.stderr)
    return result


def tags(registry: MemoryRegistry) -> set[str]:
    return {tag for tag in registry.tags(at("app").home) if not tag.startswith("sha256-")}


def test_all_tags_come_with_what_is_attached(source, target, far) -> None:
    shown = copied(source, target).stdout.decode()
    assert shown.startswith("6 tags: 6 copied (")
    assert tags(far) == set(TAGS)
    for tag, image in LISTS.items():
        assert far.get_manifest(at(f"app:{tag}")) == image.manifest
    assert [each.digest for each in far.referrers(at("app").at(SHARED.digest))] == [SBOM.digest]
    assert f"sha256-{SHARED.digest.hex}.sig" in far.tags(at("app").home)
    assert copied(source, target).stdout == b"6 tags: 6 unchanged\n"


def test_what_tags_share_is_done_once(source, target) -> None:
    copied(source, target)
    uploads = [r.path for r in target.requests if r.method == "PUT" and "/blobs/" in r.path]
    children = [child for image in LISTS.values() for child in image.children]
    blobs = {blob for image in (*children, SBOM, SIGNATURE) for blob in image.blobs}
    assert len(uploads) == len(blobs)
    assert source.count("GET", "*/tags/list*") == 1


def test_what_tags_share_is_mounted_once(source) -> None:
    """Docker's distribution replaces the link of a blob, and refuses a manifest meanwhile."""
    result = run_here("copy", f"{source.host}/app/", f"{source.host}/mirror/app/")
    assert result.code == 0, result.stderr
    mounts = [r.target for r in source.requests if r.method == "POST" and "mount=" in r.target]
    assert mounts
    assert sorted(mounts) == sorted(set(mounts))


SELECTED = {
    "a pattern": (("--tags", "1.*"), {"1.0.0", "1.1.0", "1.2.0-rc.1"}),
    "two patterns": (("--tags", "edge,l*"), {"edge", "latest"}),
    "a range": (("--semver", "^1"), {"1.0.0", "1.1.0"}),
    "both": (("--semver", "*", "--tags", "2*"), {"2.0.0"}),
}


@pytest.mark.parametrize(("words", "expected"), SELECTED.values(), ids=SELECTED)
def test_tags_are_selected(source, target, far, words, expected: set[str]) -> None:
    planned = copied(source, target, "--dry-run", "-v", *words).stdout.decode().splitlines()
    assert {line.split()[-1] for line in planned[1:]} == expected
    assert tags(far) == set()
    copied(source, target, *words)
    assert tags(far) == expected


def test_one_tag_that_fails_stops_no_other(source, target, near, far) -> None:
    near.forget_manifest(at("app").at(LISTS["2.0.0"].children[1].digest))
    result = copied(source, target, code=3)
    assert result.stdout.startswith(b"6 tags: 5 copied (")
    assert result.stdout.endswith(b", 1 failed\n")
    assert "app:2.0.0" in result.stderr
    assert tags(far) == set(TAGS) - {"2.0.0"}
    record = json.loads(copied(source, target, "--json", code=3).stdout)
    states = {each["tag"]: each["state"] for each in record["tags"]}
    assert states == dict.fromkeys(TAGS, "unchanged") | {"2.0.0": "failed"}
    assert record["prune"] == []


REFUSALS = {
    "denied": (403, 4),
    "not authorised": (401, 4),
    "too large": (413, 1),
    "broken": (500, 5),
    "throttled": (429, 5),
}


@pytest.mark.parametrize(("status", "code"), REFUSALS.values(), ids=REFUSALS)
def test_a_tag_that_the_target_refuses_stops_no_other(
    source, far, short_pauses, status: int, code: int
) -> None:
    def gate(request: Request) -> Answer | None:
        is_refused = request.method == "PUT" and request.path.endswith("/manifests/2.0.0")
        return plain(status, "no\n") if is_refused else None

    with RegistryServer(far, gate=gate) as target:
        result = copied(source, target, code=code)
        assert result.stdout.endswith(b", 1 failed\n"), result.stdout
        assert result.stderr.count("error: ") == 1
        assert "app:2.0.0" in result.stderr
        assert tags(far) == set(TAGS) - {"2.0.0"}


def test_what_only_the_target_has_is_listed_and_stays(source, target, far) -> None:
    push_image(far, at("app:old"), SHARED)
    push_image(far, at("app:0.9"), SHARED)
    result = copied(source, target, "--prune-plan")
    lines = [f"manyfest untag {target.host}/app:{tag}" for tag in ("0.9", "old")]
    assert result.stdout.decode().splitlines() == lines
    assert "6 tags: 6 copied" in result.stderr
    assert {"old", "0.9"} <= tags(far)
    only = copied(source, target, "--prune-plan", "--semver", "*").stdout.decode()
    assert only.splitlines() == lines[:1]
    globbed = copied(source, target, "--prune-plan", "--tags", "o*,1*").stdout.decode()
    assert globbed.splitlines() == lines[1:], "tags that are not selected are not compared"
    assert "DELETE" not in {request.method for request in target.requests}


@pytest.fixture
def dated(near: MemoryRegistry) -> MemoryRegistry:
    """Lists of October and November beside those of the source, whose images have no date."""
    for month in ("2026-10", "2026-11"):
        config = {"os": "linux", "architecture": "amd64", "created": f"{month}-15T12:00:00Z"}
        image = oci_index(with_config(json.dumps(config).encode()))
        push_image(near, at(f"app:at-{month}"), image)
    return near


def test_only_what_was_created_since_is_copied(source, target, dated, far) -> None:
    words = ("--since", "2026-11-01", "--tags", "at-*,edge")
    assert copied(source, target, "--dry-run", *words).stdout.startswith(b"3 tags: 2 to copy (")
    result = copied(source, target, *words)
    assert result.stdout.endswith(b", 1 older\n")
    assert "no date of creation, so --since does not apply: edge" in result.stderr
    assert tags(far) == {"at-2026-11", "edge"}
    record = json.loads(copied(source, target, "--json", *words).stdout)
    states = {each["tag"]: (each["state"], each["created"]) for each in record["tags"]}
    assert states == {
        "at-2026-10": ("older", "2026-10-15T12:00:00.000000+00:00"),
        "at-2026-11": ("unchanged", "2026-11-15T12:00:00.000000+00:00"),
        "edge": ("unchanged", None),
    }


def test_an_older_tag_costs_a_head_from_the_second_time_on(source, target, dated) -> None:
    words = ("--since", "2026-11-01", "--tags", "at-2026-10")
    for expected in ([("GET", True), ("GET", True), ("GET", False)], [("HEAD", True)]):
        before = len(source.requests)
        assert copied(source, target, *words).stdout == b"1 tag: 1 older\n"
        news = source.requests[before:]
        asked = [r for r in news if "/tags/" not in r.path and r.path != "/v2/"]
        assert [(r.method, "/manifests/" in r.path) for r in asked] == expected


def test_a_tag_that_is_too_old_is_in_no_plan_to_prune(source, target, dated, far) -> None:
    for tag in ("at-2026-10", "at-2025"):
        push_image(far, at(f"app:{tag}"), SHARED)
    result = copied(source, target, "--since", "2026-11-01", "--tags", "at-*", "--prune-plan")
    assert result.stdout.decode() == f"manyfest untag {target.host}/app:at-2025\n"


def test_layouts_are_repositories_too(source, far, tmp_path: Path, target) -> None:
    assert run_here("copy", f"{source.host}/app/", f"oci:{tmp_path}/gap/").code == 0
    assert run_here("copy", f"oci:{tmp_path}/gap/", f"{target.host}/app/").code == 0
    assert tags(far) == set(TAGS)


@pytest.mark.parametrize(
    ("words", "code", "reason"),
    [
        (("--tags", "none*"), 3, "has no tag that is selected, of 7"),
        (("--tags", ","), 2, "--tags names nothing"),
        (("--semver", "^^"), 2, "is no range of versions"),
        (("--convert", "oci"), 2, "--convert is for one image or list"),
        (("--since", "7"), 2, "--since wants a date such as 2026-11-01"),
    ],
)
def test_what_cannot_be_is_refused(source, target, words, code: int, reason: str) -> None:
    assert reason in copied(source, target, *words, code=code).stderr


def test_a_repository_is_not_copied_to_itself(source) -> None:
    names = (f"{source.host}/app/", f"{source.host}/app/")
    result = run_here("copy", *names)
    assert (result.code, "are the same repository" in result.stderr) == (2, True)


@pytest.mark.parametrize(
    "names",
    [
        ("host.test/app/", "host.test/cp/app"),
        ("host.test/app", "host.test/cp/app/"),
        ("host.test/app/", "host.test/cp/app:1"),
        ("host.test/app/", "oci:gap"),
        ("oci:gap/", "host.test/cp/app"),
    ],
)
def test_one_slash_of_two_is_a_mistake_that_is_named(names: tuple[str, str]) -> None:
    result = run_here("copy", *names)
    both = " ".join(f"{name.rstrip('/')}/" for name in names)
    assert result.code == 2
    assert f"SRC and DST both end with a slash: manyfest copy {both} (one" in result.stderr


def test_the_folder_of_a_layout_may_end_with_a_slash(source, target, far, tmp_path: Path) -> None:
    folder = f"oci:{tmp_path}/gap/"
    assert run_here("copy", f"{source.host}/app", folder).code == 0
    assert run_here("copy", folder, f"{target.host}/app:one").code == 0
    assert tags(far) == {"one"}
