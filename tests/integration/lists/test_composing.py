"""Lists from lists, across repositories, registries and layouts; others read them."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from manyfest.contracts.images import docker_image, oci_image, windows_image
from manyfest.domain import media_types
from tests.integration.conftest import Seed
from tests.support.content.attested import attested_index
from tests.support.programs.docker_client import CommandLine
from tests.support.programs.docker_registry import RunningRegistry
from tests.support.programs.programs import require_program

AMD, ARM = oci_image("linux/amd64"), oci_image("linux/arm64")


@pytest.fixture
def hosts(
    docker_registry: RunningRegistry, start_docker_registry: Callable[..., RunningRegistry]
) -> tuple[str, str]:
    """Two registries."""
    return docker_registry.host, start_docker_registry().host


def done(manyfest: CommandLine, *arguments: str) -> str:
    result = manyfest(*arguments)
    assert result.code == 0, (arguments, result.stderr)
    return result.stdout.decode()


def listed(manyfest: CommandLine, name: str) -> list[str]:
    """The platforms of a published list."""
    document = json.loads(done(manyfest, "inspect", "--remote", "--raw", name))
    return [
        "/".join(e["platform"].get(k, "") for k in ("os", "architecture"))
        for e in document["manifests"]
    ]


def test_from_another_registry_with_attestations_to_a_registry_and_a_layout(
    hosts: tuple[str, str], repository: str, seed: Seed, manyfest: CommandLine, tmp_path: Path
) -> None:
    source = seed(f"{hosts[0]}/{repository}:1", attested_index(AMD, ARM))
    for target in (f"{hosts[1]}/{repository}/copy:1", f"oci:{tmp_path}/layout:1"):
        done(manyfest, "create", "--platform", "linux/arm64", target, source)
        done(manyfest, "push", target)
        assert listed(manyfest, target) == ["linux/arm64", "unknown/unknown"]
        for entry in json.loads(done(manyfest, "inspect", "--raw", target))["manifests"]:
            home = target.rpartition(":")[0]
            assert done(manyfest, "inspect", f"{home}@{entry['digest']}")
    skopeo = [require_program("skopeo"), "inspect", "--raw", f"oci:{tmp_path}/layout:1"]
    raw = subprocess.run(skopeo, check=True, capture_output=True, timeout=300).stdout
    assert raw.decode() == done(manyfest, "inspect", "--raw", f"oci:{tmp_path}/layout:1")


def test_an_index_pushed_elsewhere_unchanged_keeps_its_digest(
    hosts: tuple[str, str], repository: str, seed: Seed, manyfest: CommandLine
) -> None:
    index = attested_index(AMD, ARM)
    source = seed(f"{hosts[0]}/{repository}:1", index)
    printed = done(manyfest, "create", "--push", f"{hosts[1]}/{repository}:1", source)
    assert printed.splitlines()[-1] == str(index.digest)
    assert done(manyfest, "inspect", "--raw", f"{hosts[1]}/{repository}:1").encode() == (
        index.manifest.data
    )


def test_docker_and_buildah_read_a_docker_list_that_was_composed(
    docker_registry: RunningRegistry,
    repository: str,
    seed: Seed,
    manyfest: CommandLine,
    docker_manifest: CommandLine,
    tmp_path: Path,
) -> None:
    place = f"{docker_registry.host}/{repository}"
    images = {"amd": docker_image(), "arm": docker_image("linux/arm64"), "win": windows_image()}
    for tag, image in images.items():
        seed(f"{place}/from:{tag}", image)
    done(manyfest, "create", "--push", f"{place}:1", f"{place}/from:amd", f"{place}/from:arm")
    done(manyfest, "create", "-a", "--push", f"{place}:2", f"{place}:1", f"{place}/from:win")
    shown = docker_manifest("inspect", "--insecure", f"{place}:2")
    assert shown.code == 0, shown.stderr
    assert json.loads(shown.stdout)["mediaType"] == media_types.DOCKER_LIST
    assert len(_seen_by_buildah(f"{place}:2", docker_registry.host, tmp_path)["manifests"]) == 3


def _seen_by_buildah(name: str, insecure: str, folder: Path) -> dict[str, list[object]]:
    conf = folder / "registries.conf"
    conf.write_text(f'[[registry]]\nlocation = "{insecure}"\ninsecure = true\n')
    storage = ["--storage-driver", "vfs", "--root", folder / "root", "--runroot", folder / "run"]
    command = ["--registries-conf", conf, *storage, "manifest", "inspect", name]
    read = subprocess.run(
        [require_program("buildah"), *map(str, command)],
        check=False,
        capture_output=True,
        timeout=300,
    )
    assert read.returncode == 0, read.stderr
    return json.loads(read.stdout)


def test_a_guarded_push_on_a_real_registry(
    docker_registry: RunningRegistry, repository: str, seed: Seed, manyfest: CommandLine
) -> None:
    place = f"{docker_registry.host}/{repository}"
    seed(f"{place}:a", docker_image())
    seed(f"{place}:b", docker_image("linux/arm64"))
    done(manyfest, "create", f"{place}:1", f"{place}:a")
    first = done(manyfest, "push", "--expect", "absent", f"{place}:1").splitlines()[-1]
    done(manyfest, "create", f"{place}:1", f"{place}:a", f"{place}:b")
    refused = manyfest("push", "--expect", "absent", f"{place}:1")
    assert (refused.code, refused.stdout) == (6, b"")
    assert f"already exists ({first})" in refused.stderr
    assert listed(manyfest, f"{place}:1") == ["linux/amd64"]
    done(manyfest, "push", "--expect", first, f"{place}:1")
    assert listed(manyfest, f"{place}:1") == ["linux/amd64", "linux/arm64"]


def test_files_for_the_next_step_and_further_tags(
    docker_registry: RunningRegistry,
    repository: str,
    seed: Seed,
    manyfest: CommandLine,
    tmp_path: Path,
) -> None:
    place = f"{docker_registry.host}/{repository}"
    seed(f"{place}:a", docker_image())
    done(manyfest, "create", f"{place}:1", f"{place}:a")
    files = [f"--digest-file={tmp_path}/digest", f"--metadata-file={tmp_path}/metadata"]
    tags = ["--tag", "latest", "--tag", f"{place}/other:1"]
    digest = done(manyfest, "push", *files, *tags, f"{place}:1").splitlines()[-1]
    assert (tmp_path / "digest").read_text() == digest
    metadata = json.loads((tmp_path / "metadata").read_text())
    assert metadata["containerimage.digest"] == digest
    assert metadata["containerimage.descriptor"]["digest"] == digest
    for name in (f"{place}:latest", f"{place}/other:1"):
        assert listed(manyfest, name) == ["linux/amd64"]


def test_a_dry_run_says_what_the_push_then_does_and_writes_nothing(
    docker_registry: RunningRegistry, repository: str, seed: Seed, manyfest: CommandLine
) -> None:
    place = f"{docker_registry.host}/{repository}"
    seed(f"{place}/from:a", docker_image())
    done(manyfest, "create", f"{place}:1", f"{place}/from:a")
    plan = json.loads(done(manyfest, "push", "--dry-run", "--json", f"{place}:1"))
    assert [step["step"] for step in plan["steps"]] == ["mount", "mount", "put", "tag"]
    assert manyfest("inspect", "--remote", f"{place}:1").code == 3
    (summary,) = done(manyfest, "push", "--dry-run", f"{place}:1").splitlines()
    assert summary.startswith(f"{place}:1: would mount 2 blobs, ")
    assert summary.endswith(f"; put 1 manifest; create 1 tag at {plan['digest'][:19]}")
    steps = done(manyfest, "push", "--dry-run", "-v", f"{place}:1").splitlines()[1:]
    digest, size = plan["steps"][0]["from"].split("@")[1], plan["steps"][0]["size"]
    assert steps[0] == f"  mount {digest} ({size} B) from {place}/from to {place}"
    assert steps[3:] == [f"  tag {place}:1 at {plan['digest']} (new)"]
    by_digest = done(manyfest, "push", "--dry-run", "-v", "--untagged", f"{place}:1").splitlines()
    assert by_digest[-1].startswith(f"  put {plan['digest']} (")
    assert by_digest[-1].endswith(f" B) to {place}")
    assert done(manyfest, "push", f"{place}:1").splitlines()[-1] == plan["digest"]


def test_an_entry_may_be_called_by_the_platform_that_is_annotated(
    docker_registry: RunningRegistry, repository: str, seed: Seed, manyfest: CommandLine
) -> None:
    place = f"{docker_registry.host}/{repository}"
    seed(f"{place}:a", docker_image("linux/arm/v6"))
    seed(f"{place}:b", docker_image("linux/arm/v5"))
    done(manyfest, "create", f"{place}:l", f"{place}:a", f"{place}:b")
    changed = manyfest("annotate", "--variant", "v5", f"{place}:l", "linux/arm/v6")
    assert changed.code == 0
    lines = changed.stderr.splitlines()
    assert [line.partition(":")[0] for line in lines] == ["note", "warning", "warning"]
    assert "says that it is for linux/arm/v6, and is listed for linux/arm/v5" in lines[1]
    assert "two entries are for linux/arm/v5" in lines[2]


def test_a_create_that_cannot_be_published_leaves_no_draft(
    hosts: tuple[str, str], repository: str, seed: Seed, manyfest: CommandLine
) -> None:
    source = seed(f"{hosts[0]}/{repository}:a", docker_image())
    command = ("create", "--push", f"127.0.0.1:1/{repository}:l", source)
    for _ in range(2):
        result = manyfest(*command)
        assert (result.code, result.stdout) == (5, b"")
    assert manyfest("ls", "--json").stdout == b"[]\n"


def test_files_that_cannot_be_written_are_refused_before_anything_is_published(
    docker_registry: RunningRegistry,
    repository: str,
    seed: Seed,
    manyfest: CommandLine,
    tmp_path: Path,
) -> None:
    name = f"{docker_registry.host}/{repository}:l"
    done(manyfest, "create", name, seed(f"{docker_registry.host}/{repository}:a", docker_image()))
    for file in ("/nowhere/digest", str(tmp_path)):
        result = manyfest("push", "--digest-file", file, name)
        assert (result.code, result.stdout) == (2, b"")
    assert manyfest("inspect", "--remote", name).code == 3
    assert json.loads(done(manyfest, "push", "--json", name))["name"] == name


def test_options_that_make_no_sense_together_are_refused(manyfest: CommandLine) -> None:
    for arguments in (
        ["create", "--replace", "--strict", "l", "a"],
        ["create", "--platform", "bogus", "l", "a"],
        ["annotate", "l"],
        ["annotate", "--index", "l", "a"],
        ["annotate", "--index", "--os", "linux", "l"],
        ["annotate", "--subject", "x", "l", "a"],
        ["annotate", "--unset", "digest", "l", "a"],
        ["annotate", "--annotation", "novalue", "l", "a"],
        ["push", "--expect", "latest", "l"],
        ["push", "--tag", "not a tag", "l"],
    ):
        result = manyfest(*arguments)
        assert (result.code, result.stdout) == (2, b""), (arguments, result)
        assert len(result.stderr.splitlines()) == 1
