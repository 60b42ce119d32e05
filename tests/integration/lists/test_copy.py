"""Copying between two real registries and layouts; docker and skopeo read what comes out."""

import json
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from manyfest.adapters.memory import MemoryRegistry
from manyfest.adapters.oci_layout.registry import LayoutRegistry
from manyfest.contracts.images import (
    Image,
    docker_image,
    docker_list,
    oci_image,
    oci_index,
    oddly_spelled,
    push_image,
    referrer,
    windows_image,
)
from manyfest.domain.references import Layout, Reference, Repository
from tests.integration.conftest import Seed
from tests.support.http.http_messages import Answer, Request
from tests.support.http.http_server import HttpServer
from tests.support.http.registry_answers import failure
from tests.support.http.registry_server import REGISTRY, Quirks, RegistryServer
from tests.support.programs.docker_client import CommandLine
from tests.support.programs.our_program import run_here
from tests.support.programs.programs import require_program

AMD, ARM = docker_image("linux/amd64", text="amd"), docker_image("linux/arm64", text="arm")
LIST = docker_list(AMD, ARM, windows_image())
INDEX = oddly_spelled(oci_index(oci_image("linux/amd64"), oci_image("linux/arm/v7", text="v7")))
WRITING = ("POST", "PUT", "PATCH", "DELETE")


@pytest.fixture
def one(docker_registry, repository) -> str:
    """A repository of a registry."""
    return f"{docker_registry.host}/{repository}"


@pytest.fixture
def two(start_docker_registry, repository) -> str:
    """A repository of another registry."""
    return f"{start_docker_registry().host}/{repository}"


@pytest.fixture
def memory() -> MemoryRegistry:
    return MemoryRegistry()


@pytest.fixture
def server(memory) -> Iterator[RegistryServer]:
    """A registry in this process, with the API for referrers and a log."""
    with RegistryServer(memory, quirks=Quirks(referrers=True)) as running:
        yield running


def writes(server: HttpServer) -> list[str]:
    return [f"{r.method} {r.path}" for r in server.requests if r.method in WRITING]


def skopeo(*arguments: str) -> bytes:
    command = [require_program("skopeo"), "--insecure-policy", *arguments]
    return subprocess.run(command, check=True, capture_output=True, timeout=300).stdout


def test_a_list_goes_from_registry_to_registry_and_docker_reads_it(
    one: str, two: str, seed: Seed, docker_manifest: CommandLine
) -> None:
    source, target = seed(f"{one}:1", LIST), f"{two}:2"
    result = run_here("copy", source, target)
    assert result.stdout.decode() == f"{LIST.digest}\n"
    left, copied = result.stderr.splitlines()
    assert left.startswith("note: left behind, as --foreign-layers is not given: 1 foreign layer, ")
    assert copied == f"note: copied {source} to {target}"
    assert (
        docker_manifest("inspect", "--insecure", target).stdout
        == docker_manifest("inspect", "--insecure", source).stdout
    )
    child = docker_manifest("inspect", "--insecure", f"{two}@{ARM.digest}")
    assert json.loads(child.stdout) == ARM.manifest.document


@pytest.mark.parametrize("image", [LIST, INDEX], ids=["docker list", "OCI index"])
def test_the_digest_survives_the_way_through_layouts(
    one: str, two: str, seed: Seed, tmp_path: Path, image: Image
) -> None:
    seed(f"{one}:1", image)
    folder = f"oci:{tmp_path}"
    steps = [(f"{one}:1", f"{folder}/a:x"), (f"{folder}/a:x", f"{folder}/b"), (f"{folder}/b", two)]
    for source, target in steps:
        result = run_here("copy", source, target)
        assert result.stdout.decode() == f"{image.digest}\n", result.stderr
    raw = skopeo("inspect", "--raw", "--tls-verify=false", f"docker://{two}:latest")
    assert raw == image.manifest.data


def test_skopeo_copies_all_of_a_layout_that_was_copied_to(
    one: str, seed: Seed, tmp_path: Path
) -> None:
    seed(f"{one}:1", INDEX)
    assert run_here("copy", f"{one}:1", f"oci:{tmp_path}/app:1").code == 0
    skopeo("copy", "-q", "--all", f"oci:{tmp_path}/app:1", f"dir:{tmp_path}/out")
    assert Path(tmp_path, "out", "manifest.json").read_bytes() == INDEX.manifest.data


