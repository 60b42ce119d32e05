"""``attached`` as a person runs it: every form, one document, and what goes wrong."""

import json
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from manyfest.adapters.memory import MemoryRegistry
from manyfest.adapters.oci_layout.registry import LayoutRegistry
from manyfest.contracts.images import Image, oci_image, push_image
from manyfest.domain.references import Layout, Reference
from tests.integration.conftest import Seed
from tests.support.content.attested import attested
from tests.support.content.statements import (
    BUNDLE,
    DSSE,
    SLSA_1,
    SPDX,
    attachment,
    attestation,
    bundle,
    envelope,
    slsa_1,
    spdx,
    statement,
)
from tests.support.http.registry_server import REGISTRY, Quirks, RegistryServer
from tests.support.programs.docker_client import Result
from tests.support.programs.docker_registry import RunningRegistry
from tests.support.programs.our_program import run_here
from tests.unit.domain.statements.test_signers import ISSUER, WORKFLOW, certificate

AMD, ARM = oci_image("linux/amd64", text="amd64"), oci_image("linux/arm64", text="arm64")
SBOM = statement(SPDX, spdx(("zlib", "1.3")), AMD.digest)
SLSA = statement(SLSA_1, slsa_1(), AMD.digest)
APP = attested([AMD, ARM], {0: attestation((SPDX, SBOM), (SLSA_1, SLSA))})
BARE = json.dumps(spdx(("curl", "8.0")), indent=3).encode()
ARM_SBOM = attachment(
    ("application/spdx+json", BARE, {}), subject=ARM, artifact_type="application/spdx+json"
)
NOTATION = attachment(
    ("application/jose+json", b'{"a": "signature"}', {}),
    subject=ARM_SBOM,
    artifact_type="application/vnd.cncf.notary.signature",
)
SIMPLE = "application/vnd.dev.cosign.simplesigning.v1+json"


def cosign_tag(image: Image, suffix: str) -> str:
    return f"sha256-{image.digest.hex}.{suffix}"


