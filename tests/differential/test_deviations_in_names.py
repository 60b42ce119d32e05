"""Deliberate differences from docker (ADR 0011): names, entries and registries."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from manyfest.contracts.images import Image, docker_image, docker_list
from tests.differential.conftest import Both
from tests.differential.shelf import IMAGES
from tests.differential.test_deviations import digests
from tests.support.http.certificates import Certificate
from tests.support.programs.docker_registry import RunningRegistry

Plant = Callable[[str, Image], None]

ARM64 = IMAGES["app:arm64"].digest

# Ways to say which entry, none of which docker knows; its words are those of annotate.
NAMES = {
    "repository and digest": f"PLACE/app@{ARM64}",
    "digest": str(ARM64),
    "beginning of a digest": ARM64.hex[:12],
    "platform": "linux/arm64",
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES.keys())
def test_an_entry_goes_by_more_than_the_reference_it_came_by(both: Both, name: str) -> None:
    both.alike("create", "PLACE/list:e", "PLACE/app:amd64", "PLACE/app:arm64")
    docker, ours = both("annotate", "PLACE/list:e", name, "--variant", "v9")
    assert docker.code == 1
    assert ours.code == 0
    (entry,) = [
        entry["platform"]
        for entry in json.loads(both.ours("inspect", "PLACE/list:e").stdout)["manifests"]
        if entry["digest"] == str(ARM64)
    ]
    assert entry["variant"] == "v9"


def test_two_entries_are_never_one(both: Both, plant: Plant) -> None:
    plant("m:a-b", docker_image("linux/amd64"))
    plant("m-a:b", docker_image("linux/arm64"))
    both.alike("create", "PLACE/list:two", "PLACE/m:a-b", "PLACE/m-a:b")
    docker, ours = both("inspect", "PLACE/list:two")
    assert [len(digests(docker)), len(digests(ours))] == [1, 2]


def test_a_list_is_not_named_by_a_digest(both: Both) -> None:
    docker, ours = both("create", f"PLACE/list@{ARM64}", "PLACE/app:amd64")
    assert docker.code == 0
    assert ours.code == 2


def test_the_registry_image_called_oci_is_library_oci(both: Both, tmp_path: Path) -> None:
    docker, ours = both("rm", "oci:1")
    assert docker.stderr.endswith(" docker.io/library/oci:1\n")
    assert f" oci:{tmp_path}/1" in ours.stderr
    both.alike("rm", "library/oci:1", code=3)


@pytest.mark.parametrize("scheme", ["oci-archive", "docker-archive"])
def test_archive_schemes_are_files_not_images(both: Both, scheme: str) -> None:
    docker, ours = both("rm", f"{scheme}:1")
    assert docker.stderr.endswith(f" docker.io/library/{scheme}:1\n")
    assert f"{scheme}:/" in ours.stderr
    both.alike("rm", f"library/{scheme}:1", code=3)


def test_no_host_has_an_underscore(both: Both) -> None:
    docker, ours = both("create", "my_host.example/list", "PLACE/app:amd64")
    assert docker.code == 0
    assert "different registry" in both.docker("push", "my_host.example/list").stderr
    assert ours.code == 2


def test_sources_from_another_registry_are_copied(both: Both) -> None:
    """To docker the same registry by another name is another one; to us too."""
    name = f"{both.place.replace('127.0.0.1', 'localhost')}/elsewhere:1"
    both.alike("create", name, "PLACE/app:amd64")
    docker, ours = both("inspect", name)
    assert "cannot use source images from a different registry" in docker.stderr
    assert digests(ours) == [str(IMAGES["app:amd64"].digest)]
    docker, ours = both("push", name)
    assert "cannot use source images from a different registry" in docker.stderr
    assert ours.code == 0


def test_an_image_that_comes_by_a_list_and_by_itself_is_listed_once(
    both: Both, plant: Plant
) -> None:
    plant("pair:1", docker_list(IMAGES["app:amd64"], IMAGES["app:arm64"]))
    assert both.ours("create", "PLACE/list:once", "PLACE/pair:1", "PLACE/app:amd64").code == 0
    assert len(digests(both.ours("inspect", "PLACE/list:once"))) == 2


def test_a_registry_out_of_reach_is_called_that(both: Both) -> None:
    docker, ours = both("inspect", "127.0.0.1:1/app:1")
    assert docker.stderr.startswith("failed to configure transport: error pinging v2 registry")
    assert "cannot reach 127.0.0.1:1" in ours.stderr
    assert (docker.code, ours.code) == (1, 5)


def test_certificates_are_checked_on_loopback(
    both: Both,
    certificate: Certificate,
    start_docker_registry: Callable[..., RunningRegistry],
) -> None:
    name = f"{start_docker_registry(certificate=certificate).host}/app:1"
    assert both.ours("copy", "--insecure", "PLACE/app:amd64", name).code == 0
    assert both.docker_manifest("inspect", name).code == 0
    ours = both.ours("inspect", name)
    assert (ours.code, "is not trusted" in ours.stderr) == (5, True)
    both.alike("inspect", "--insecure", name)
