"""Promotion: everything comes along, both sides are compared, and only then do tags move."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from manyfest.adapters.memory import MemoryRegistry
from manyfest.contracts.images import Image, oci_image, oci_index, push_image, windows_image
from manyfest.domain.errors import ManifestUnknownError
from manyfest.domain.lists.referrers import referrers_tag
from manyfest.domain.manifests import Manifest
from manyfest.domain.media_types import OCI_INDEX
from manyfest.domain.references import Reference
from tests.support.content import signed
from tests.support.content.unchecking import Unchecking
from tests.support.http.registry_server import REGISTRY, Quirks, RegistryServer
from tests.support.programs.docker_client import Result
from tests.support.programs.our_program import run_here

AMD, ARM = oci_image("linux/amd64", text="amd"), oci_image("linux/arm64", text="arm")
INDEX = signed.built(AMD, ARM)
ATTESTATIONS = INDEX.children[2:]
PLAIN = oci_index(AMD, ARM)


def at(name: str) -> Reference:
    return Reference.parse(f"{REGISTRY}/{name}")


@pytest.fixture
def memory() -> MemoryRegistry:
    registry = MemoryRegistry()
    push_image(registry, at("stage/app:1"), INDEX)
    push_image(registry, at("stage/bare:1"), PLAIN)
    attach(registry, "stage/app", signed.bundle(ATTESTATIONS[0]), signed.bundle(AMD, signed.SPDX))
    push_image(
        registry, at(f"stage/app:{signed.digest_tag(INDEX, 'sig')}"), signed.signature(b"list")
    )
    return registry


def attach(registry: MemoryRegistry, home: str, *images: Image) -> None:
    for image in images:
        push_image(registry, at(home).at(image.digest), image)


@pytest.fixture
def server(memory: MemoryRegistry) -> Iterator[RegistryServer]:
    with RegistryServer(memory, quirks=Quirks(referrers=True)) as running:
        yield running


def run(server: RegistryServer, *words: str, code: int = 0) -> Result:
    result = run_here("promote", *(word.replace("HOST", server.host) for word in words))
    assert result.code == code, (result.stdout, result.stderr)
    return result


def tags(memory: MemoryRegistry, home: str) -> set[str]:
    return {tag for tag in memory.tags(at(home).home) if not tag.startswith("sha256-")}


def test_all_that_is_attached_is_proved_to_be_there(
    server: RegistryServer, memory: MemoryRegistry
) -> None:
    words = ("--require", "signature,sbom,provenance", "--tags", "1.0,latest")
    result = run(server, *words, "HOST/stage/app:1", "HOST/prod/app")
    shown = result.stdout.decode()
    assert "manifests  5 of 5 equal on both sides\n" in shown
    assert "attached   5 of 5 equal on both sides: " in shown
    assert tags(memory, "prod/app") == {"1.0", "latest"}
    assert memory.get_manifest(at("prod/app:latest")).digest == INDEX.digest
    assert "not verified here" in result.stderr
    assert f"{server.host}/prod/app@{INDEX.digest}" in result.stderr.splitlines()[-1]


def test_the_record_names_everything_and_calls_nothing_verified(server: RegistryServer) -> None:
    words = ("HOST/stage/app:1", "HOST/prod/app:1")
    planned = json.loads(run(server, "--dry-run", "--json", *words).stdout)
    done = json.loads(run(server, "--json", *words).stdout)
    assert planned["steps"][-1]["step"] == "tag"
    assert "proof" not in planned
    proof = {"manifests": 5, "attached": 5, "equal": True}
    assert {key: done["proof"][key] for key in proof} == proof
    assert done["proof"]["verifyWith"].startswith("cosign verify ")
    assert done["signaturesVerified"] is False
    assert {one["digest"] for one in done["manifests"]} == {
        str(image.digest) for image in (INDEX, *INDEX.children)
    }
    assert done["tags"] == [{"tag": f"{server.host}/prod/app:1", "before": None}]
    assert planned["manifests"] == done["manifests"]


def test_what_the_api_and_a_referrers_tag_both_list_counts_once(
    server: RegistryServer, memory: MemoryRegistry
) -> None:
    """A registry that learnt the API keeps the tags of clients that did not use it."""
    signature = signed.bundle(INDEX)
    attach(memory, "stage/app", signature)
    entry = {**signature.manifest.descriptor().to_json(), "artifactType": signed.BUNDLE}
    listed = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [entry]}
    fallback = Manifest(OCI_INDEX, json.dumps(listed).encode())
    memory.put_manifest(referrers_tag(at("stage/app").at(INDEX.digest)), fallback)
    for quirks in (Quirks(referrers=True), Quirks()):
        with RegistryServer(MemoryRegistry(), quirks=quirks) as far:
            shown = run(server, "--json", "HOST/stage/app:1", f"{far.host}/app:1").stdout
            attached = [one["digest"] for one in json.loads(shown)["attached"]]
            assert len(set(attached)) == len(attached) == 6
            assert str(signature.digest) in attached


def test_what_is_required_and_lacks_stops_before_anything_is_written(
    server: RegistryServer, memory: MemoryRegistry
) -> None:
    for purpose in ("signature", "sbom", "provenance"):
        result = run(server, "--require", purpose, "HOST/stage/bare:1", "HOST/prod/bare:1", code=8)
        assert "linux/amd64, linux/arm64" in result.stderr
        assert f"--require {purpose}" in result.stderr
    assert not [r for r in server.requests if r.method in ("PUT", "POST", "PATCH")]
    attach(memory, "stage/bare", signed.bundle(AMD, signed.SPDX))
    result = run(server, "--require", "sbom", "HOST/stage/bare:1", "HOST/prod/bare:1", code=8)
    assert "linux/arm64" in result.stderr
    assert "linux/amd64" not in result.stderr
    attach(memory, "stage/bare", signed.bundle(ARM, signed.SPDX))
    run(server, "--require", "sbom", "HOST/stage/bare:1", "HOST/prod/bare:1")


def test_a_target_that_lists_less_than_the_source_gets_no_tag(
    server: RegistryServer, memory: MemoryRegistry
) -> None:
    """A digest tag of the target that has signatures of its own stays, so all is not there."""
    name = f"prod/app:{signed.digest_tag(INDEX, 'sig')}"
    push_image(memory, at(name), signed.signature(b"another"))
    result = run(server, "HOST/stage/app:1", "HOST/prod/app:1", code=8)
    assert f"cosign signature {signed.digest_tag(INDEX, 'sig')}" in result.stderr
    assert "no tag was moved" in result.stderr
    assert tags(memory, "prod/app") == set()


def test_the_target_is_read_back_and_not_the_cache(
    server: RegistryServer, memory: MemoryRegistry
) -> None:
    run(server, "HOST/stage/app:1", "HOST/prod/app:1")
    before = len(server.requests)
    run(server, "HOST/stage/app:1", "HOST/prod/app:1")
    reads = [
        request.path
        for request in server.requests[before:]
        if request.method == "GET" and "/prod/app/manifests/sha256:" in request.path
    ]
    assert len(set(reads)) == 5 + 2  # the tree and the referrers; the signature has a tag


def test_a_guarded_tag_that_moved_stays(server: RegistryServer, memory: MemoryRegistry) -> None:
    push_image(memory, at("prod/app:1"), AMD)
    words = ("HOST/stage/app:1", "HOST/prod/app:1")
    run(server, "--expect", "absent", *words, code=6)
    assert memory.get_manifest(at("prod/app:1")).digest == AMD.digest
    run(server, "--expect", str(AMD.digest), *words)
    assert memory.get_manifest(at("prod/app:1")).digest == INDEX.digest


@pytest.fixture
def edge() -> Unchecking:
    return Unchecking()


@pytest.fixture
def far(edge: Unchecking) -> Iterator[RegistryServer]:
    with RegistryServer(edge, quirks=Quirks(referrers=True)) as running:
        yield running


def test_a_sparse_promotion_proves_what_is_selected_and_names_what_is_absent(
    server: RegistryServer, edge: Unchecking, far: RegistryServer
) -> None:
    words = ("--platform", "linux/arm64", "--sparse", "HOST/stage/app:1", f"{far.host}/edge/app:1")
    shown = run(server, *words)
    text = shown.stdout.decode()
    assert "manifests  3 of 3 equal on both sides\n" in text  # the list, the image, its attestation
    assert "absent     2 of 4 entries, as --sparse selects: linux/amd64, unknown/unknown\n" in text
    assert "a pull for linux/amd64 fails there" in shown.stderr
    assert edge.get_manifest(at("edge/app:1")).digest == INDEX.digest
    assert f"{signed.digest_tag(INDEX, 'sig')}" in edge.tags(at("edge/app").home)
    with pytest.raises(ManifestUnknownError):
        edge.get_manifest(at("edge/app").at(AMD.digest))
    record = json.loads(run(server, "--json", *words).stdout)
    assert record["absent"] == [str(AMD.digest), str(ATTESTATIONS[0].digest)]
    assert record["proof"]["equal"]


def test_a_sparse_promotion_requires_of_what_is_selected(
    server: RegistryServer, memory: MemoryRegistry, far: RegistryServer
) -> None:
    attach(memory, "stage/bare", signed.bundle(ARM, signed.SPDX))
    words = ("--require", "sbom", "HOST/stage/bare:1", f"{far.host}/edge/bare:1")
    run(server, "--platform", "linux/arm64", "--sparse", *words)
    missing = run(server, "--platform", "linux/amd64", "--sparse", *words, code=8)
    assert "nor to linux/amd64" in missing.stderr


def test_a_registry_that_takes_no_sparse_list_is_asked_before_anything_is_sent(
    server: RegistryServer,
) -> None:
    with RegistryServer(MemoryRegistry(), quirks=Quirks(referrers=True)) as strict:
        words = ("--platform", "linux/arm64", "--sparse", "HOST/stage/app:1")
        result = run(server, *words, f"{strict.host}/edge/app:1", code=1)
        assert "sparse:" not in result.stderr
        writes = [r for r in strict.requests if r.method in ("PUT", "POST", "PATCH")]
        assert [f"@{INDEX.digest}" in f"@{r.path.rpartition('/')[2]}" for r in writes] == [True]


def test_layouts_are_sources_and_targets(
    server: RegistryServer, memory: MemoryRegistry, tmp_path: Path
) -> None:
    run(server, "HOST/stage/app:1", f"oci:{tmp_path}/gap:1")
    shown = run(server, f"oci:{tmp_path}/gap:1", "HOST/far/app:1").stdout.decode()
    assert "manifests  5 of 5 equal" in shown
    assert "attached   5 of 5 equal" in shown
    assert tags(memory, "far/app") == {"1"}


def test_a_registry_without_referrers_has_them_under_tags(server: RegistryServer) -> None:
    with RegistryServer(MemoryRegistry()) as other:
        far = f"{other.host}/far/app"
        shown = run(server, "HOST/stage/app:1", f"{far}:1").stdout.decode()
        assert "attached   5 of 5 equal" in shown
        again = run(server, "--require", "signature,sbom", f"{far}:1", f"{far}-too:1")
        assert "attached   5 of 5 equal" in again.stdout.decode()


def test_a_file_of_kpromo_promotes_many(
    server: RegistryServer, memory: MemoryRegistry, tmp_path: Path
) -> None:
    file = tmp_path / "images.yaml"
    file.write_text(
        f"- name: app\n  dmap:\n    '{INDEX.digest}': ['v1', v2]\n"
        f"- name: bare\n  dmap:\n    {PLAIN.digest}: [v3]\n    {AMD.digest}: []\n"
    )
    shown = run(server, "--json", "--from", str(file), "HOST/stage", "HOST/prod/")
    records = json.loads(shown.stdout)
    assert [len(record["tags"]) for record in records] == [2, 1, 0]
    assert all(record["proof"]["equal"] for record in records)
    assert tags(memory, "prod/app") == {"v1", "v2"}
    assert tags(memory, "prod/bare") == {"v3"}


def test_registries_of_the_file_that_are_not_used_are_named(
    server: RegistryServer, memory: MemoryRegistry, tmp_path: Path
) -> None:
    """A manifest of kpromo promotes to all its registries, and we to DST alone."""
    file = tmp_path / "images.yaml"
    images = f"images:\n- name: app\n  dmap: {{'{INDEX.digest}': [v1]}}\n"
    stage, prod = f"{server.host}/stage", f"{server.host}/prod"
    registries = f"registries:\n- name: {stage}\n  src: true\n- name: {prod}/\n"
    file.write_text(registries + images)
    used = run(server, "--dry-run", "--from", str(file), "HOST/stage", "HOST/prod/")
    assert used.stderr == ""
    file.write_text(f"{registries}- name: eu.test/prod\n  service-account: a@b.test\n{images}")
    told = run(server, "--from", str(file), "HOST/stage", "HOST/prod")
    line = f"registries in {file} that are neither SRC nor DST are not used: eu.test/prod"
    assert f"warning: {line}\n" in told.stderr
    assert tags(memory, "prod/app") == {"v1"}


def test_notes_about_signatures_come_once_a_run(
    server: RegistryServer, memory: MemoryRegistry, tmp_path: Path
) -> None:
    tag = signed.digest_tag(PLAIN, "sig")
    push_image(memory, at(f"stage/bare:{tag}"), signed.signature(b"bare"))
    file = tmp_path / "images.yaml"
    file.write_text(
        f"- name: app\n  dmap:\n    '{INDEX.digest}': [v1]\n"
        f"- name: bare\n  dmap:\n    {PLAIN.digest}: [v3]\n"
    )
    notes = run(server, "--from", str(file), "HOST/stage", "HOST/prod").stderr
    assert notes.count("not verified here") == notes.count("to verify, with the identity") == 1
    assert notes.rstrip().endswith("(and 1 more: verifyWith of --json)")


def test_one_image_that_is_missing_keeps_the_tags_of_all(
    server: RegistryServer, memory: MemoryRegistry, tmp_path: Path
) -> None:
    file, missing = tmp_path / "images.yaml", f"sha256:{'0' * 64}"
    file.write_text(
        f"images:\n- name: app\n  dmap: {{'{INDEX.digest}': [v1]}}\n"
        f"- name: bare\n  dmap: {{'{missing}': [v1]}}\n"
    )
    result = run(server, "--from", str(file), "HOST/stage", "HOST/prod", code=3)
    assert missing in result.stderr
    assert "1 of 2 images cannot be promoted; no tag was moved" in result.stderr
    assert tags(memory, "prod/app") == set()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "f.yaml: declares no image"),
        (
            f"- name: a\n  dmap:\n    '{AMD.digest}': [1]\n    '{AMD.digest}': [2]",
            "f.yaml:4: sha256:",
        ),
        (
            f"- name: a\n  name: b\n  dmap: {{'{AMD.digest}': [1]}}",
            "f.yaml:2: name is written twice",
        ),
    ],
)
def test_a_file_that_would_lose_tags_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    file = tmp_path / "f.yaml"
    file.write_text(text)
    result = run_here("promote", "--from", str(file), "host.test/a", "host.test/b")
    assert (result.code, reason in result.stderr) == (2, True), result.stderr


def test_a_file_of_windows_is_read_as_others(
    server: RegistryServer, memory: MemoryRegistry, tmp_path: Path
) -> None:
    """With a byte order mark, CRLF, and an anchor for tags that two images share."""
    file = tmp_path / "images.yaml"
    lines = (
        *("- name: app", "  dmap:", f"    '{INDEX.digest}': &tags [v1, v2]"),
        *("- name: bare", "  dmap:", f"    '{PLAIN.digest}': *tags", ""),
    )
    file.write_bytes(b"\xef\xbb\xbf" + "\r\n".join(lines).encode())
    run(server, "--from", str(file), "HOST/stage", "HOST/prod")
    assert tags(memory, "prod/app") == tags(memory, "prod/bare") == {"v1", "v2"}


def test_foreign_layers_are_named_where_they_stay(
    server: RegistryServer, memory: MemoryRegistry
) -> None:
    push_image(memory, at("stage/win:1"), windows_image())
    result = run(server, "HOST/stage/win:1", "HOST/prod/win:1")
    assert "left behind, as --foreign-layers is not given: 1 foreign layer" in result.stderr


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--sparse",), "--platform and --sparse go together"),
        (("--platform", "linux/amd64"), "--platform and --sparse go together"),
        (("--require", "magic"), "--require wants signature, sbom or provenance, not 'magic'"),
        (("--require", ""), "--require names nothing"),
        (("--tags", " ,"), "--tags names nothing"),
        (("--from", "f.yaml", "--tags", "1"), "--from names the tags"),
        (("--from", "f.yaml", "--expect", "absent"), "--from names the tags"),
    ],
)
def test_what_does_not_go_together_is_a_mistake(words: tuple[str, ...], reason: str) -> None:
    result = run_here("promote", *words, "host.test/a", "host.test/b")
    assert (result.code, reason in result.stderr) == (2, True), result.stderr