@pytest.fixture(scope="module")
def der(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    issuer = f"1.3.6.1.4.1.57264.1.8=ASN1:UTF8String:{ISSUER}"
    return certificate(tmp_path_factory.mktemp("signer"), f"subjectAltName=URI:{WORKFLOW}", issuer)


@pytest.fixture
def planted(der: bytes) -> dict[str, Image]:
    encoded = b64encode(der).decode()
    pem = f"-----BEGIN CERTIFICATE-----\n{encoded}\n-----END CERTIFICATE-----\n"
    notes = {"dev.cosignproject.cosign/signature": "MEU=", "dev.sigstore.cosign/certificate": pem}
    payload = bundle(statement(SLSA_1, slsa_1(), APP.digest), der)
    return {
        "app": APP,
        "sbom": ARM_SBOM,
        "notation": NOTATION,
        cosign_tag(AMD, "sig"): attachment((SIMPLE, b'{"critical": {}}', notes)),
        "bundle": attachment((BUNDLE, payload, {}), subject=APP, artifact_type=BUNDLE),
    }


@pytest.fixture
def registry(planted: dict[str, Image]) -> MemoryRegistry:
    registry = MemoryRegistry()
    for tag, image in planted.items():
        push_image(registry, Reference.parse(f"{REGISTRY}/team:{tag}"), image)
    return registry


@pytest.fixture
def server(registry: MemoryRegistry) -> Iterator[RegistryServer]:
    with RegistryServer(registry, quirks=Quirks(referrers=True)) as server:
        yield server


@pytest.fixture
def name(server: RegistryServer) -> str:
    return f"{server.host}/team:app"


def shown(result: Result) -> list[dict]:
    assert result.code == 0, result.stderr
    return json.loads(result.stdout)


def facts(documents: list[dict]) -> set[tuple[str, str, str | None, int]]:
    return {(each["kind"], each["form"], each["platform"], each["level"]) for each in documents}


EXPECTED = {
    ("SBOM (SPDX)", "entry", "linux/amd64", 0),
    ("provenance v1", "entry", "linux/amd64", 0),
    ("cosign signature", "digest tag", "linux/amd64", 0),
    ("SBOM (SPDX)", "referrer", "linux/arm64", 0),
    ("Notation signature", "referrer", "linux/arm64", 1),
    ("provenance v1", "referrer", None, 0),
}


def test_every_form_on_every_level_is_shown(name: str) -> None:
    documents = shown(run_here("attached", "--json", name))
    assert facts(documents) == EXPECTED
    [entry] = [each for each in documents if each["form"] == "entry" and "SBOM" in each["kind"]]
    assert entry["subject"] == str(AMD.digest)
    assert (entry["predicateType"], entry["size"]) == (SPDX, len(SBOM))


def test_the_signer_is_what_the_certificate_claims(name: str) -> None:
    documents = shown(run_here("attached", "--json", name))
    signed = {each["kind"]: each["signer"] for each in documents if each["signer"]}
    claimed = {"identity": WORKFLOW, "issuer": ISSUER}
    assert signed == {"cosign signature": claimed, "provenance v1": claimed}
    result = run_here("attached", name)
    assert f"{WORKFLOW} (claimed)" in result.stdout.decode()
    assert "signatures are not verified here" in result.stderr
    assert "cosign verify --certificate-identity IDENTITY" in result.stderr
    assert "verified" not in result.stdout.decode()


def test_each_kind_of_signature_has_its_command(name: str) -> None:
    home = name.removesuffix(":app")
    identity = "--certificate-identity IDENTITY --certificate-oidc-issuer ISSUER"
    _, *lines = run_here("attached", name).stderr.splitlines()
    assert {line.partition("signed: ")[2] for line in lines} == {
        f"cosign verify {identity} {home}@{AMD.digest}",
        f"cosign verify-attestation --type slsaprovenance1 {identity} {home}@{APP.digest}",
        f"notation verify {home}@{ARM_SBOM.digest}",
    }


def test_a_signed_statement_needs_no_certificate_to_have_a_command(
    registry: MemoryRegistry, server: RegistryServer
) -> None:
    signed = attachment((DSSE, envelope(SBOM), {"predicateType": SPDX}))
    for tag, image in (("image", AMD), (cosign_tag(AMD, "att"), signed)):
        push_image(registry, Reference.parse(f"{REGISTRY}/alone:{tag}"), image)
    result = run_here("attached", f"{server.host}/alone:image")
    assert "cosign verify-attestation --type spdxjson" in result.stderr
    assert "cosign verify " not in result.stderr


def test_the_same_is_found_under_referrers_tags(
    seed: Seed, docker_registry: RunningRegistry, repository: str, planted: dict[str, Image]
) -> None:
    home = f"{docker_registry.host}/{repository}"
    for tag, image in planted.items():
        seed(f"{home}:{tag}" if "." in tag or tag == "app" else f"{home}@{image.digest}", image)
    assert facts(shown(run_here("attached", "--json", f"{home}:app"))) == EXPECTED


def test_the_tree_has_a_branch_for_each_platform(name: str) -> None:
    result = run_here("attached", "--tree", name)
    lines = result.stdout.decode().splitlines()
    assert result.code == 0
    assert lines[0] == name
    indents = {
        line.lstrip("│├└─ ").split("  ")[0]: len(line) - len(line.lstrip("│├└─ "))
        for line in reversed(lines)
    }
    assert indents["linux/amd64"] == indents["provenance v1"] < indents["cosign signature"]
    assert indents["SBOM (SPDX)"] < indents["Notation signature"]


@pytest.mark.parametrize(
    "named", ["{0}", "{0:.20}", "{1}"], ids=["digest", "beginning", "hexadecimal"]
)
def test_one_document_is_printed_as_it_is(name: str, named: str) -> None:
    [digest] = [
        each["digest"]
        for each in shown(run_here("attached", "--json", name))
        if each["mediaType"] == "application/spdx+json"
    ]
    wanted = named.format(digest, digest.partition(":")[2])
    assert run_here("attached", "--get", wanted, name).stdout == BARE


def test_a_manifest_is_printed_as_it_is(name: str) -> None:
    result = run_here("attached", "--get", str(ARM_SBOM.digest), name)
    assert result.stdout == ARM_SBOM.manifest.data


@pytest.mark.parametrize("digest", ["sha256:" + "0" * 64, "nonsense", str(AMD.digest), "sha256:"])
def test_what_is_not_attached_is_not_printed(name: str, digest: str) -> None:
    result = run_here("attached", "--get", digest, name)
    assert (result.code, result.stdout) == (3, b"")
    assert f"has no document of the digest {digest}" in result.stderr


def test_nothing_says_how_to_verify_what_no_program_verifies(
    planted: dict[str, Image], tmp_path: Path
) -> None:
    place = Layout(str(tmp_path / "site"))
    for tag, image in planted.items():
        push_image(LayoutRegistry(), Reference(place, tag), image)
    result = run_here("attached", f"{place}:app")
    assert result.code == 0
    assert "signatures are not verified here" in result.stderr
    assert "cosign" not in result.stderr


def test_quiet_lists_the_digests_that_get_takes(name: str) -> None:
    shown = run_here("attached", "-q", name).stdout.decode().split()
    documents = json.loads(run_here("attached", "--json", name).stdout)
    assert shown == [each["digest"] for each in documents]
    assert run_here("attached", "--get", shown[0], name).code == 0
    kinds = run_here("attached", "-q", "--columns", "kind", name).stdout.decode().splitlines()
    assert kinds == [each["kind"] for each in documents]


def test_rows_are_selected_by_platform(name: str) -> None:
    result = run_here("attached", "--json", "--filter", "platform=linux/arm64", name)
    assert {each["platform"] for each in shown(result)} == {"linux/arm64"}


def test_offline_a_referrer_of_another_repository_is_left_out(
    name: str, server: RegistryServer, registry: MemoryRegistry
) -> None:
    theirs = f"{name.rpartition('/')[0]}/stranger:app"
    push_image(registry, Reference.parse(f"{REGISTRY}/stranger:app"), APP)
    assert run_here("attached", name).code == 0
    claim = attachment(
        ("application/spdx+json", BARE, {}), subject=AMD, artifact_type="application/spdx+json"
    )
    push_image(registry, Reference.parse(f"{REGISTRY}/stranger:claim"), claim)
    digest = str(claim.digest).encode()
    assert digest in run_here("attached", "--json", theirs).stdout
    offline = run_here("attached", "--offline", "--json", name)
    assert offline.code == 0
    assert digest not in offline.stdout
    assert "left out: cached referrers that were read from" in offline.stderr
    assert digest in run_here("attached", "--offline", "--json", theirs).stdout
    assert digest not in run_here("show", "--offline", "--json", name).stdout


def test_what_was_read_is_shown_offline(name: str, server: RegistryServer) -> None:
    online = facts(shown(run_here("attached", "--json", name)))
    count = len(server.log())
    offline = facts(shown(run_here("attached", "--offline", "--json", name)))
    assert offline == online
    assert len(server.log()) == count


def test_show_has_what_is_cached_of_it_without_a_request(name: str, server: RegistryServer) -> None:
    assert run_here("attached", name).code == 0
    count = len(server.log())
    document = shown(run_here("show", "--offline", "--json", name))
    amd, arm = document["entries"]
    assert [one["kind"] for one in document["attached"]] == ["Sigstore bundle"]
    assert [one["kind"] for one in amd["attached"]] == ["attestation", "cosign signature"]
    assert [one["kind"] for one in arm["attached"]] == ["SBOM (SPDX)"]
    assert len(server.log()) == count
    online = shown(run_here("show", "--json", name))
    assert online["attached"] == document["attached"]
    assert len(server.log()) == count + 1


@pytest.mark.parametrize("options", [[], ["--tree"], ["-q"]])
def test_where_nothing_is_attached_it_is_said(server: RegistryServer, options: list[str]) -> None:
    image = f"{server.host}/team@{NOTATION.digest}"
    result = run_here("attached", *options, image)
    assert (result.code, result.stdout) == (0, b"")
    assert result.stderr == f"note: nothing is attached to {image}\n"


def test_json_of_nothing_is_an_empty_array(server: RegistryServer) -> None:
    result = run_here("attached", "--json", f"{server.host}/team@{NOTATION.digest}")
    assert (json.loads(result.stdout), result.stderr) == ([], "")


@pytest.mark.parametrize("options", [["--tree", "--json"], ["--get", "x", "--tree"]])
def test_forms_of_output_exclude_each_other(name: str, options: list[str]) -> None:
    assert run_here("attached", *options, name).code == 2


def test_a_registry_that_fails_is_told_and_the_rest_shown(
    registry: MemoryRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.support.http.http_messages import Answer, Request

    with RegistryServer(registry, quirks=Quirks(referrers=True)) as server:
        serve: Callable[[Request], Answer] = server.app._routed

        def failing(request: Request) -> Answer:
            if "/referrers/" in request.path:
                return Answer(403, b"{}")
            return serve(request)

        monkeypatch.setattr(server.app, "_routed", failing)
        result = run_here("attached", f"{server.host}/team:app")
    assert result.code == 4
    assert "cosign signature" in result.stdout.decode()
    assert "warning: more may be attached" in result.stderr
