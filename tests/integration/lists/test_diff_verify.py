"""``diff`` and ``verify`` as a person runs them: on a registry, on layouts, on skopeo's work."""

import json
import subprocess
from pathlib import Path

import pytest
from attrs import evolve

from manyfest.adapters.oci_layout.registry import LayoutRegistry
from manyfest.contracts.images import (
    Image,
    docker_image,
    docker_list,
    oci_image,
    oci_index,
    push_image,
)
from manyfest.domain.manifests import Manifest
from manyfest.domain.references import Layout, Reference
from tests.integration.conftest import Seed
from tests.support.programs.docker_client import CommandLine
from tests.support.programs.docker_registry import RunningRegistry
from tests.support.programs.programs import require_program


@pytest.fixture
def home(docker_registry: RunningRegistry, repository: str) -> str:
    return f"{docker_registry.host}/{repository}"


@pytest.fixture
def layout(tmp_path: Path) -> Path:
    return tmp_path / "layout"


def plant(layout: Path, tag: str, image: Image) -> str:
    push_image(LayoutRegistry(), Reference(Layout(str(layout)), tag), image)
    return f"oci:{layout}:{tag}"


def blob_file(layout: Path, image: Image) -> Path:
    return layout / "blobs" / "sha256" / image.digest.hex


def with_sizes(index: Image, size: int) -> Image:
    """The list with a wrong size of its first child; registries take it."""
    document = json.loads(index.manifest.data)
    document["manifests"][0]["size"] = size
    data = json.dumps(document).encode()
    return evolve(index, manifest=Manifest(index.manifest.media_type, data))


def test_lists_of_a_registry_are_compared(home: str, seed: Seed, manyfest: CommandLine) -> None:
    before = seed(f"{home}:1", docker_list(docker_image("linux/amd64"), docker_image("linux/arm")))
    after = seed(
        f"{home}:2",
        docker_list(docker_image("linux/amd64", text="new"), docker_image("linux/s390x")),
    )
    result = manyfest("diff", before, after)
    assert result.code == 8
    assert result.stderr == ""
    lines = result.stdout.decode().splitlines()
    assert lines[2] == "different: 1 changed, 1 added, 1 removed"
    assert [line[:13] for line in lines if line[0] in "~+-"] == [
        "~ linux/amd64",
        "- linux/arm s",
        "+ linux/s390x",
    ]
    document = json.loads(manyfest("diff", "--json", before, after).stdout)
    assert [entry["status"] for entry in document["entries"]] == ["changed", "removed", "added"]
    offline = manyfest("diff", "--offline", "--json", before, after)
    assert json.loads(offline.stdout) == document


def test_the_same_on_a_registry_and_in_a_layout_is_the_same(
    home: str, layout: Path, seed: Seed, manyfest: CommandLine
) -> None:
    index = oci_index(oci_image("linux/amd64"), oci_image("linux/arm64"))
    result = manyfest("diff", seed(f"{home}:1", index), plant(layout, "1", index))
    assert result.code == 0
    assert "the same: 2 same" in result.stdout.decode()


def test_a_draft_is_not_compared(layout: Path, manyfest: CommandLine) -> None:
    image = plant(layout, "a", oci_image("linux/amd64"))
    manyfest("create", f"oci:{layout}:draft", image)
    for words in (("diff", image, f"oci:{layout}:draft"), ("verify", f"oci:{layout}:draft")):
        result = manyfest(*words)
        assert result.code == 3
        assert "no such manifest" in result.stderr


def test_what_we_publish_is_sound(home: str, seed: Seed, manyfest: CommandLine) -> None:
    sources = [seed(f"{home}:{name}", docker_image(f"linux/{name}")) for name in ("amd64", "s390x")]
    manyfest("create", f"{home}:list", *sources)
    assert manyfest("push", f"{home}:list").code == 0
    result = manyfest("verify", f"{home}:list")
    assert result.code == 0
    expected = f"{home}:list: 0 errors, 0 warnings (3 manifests, 3 blobs checked)\n"
    assert result.stdout.decode() == expected


def test_a_registry_takes_a_wrong_size_and_verify_finds_it(
    home: str, seed: Seed, manyfest: CommandLine
) -> None:
    index = oci_index(oci_image("linux/amd64"))
    name = seed(f"{home}:bad", with_sizes(index, 7))
    result = manyfest("verify", "--json", name)
    assert result.code == 8
    (found,) = json.loads(result.stdout)["findings"]
    assert (found["rule"], found["path"]) == ("wrong-size", "manifests[0].size")


def test_warnings_alone_are_no_failure(layout: Path, manyfest: CommandLine) -> None:
    result = manyfest("verify", plant(layout, "1", oci_index(docker_image("linux/arm"))))
    assert result.code == 0
    assert [line.rpartition("[")[2] for line in result.stdout.decode().splitlines()[:2]] == [
        "docker-child-in-oci-index]",
        "missing-variant]",
    ]


def test_what_a_registry_lost_is_found_though_the_store_has_it(
    layout: Path, manyfest: CommandLine
) -> None:
    child = oci_image("linux/amd64")
    name = plant(layout, "1", oci_index(child))
    assert manyfest("verify", name).code == 0
    blob_file(layout, child).unlink()
    result = manyfest("verify", name)
    assert result.code == 8
    assert "manifests[0]: error: no such manifest" in result.stdout.decode()


def test_a_registry_that_is_away_is_a_failure(manyfest: CommandLine) -> None:
    result = manyfest("verify", "--timeout", "2", "127.0.0.1:1/app:1")
    assert (result.code, result.stdout) == (5, b"")


def test_the_rules_are_shown(manyfest: CommandLine) -> None:
    assert b"duplicate-platform" in manyfest("verify", "--rules").stdout
    assert json.loads(manyfest("verify", "--rules", "--json").stdout)[0]["breach"]
    assert manyfest("verify", "--rules", "x").code == 2


def test_what_skopeo_makes_of_it_is_sound_and_the_same(
    tmp_path: Path, layout: Path, manyfest: CommandLine
) -> None:
    index = oci_index(oci_image("linux/amd64"), oci_image("linux/arm64", text="arm"))
    name, copied = plant(layout, "1", index), f"oci:{tmp_path}/copied:1"
    command = [require_program("skopeo"), "--insecure-policy", "copy", "-q", "--all", name, copied]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    result = manyfest("verify", copied)
    assert "0 errors, 0 warnings" in result.stdout.decode()
    assert manyfest("diff", name, copied).code == 0


def test_the_exit_code_is_that_of_the_kinds_that_count(layout: Path, manyfest: CommandLine) -> None:
    before = plant(layout, "1", oci_index(oci_image("linux/amd64")))
    grown = oci_index(oci_image("linux/amd64"), oci_image("linux/arm64"))
    after = plant(layout, "2", grown)
    assert manyfest("diff", before, after).code == 8
    assert manyfest("diff", "--exit-code", "config,layers", before, after).code == 0
    assert manyfest("diff", "--exit-code", "list,entries", before, after).code == 8
    assert manyfest("diff", "--exit-code", "none", before, after).code == 0
    assert manyfest("diff", "--platform", "linux/amd64", before, after).code == 0
    assert manyfest("diff", "--platform", "linux/arm64,linux/amd64", before, after).code == 8
    refused = manyfest("diff", "--exit-code", "size", before, after)
    assert refused.code == 2
    assert "--exit-code wants none, or some of list, entries" in refused.stderr
    absent = manyfest("diff", "--platform", "linux/s390x", before, after)
    assert absent.code == 3
    assert "only for linux/amd64, linux/arm64" in absent.stderr