def test_within_a_registry_nothing_is_downloaded(memory, server) -> None:
    push_image(memory, Reference(Repository(REGISTRY, "app"), "1"), LIST)
    assert run_here("copy", f"{server.host}/app:1", f"{server.host}/other:1").code == 0
    assert server.count("GET", "*/blobs/*") == 0
    assert server.count("PATCH") == server.count("PUT", "*/blobs/*") == 0
    assert memory.get_manifest(Reference(Repository(REGISTRY, "other"), "1")) == LIST.manifest


def test_the_second_copy_writes_nothing_and_says_so(one: str, seed: Seed, server) -> None:
    source, target = seed(f"{one}:1", LIST), f"{server.host}/app:1"
    assert run_here("copy", source, target).code == 0
    before = len(writes(server))
    again = run_here("copy", source, target)
    assert again.stdout.decode() == f"{LIST.digest}\n"
    assert again.stderr == f"note: unchanged: {target} exists with all its content\n"
    assert len(writes(server)) == before > 0
    assert server.requests[-1].method == "HEAD"


def test_blobs_that_are_there_are_not_sent_again(one: str, seed: Seed, memory, server) -> None:
    seed(f"{one}:1", docker_list(AMD, ARM))
    push_image(memory, Reference(Repository(REGISTRY, "app"), "amd"), AMD)
    assert run_here("copy", f"{one}:1", f"{server.host}/app:1").code == 0
    assert server.count("PUT", "*/blobs/*") == len(ARM.blobs)


def test_a_dry_run_counts_what_the_copy_then_writes(one: str, seed: Seed, server) -> None:
    source, target = seed(f"{one}:1", LIST), f"{server.host}/app:1"
    summary = run_here("copy", "--dry-run", source, target)
    steps = run_here("copy", "--dry-run", "-v", source, target).stdout.decode().splitlines()
    shown = json.loads(run_here("copy", "--dry-run", "--json", source, target).stdout)
    assert writes(server) == []
    assert (summary.code, summary.stderr.count("\n")) == (0, 1)  # of the foreign layer
    assert steps[0] == summary.stdout.decode().rstrip("\n")
    counts = Counter(step["step"] for step in shown["steps"])
    assert steps[0].startswith(f"{target}: would copy {counts['copy']} blobs, ")
    assert steps[0].endswith(f"; put 3 manifests; create 1 tag at {str(LIST.digest)[:19]}")
    assert [line.split()[0] for line in steps[1:]] == [step["step"] for step in shown["steps"]]
    assert (shown["digest"], shown["name"]) == (str(LIST.digest), target)
    copied = run_here("copy", "--json", source, target)
    assert json.loads(copied.stdout) == shown
    assert server.count("PUT", "*/blobs/*") == counts["copy"]
    assert server.count("PUT", "*/manifests/*") == counts["put"] + counts["tag"] == 4
    again = run_here("copy", "--dry-run", source, target).stdout.decode()
    assert again == f"{target}: unchanged, it is {LIST.digest} already\n"


def test_a_dry_run_says_where_the_tag_was(one: str, seed: Seed, server) -> None:
    first, second = seed(f"{one}:1", LIST), seed(f"{one}:2", AMD)
    assert run_here("copy", first, f"{server.host}/app:1").code == 0
    shown = run_here("copy", "--dry-run", second, f"{server.host}/app:1").stdout.decode()
    before, after = str(LIST.digest)[:19], str(AMD.digest)[:19]
    assert shown == f"{server.host}/app:1: would move 1 tag from {before} to {after}\n"
    by_digest = f"{server.host}/new@{AMD.digest}"
    shown = run_here("copy", "--dry-run", second, by_digest).stdout.decode()
    assert shown.endswith("; put 1 manifest\n")


