"""Copies that trust less or promise less: blobs are looked at, or images are absent."""

from collections.abc import Iterator

import pytest

from manyfest.adapters.memory import MemoryRegistry
from manyfest.contracts.images import oci_image, oci_index, push_image, referrer
from manyfest.domain.digests import Digest
from manyfest.domain.references import Reference
from tests.support.content.unchecking import Unchecking
from tests.support.http.registry_server import REGISTRY, Quirks, RegistryServer
from tests.support.programs.docker_client import Result
from tests.support.programs.our_program import run_here

AMD, ARM = oci_image("linux/amd64", text="amd"), oci_image("linux/arm64", text="arm")
INDEX = oci_index(AMD, ARM)
SBOM = referrer(AMD, "sbom")
WRITING = ("POST", "PUT", "PATCH")


def at(name: str) -> Reference:
    return Reference.parse(f"{REGISTRY}/{name}")


@pytest.fixture
def far() -> Unchecking:
    return Unchecking()


@pytest.fixture
def server() -> Iterator[RegistryServer]:
    memory = MemoryRegistry()
    push_image(memory, at("app:1"), INDEX)
    push_image(memory, at("app").at(SBOM.digest), SBOM)
    with RegistryServer(memory, quirks=Quirks(referrers=True)) as running:
        yield running


@pytest.fixture
def other(far: Unchecking) -> Iterator[RegistryServer]:
    with RegistryServer(far, quirks=Quirks(referrers=True)) as running:
        yield running


def copied(server: RegistryServer, other: RegistryServer, *words: str, code: int = 0) -> Result:
    result = run_here("copy", *words, f"{server.host}/app:1", f"{other.host}/app:1")
    assert result.code == code, result.stderr
    return result


@pytest.mark.parametrize("image", [ARM, SBOM], ids=["of an image", "of a referrer"])
def test_a_blob_that_was_lost_is_uploaded_again_and_nothing_else(
    server: RegistryServer, other: RegistryServer, far: Unchecking, image
) -> None:
    copied(server, other)
    data = image.blobs[0]
    blob = at("app").at(Digest.of(data))
    far.forget_blob(blob)
    assert "unchanged" in copied(server, other).stderr
    assert far.probe_blob(blob) is None
    planned = copied(server, other, "--verify-blobs", "--dry-run")
    assert b"would copy 1 blob, " in planned.stdout
    before = len(other.requests)
    copied(server, other, "--verify-blobs")
    written = [r for r in other.requests[before:] if r.method in WRITING]
    assert [r.method for r in written] == ["POST", "PUT"]
    assert far.head_blob(blob) == len(data)
    assert "unchanged" in copied(server, other, "--verify-blobs").stderr


def test_each_blob_is_asked_for_once(server: RegistryServer, other: RegistryServer) -> None:
    copied(server, other)
    before = len(other.requests)
    copied(server, other, "--verify-blobs")
    heads = [r.path for r in other.requests[before:] if r.method == "HEAD" and "/blobs/" in r.path]
    blobs = {Digest.of(data) for image in (AMD, ARM, SBOM) for data in image.blobs}
    assert sorted(heads) == sorted(f"/v2/app/blobs/{digest}" for digest in blobs)


def test_a_blob_that_nobody_else_has_is_named(other: RegistryServer, far: Unchecking) -> None:
    push_image(far, at("app:1"), INDEX)
    blob = at("app").at(Digest.of(ARM.blobs[0]))
    far.forget_blob(blob)
    names = (f"{other.host}/app:1", f"{other.host}/app:2")
    result = run_here("copy", "--verify-blobs", *names)
    assert (result.code, str(blob.digest) in result.stderr) == (3, True), result.stderr


def test_a_sparse_copy_keeps_the_digest_and_says_what_is_absent(
    server: RegistryServer, other: RegistryServer, far: Unchecking
) -> None:
    result = copied(server, other, "--sparse", "--platform", "linux/arm64")
    assert result.stdout.decode() == f"{INDEX.digest}\n"
    assert "sparse: 1 of 2 entries are absent" in result.stderr
    assert "a pull for linux/amd64 fails there" in result.stderr
    assert far.get_manifest(at("app:1")) == INDEX.manifest
    assert far.probe_manifest(at("app").at(ARM.digest)) is not None
    assert far.probe_manifest(at("app").at(AMD.digest)) is None
    assert "unchanged" in copied(server, other, "--sparse", "--platform", "linux/arm64").stderr
    copied(server, other)
    assert far.probe_manifest(at("app").at(AMD.digest)) is not None


def test_a_registry_that_refuses_absent_images_is_asked_before_anything_is_sent(
    server: RegistryServer,
) -> None:
    with RegistryServer(MemoryRegistry()) as strict:
        result = copied(server, strict, "--sparse", "--platform", "linux/arm64", code=1)
        assert "a list with absent images is not taken; copy it whole" in result.stderr
        assert "sparse:" not in result.stderr
        assert [r.method for r in strict.requests if r.method in WRITING] == ["PUT"]


def test_sparse_goes_with_platforms_alone() -> None:
    result = run_here("copy", "--sparse", "host.test/a", "host.test/b")
    assert (result.code, "--sparse goes with --platform" in result.stderr) == (2, True)
