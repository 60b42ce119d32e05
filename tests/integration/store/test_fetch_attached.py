"""``cache fetch --attached``: all forms answer offline afterwards, and go along in a bundle."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from manyfest.adapters.memory import MemoryRegistry
from manyfest.contracts.images import Image, oci_image, oci_index, push_image
from manyfest.domain.references import Reference
from tests.support.content.attested import attested
from tests.support.content.statements import (
    BUNDLE,
    SLSA_1,
    SPDX,
    attachment,
    attestation,
    bundle,
    slsa_1,
    spdx,
    statement,
)
from tests.support.http.registry_server import REGISTRY, Quirks, RegistryServer
from tests.support.programs.our_program import run_here

AMD, ARM, S390X = (oci_image(f"linux/{each}", text=each) for each in ("amd64", "arm64", "s390x"))
SBOM = statement(SPDX, spdx(("zlib", "1.3")), AMD.digest)
APP = attested([AMD, ARM, S390X], {0: attestation((SPDX, SBOM))})
BARE = json.dumps(spdx(("curl", "8.0"))).encode()
SPDX_TYPE = "application/spdx+json"
ARM_SBOM = attachment((SPDX_TYPE, BARE, {}), subject=ARM, artifact_type=SPDX_TYPE)
NOTATION = attachment(
    ("application/jose+json", b'{"a": "signature"}', {}),
    subject=ARM_SBOM,
    artifact_type="application/vnd.cncf.notary.signature",
)
SLSA = attachment(
    (BUNDLE, bundle(statement(SLSA_1, slsa_1(), S390X.digest)), {}),
    subject=S390X,
    artifact_type=BUNDLE,
)
SIMPLE = "application/vnd.dev.cosign.simplesigning.v1+json"
SIGNATURE = attachment((SIMPLE, b'{"critical": {}}', {"dev.cosignproject.cosign/signature": "M"}))
PLANTED: dict[str, Image] = {
    "app": APP,
    "sbom": ARM_SBOM,
    "notation": NOTATION,
    "slsa": SLSA,
    f"sha256-{APP.digest.hex}.sig": SIGNATURE,
}


@pytest.fixture
def registry() -> MemoryRegistry:
    return MemoryRegistry()


@pytest.fixture(params=[True, False], ids=["referrers API", "referrers tag"])
def server(request, registry: MemoryRegistry) -> Iterator[RegistryServer]:
    for tag, image in PLANTED.items():
        push_image(registry, Reference.parse(f"{REGISTRY}/team:{tag}"), image)
    if not request.param:
        for subject, listed in ((ARM, ARM_SBOM), (ARM_SBOM, NOTATION), (S390X, SLSA)):
            tag = f"sha256-{subject.digest.hex}"
            push_image(registry, Reference.parse(f"{REGISTRY}/team:{tag}"), oci_index(listed))
    with RegistryServer(registry, quirks=Quirks(referrers=request.param)) as server:
        yield server


@pytest.fixture
def name(server: RegistryServer) -> str:
    return f"{server.host}/team:app"


def shown(*arguments: str) -> list[dict]:
    done = run_here(*arguments)
    assert done.code == 0, done.stderr
    return json.loads(done.stdout)


def facts(name: str, *options: str) -> set[tuple]:
    documents = shown("attached", "--json", *options, name)
    members = ("kind", "form", "digest", "platform", "level")
    return {tuple(each[member] for member in members) for each in documents}


def statements(name: str) -> tuple[list[str], ...]:
    """The packages of two platforms, and the builder of the third, told offline."""
    platforms = ("linux/amd64", "linux/arm64")
    packages = (shown("sbom", "--offline", "--json", "--platform", p, name) for p in platforms)
    built = shown("provenance", "--offline", "--json", "--platform", "linux/s390x", name)
    return (*([one["name"] for one in found] for found in packages), [built["slsa"]])


EXPECTED = (["zlib"], ["curl"], ["1"])


def test_what_is_attached_answers_offline(name: str, server: RegistryServer) -> None:
    done = run_here("cache", "fetch", "--attached", name)
    assert (done.code, done.stdout) == (0, b"1 of 1 reference, 5 manifests, 5 attached\n")
    count = len(server.log())
    offline = facts(name, "--offline")
    assert statements(name) == EXPECTED
    assert len(server.log()) == count
    assert offline == facts(name)
    assert {level for *_, level in offline} == {0, 1}
    [(number,)] = (tuple(row.values()) for row in shown("cache", "query", "--json", PACKAGES))
    assert number == 2


PACKAGES = "SELECT count(DISTINCT name) AS number FROM packages"


def test_a_second_fetch_asks_and_reads_nothing_again(name: str, server: RegistryServer) -> None:
    assert run_here("cache", "fetch", "--attached", name).code == 0
    count = len(server.log())
    assert run_here("cache", "fetch", "--attached", name).code == 0
    assert not [each for each in server.log()[count:] if "/blobs/" in each]


def test_nothing_is_asked_without_the_option(name: str, server: RegistryServer) -> None:
    assert run_here("cache", "fetch", name).code == 0
    assert not [each for each in server.log() if "/referrers/" in each]
    assert not [each for each in server.log() if "/tags/" in each]


@pytest.mark.parametrize("options", [[], ["--layers"]], ids=["", "layers"])
def test_a_bundle_takes_it_along(name: str, monkeypatch, tmp_path: Path, options) -> None:
    assert run_here("cache", "fetch", "--attached", *options, name).code == 0
    online = facts(name)
    assert run_here("cache", "export", *options, name, "bundle.tar").code == 0
    assert run_here("cache", "export", *options, "all.tar").code == 0
    for file in ("bundle.tar", "all.tar"):
        monkeypatch.setenv("MANYFEST_STORE", str(tmp_path / f"of-{file}" / "store.db"))
        done = run_here("cache", "import", str(Path(file)))
        assert done.code == 0, done.stderr
        assert facts(name, "--offline") == online
        assert statements(name) == EXPECTED
        assert run_here("cache", "fsck").code == 0


@pytest.mark.skipif(not shutil.which("skopeo"), reason="needs skopeo")
def test_a_bundle_with_attached_content_is_read_by_skopeo(name: str, tmp_path: Path) -> None:
    assert run_here("cache", "fetch", "--attached", "--layers", name).code == 0
    assert run_here("cache", "export", "--layers", name, "bundle").code == 0
    copy = ["skopeo", "copy", "--all", "--quiet", f"oci:bundle:{name}", "oci:copied:1"]
    done = subprocess.run(copy, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"sha256:{APP.digest.hex}" in Path("copied/index.json").read_text()


def test_a_failure_is_told_and_all_else_is_kept(name: str, registry: MemoryRegistry) -> None:
    lost = ARM_SBOM.manifest.layers[0].digest
    registry.forget_blob(Reference.parse(f"{REGISTRY}/team").at(lost))
    done = run_here("cache", "fetch", "--attached", name)
    assert done.code == 1
    [line] = done.stderr.splitlines()
    assert line.startswith("error: more may be attached: ")
    assert str(lost) in line
    assert shown("sbom", "--offline", "--json", "--platform", "linux/amd64", name)