def test_chosen_platforms_make_a_list_of_another_digest(
    one: str, two: str, seed: Seed, docker_manifest: CommandLine
) -> None:
    seed(f"{one}:1", LIST)
    result = run_here(
        "copy", f"{one}:1", two, "--platform", "linux/arm64", "--platform=linux/amd64"
    )
    copied = docker_manifest("inspect", "--insecure", two)
    entries = json.loads(copied.stdout)["manifests"]
    assert [entry["digest"] for entry in entries] == [str(AMD.digest), str(ARM.digest)]
    digest = result.stdout.decode().strip()
    change = f"note: kept 2 of 3 entries: the digest changes from {LIST.digest} to {digest}\n"
    assert result.stderr.endswith(change)


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (["--platform", "linux/s390x"], 3, "has nothing for linux/s390x, only for linux/amd64"),
        (["--platform", "linux/"], 2, "invalid platform"),
        (["surplus"], 2, "requires 2 arguments"),
    ],
)
def test_what_cannot_be_copied_is_said(
    one: str, seed: Seed, server, options: list[str], code: int, words: str
) -> None:
    seed(f"{one}:1", LIST)
    result = run_here("copy", f"{one}:1", f"{server.host}/app:1", *options)
    assert (result.code, result.stdout) == (code, b"")
    assert words in result.stderr
    assert writes(server) == []


def test_a_list_that_lacks_a_child_is_not_copied(tmp_path: Path, server) -> None:
    home = Layout(str(tmp_path / "app"))
    push_image(LayoutRegistry(), Reference(home, "1"), LIST)
    Path(home.directory, "blobs", "sha256", ARM.digest.hex).unlink()
    result = run_here("copy", f"oci:{home.directory}:1", f"{server.host}/app:1")
    assert result.code == 3
    assert str(ARM.digest) in result.stderr
    assert writes(server) == []


@pytest.mark.parametrize("target", ["two", "server", "layout"])
def test_referrers_come_along_to_where_they_can_be_found(
    one: str, two: str, seed: Seed, server, tmp_path: Path, target: str
) -> None:
    """From distribution 2.8, which has tags, to another, to one that has the API, to a folder."""
    sbom = referrer(INDEX.children[0])
    signature = referrer(sbom, "signature", "application/x-signature")
    for name in (INDEX, sbom, signature):
        seed(f"{one}@{name.digest}", name)
    seed(f"{one}:1", INDEX)
    there = {"two": two, "server": f"{server.host}/app", "layout": f"oci:{tmp_path}/app"}[target]
    result = run_here("copy", "--referrers", f"{one}:1", f"{there}:1")
    assert "note: 2 referrers came along" in result.stderr
    again = run_here("copy", "--referrers", f"{one}:1", f"{there}:1")
    assert "note: unchanged" in again.stderr
    back = run_here("copy", "--referrers", f"{there}:1", f"{one}-back:1")
    assert "note: 2 referrers came along" in back.stderr


def test_a_referrer_that_nobody_lists_is_put_again(one: str, two: str, seed: Seed) -> None:
    """A copy that was cut off between the referrer and its list left this behind."""
    image = oci_image()
    sbom = referrer(image)
    seed(f"{one}:1", image)
    seed(f"{one}@{sbom.digest}", sbom)
    seed(f"{two}@{sbom.digest}", sbom)
    tag = f"{two}:sha256-{image.digest.hex}"
    seed(tag, oci_index())
    result = run_here("copy", "--referrers", f"{one}:1", f"{two}:1")
    assert "1 referrer came along" in result.stderr
    listed = json.loads(run_here("inspect", tag).stdout)["manifests"]
    assert [entry["digest"] for entry in listed] == [str(sbom.digest)]


def test_a_copy_cut_off_after_any_request_moves_no_tag(one: str, seed: Seed) -> None:
    source, old = seed(f"{one}:1", docker_list(AMD, ARM)), oci_image(text="old")
    for allowed in range(100):
        memory = MemoryRegistry()
        tag = Reference(Repository(REGISTRY, "app"), "1")
        push_image(memory, tag, old)
        with RegistryServer(memory, gate=refusing_after(allowed)) as server:
            code = run_here("copy", source, f"{server.host}/app:1", "--jobs", "1").code
        standing = memory.get_manifest(tag)
        if code == 0:
            break
        assert standing == old.manifest
    assert standing == docker_list(AMD, ARM).manifest
    assert allowed > 10


def refusing_after(allowed: int) -> Callable[[Request], Answer | None]:
    seen = iter(range(10_000))
    return lambda _: failure("DENIED") if next(seen) >= allowed else None
