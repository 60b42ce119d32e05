"""``sbom`` and ``provenance`` as a person runs them, on every form that carries a statement."""

import json
from collections.abc import Iterator

import pytest

from manyfest.adapters.memory import MemoryRegistry
from manyfest.contracts.images import Image, artifact, oci_image, oci_index, push_image
from manyfest.domain.digests import Digest
from manyfest.domain.references import Reference
from tests.integration.conftest import Seed
from tests.support.content.attested import attested
from tests.support.content.statements import (
    BUNDLE,
    DOCKERFILE,
    DSSE,
    IN_TOTO,
    PREDICATE_TYPE,
    SLSA_02,
    SLSA_1,
    SPDX,
    attachment,
    attestation,
    bundle,
    cyclonedx,
    envelope,
    slsa_02,
    slsa_1,
    spdx,
    statement,
)
from tests.support.http.http_messages import Answer
from tests.support.http.registry_server import REGISTRY, Quirks, RegistryServer
from tests.support.programs.docker_client import Result
from tests.support.programs.docker_registry import RunningRegistry
from tests.support.programs.our_program import run_here

AMD, ARM, S390X = (oci_image(f"linux/{each}", text=each) for each in ("amd64", "arm64", "s390x"))
PACKAGES = ("zlib", "1.3"), ("openssl", "3.0.13")
AMD_SBOM = statement(SPDX, spdx(*PACKAGES), AMD.digest)
AMD_SLSA = statement(SLSA_02, slsa_02(), AMD.digest)
ARM_SLSA = statement(SLSA_1, slsa_1(), ARM.digest)
APP = attested(
    [AMD, ARM, S390X],
    {0: attestation((SPDX, AMD_SBOM), (SLSA_02, AMD_SLSA)), 1: attestation((SLSA_1, ARM_SLSA))},
)
SOLE = attested([AMD], {0: attestation((SPDX, AMD_SBOM))})


@pytest.fixture
def registry() -> MemoryRegistry:
    return MemoryRegistry()


@pytest.fixture
def server(registry: MemoryRegistry) -> Iterator[RegistryServer]:
    with RegistryServer(registry, quirks=Quirks(referrers=True)) as server:
        yield server


@pytest.fixture
def name(server: RegistryServer) -> str:
    return f"{server.host}/team"


@pytest.fixture
def plant(registry: MemoryRegistry):
    def planted(tag: str, image: Image) -> None:
        push_image(registry, Reference.parse(f"{REGISTRY}/team:{tag}"), image)

    return planted


def rows(result: Result) -> list[list[str]]:
    assert result.code == 0, result.stderr
    return [line.split() for line in result.stdout.decode().splitlines()]


def tag(image: Image, suffix: str) -> str:
    return f"sha256-{image.digest.hex}.{suffix}"


def test_an_sbom_of_buildkit_is_a_table_of_packages(name, plant, server) -> None:
    plant("app", APP)
    result = run_here("sbom", "--platform", "linux/amd64", f"{name}:app")
    assert rows(result) == [
        ["NAME", "VERSION", "TYPE", "LICENCE"],
        ["openssl", "3.0.13", "deb", "MIT"],
        ["zlib", "1.3", "deb", "MIT"],
    ]
    assert f"{name}@{AMD.digest}: 2 packages, SPDX-2.3, by syft-1.4" in result.stderr
    assert "note: not signed: anybody" in result.stderr
    kinds = [line.split("/")[3] for line in server.log()]
    # not the SLSA; a signed SBOM may be a referrer, or under the tags .att and .sbom
    assert kinds == ["manifests", "manifests", "blobs", "referrers", "manifests", "manifests"]


def test_the_only_image_of_a_list_needs_no_platform(name, plant) -> None:
    plant("app", SOLE)
    assert ["zlib", "1.3", "deb", "MIT"] in rows(run_here("sbom", f"{name}:app"))


def test_of_several_images_one_must_be_chosen(name, plant) -> None:
    plant("app", APP)
    result = run_here("sbom", f"{name}:app")
    assert (result.code, result.stdout) == (2, b"")
    assert "choose one with --platform: linux/amd64, linux/arm64, linux/s390x" in result.stderr


@pytest.mark.parametrize(("command", "kind"), [("sbom", "SBOM"), ("provenance", "provenance")])
def test_another_platforms_statement_is_no_answer(name, plant, command, kind) -> None:
    plant("app", APP)
    result = run_here(command, "--platform", "linux/s390x", f"{name}:app")
    assert (result.code, result.stdout) == (3, b"")
    image = f"{name}@{S390X.digest}"
    hint = "there are attestations for linux/amd64, linux/arm64"
    assert f"error: {image} has no {kind}; {hint}" in result.stderr


def test_a_statement_about_another_image_is_refused(name, plant) -> None:
    plant("app", attested([AMD, ARM], {1: attestation((SPDX, AMD_SBOM))}))
    result = run_here("sbom", "--platform", "linux/arm64", f"{name}:app")
    assert (result.code, result.stdout) == (7, b"")
    assert f"it is about {AMD.digest}, not about {ARM.digest}" in result.stderr


FORMS = {
    "referrer, bare SPDX": ("application/spdx+json", json.dumps(spdx(*PACKAGES)).encode(), {}),
    "referrer, CycloneDX": (
        "application/vnd.cyclonedx+json",
        json.dumps(cyclonedx(*PACKAGES)).encode(),
        {},
    ),
    "referrer, in-toto": (IN_TOTO, AMD_SBOM, {PREDICATE_TYPE: SPDX}),
    "referrer, Sigstore bundle": (BUNDLE, bundle(AMD_SBOM), {}),
    "referrer, DSSE": (DSSE, envelope(AMD_SBOM), {}),
}


@pytest.mark.parametrize("form", FORMS)
def test_referrers_carry_sboms_too(name, plant, form) -> None:
    media_type, data, notes = FORMS[form]
    plant("app", oci_index(AMD, ARM))
    made = attachment((media_type, data, notes), subject=AMD, artifact_type=media_type)
    plant("attached", made)
    result = run_here("sbom", "--platform", "linux/amd64", f"{name}:app")
    assert {row[0] for row in rows(result)} >= {"openssl", "zlib"} or "@team/zlib" in str(
        rows(result)
    )
    assert ("cosign verify-attestation --type spdxjson" in result.stderr) == (
        "DSSE" in form or "bundle" in form
    )


@pytest.mark.parametrize(
    ("suffix", "media_type", "data", "notes"),
    [
        ("att", DSSE, envelope(AMD_SBOM), {"predicateType": SPDX}),
        ("sbom", "text/spdx+json", json.dumps(spdx(*PACKAGES)).encode(), {}),
    ],
)
def test_tags_of_cosign_carry_sboms_too(name, plant, suffix, media_type, data, notes) -> None:
    plant("app", AMD)
    plant(tag(AMD, suffix), attachment((media_type, data, notes)))
    assert ["zlib", "1.3", "deb", "MIT"] in rows(run_here("sbom", f"{name}:app"))


SIGNED = {
    "sbom": (SPDX, statement(SPDX, spdx(("signed", "1.0")), AMD.digest), "SBOM"),
    "provenance": (
        SLSA_1,
        statement(SLSA_1, slsa_1(), AMD.digest),
        "provenance statement",
    ),
}


@pytest.mark.parametrize("form", ["referrer", "digest tag"])
@pytest.mark.parametrize("command", SIGNED)
def test_a_signed_statement_goes_before_that_of_the_builder(name, plant, command, form) -> None:
    kind, data, noun = SIGNED[command]
    plant("app", APP)
    if form == "referrer":
        plant("s", attachment((BUNDLE, bundle(data), {}), subject=AMD, artifact_type=BUNDLE))
    else:
        plant(tag(AMD, "att"), attachment((DSSE, envelope(data), {"predicateType": kind})))
    result = run_here(command, "--platform", "linux/amd64", f"{name}:app")
    assert result.code == 0
    assert {"sbom": "signed ", "provenance": "runs/8"}[command] in result.stdout.decode()
    assert "cosign verify-attestation --type" in result.stderr
    assert "anybody who may push" not in result.stderr
    digest = {"sbom": Digest.of(AMD_SBOM), "provenance": Digest.of(AMD_SLSA)}[command]
    told = f"note: 1 other {noun}: manyfest attached --get DIGEST {name}:app prints {digest}"
    assert told in result.stderr


def test_a_second_sbom_is_told_beside_the_document_itself(name, plant) -> None:
    plant("app", SOLE)
    plant(tag(AMD, "sbom"), attachment(("text/spdx+json", json.dumps(spdx()).encode(), {})))
    result = run_here("sbom", "--format", "json", f"{name}:app")
    assert json.loads(result.stdout) == spdx(*PACKAGES)
    assert "1 other SBOM: " in result.stderr


def test_where_signed_statements_cannot_be_looked_for_the_builders_is_shown(
    name, plant, server, monkeypatch
) -> None:
    plant("app", SOLE)
    serve = server.app._routed
    monkeypatch.setattr(
        server.app,
        "_routed",
        lambda request: Answer(403, b"{}") if "/referrers/" in request.path else serve(request),
    )
    result = run_here("sbom", f"{name}:app")
    assert ["zlib", "1.3", "deb", "MIT"] in rows(result)
    assert "warning: a signed SBOM may be attached: " in result.stderr


def test_signatures_and_scans_are_not_read(name, plant, server) -> None:
    plant("app", AMD)
    signature = "application/vnd.cncf.notary.signature"
    plant(
        "signature",
        attachment(("application/jose+json", b"{}", {}), subject=AMD, artifact_type=signature),
    )
    scan = attachment(
        (IN_TOTO, b"{}", {PREDICATE_TYPE: "https://in-toto.io/attestation/vulns"}),
        subject=AMD,
        artifact_type=IN_TOTO,
    )
    plant("scan", scan)
    result = run_here("sbom", f"{name}:app")
    assert (result.code, result.stdout) == (3, b"")
    assert f"{name}@{AMD.digest} has no SBOM" in result.stderr
    assert not [
        line
        for line in server.log()
        if "/blobs/" in line and "GET" in line and str(AMD.blobs[0]) in line
    ]


def test_what_is_attached_to_a_list_answers_for_the_list(name, plant) -> None:
    index = oci_index(AMD, ARM)
    plant("app", index)
    plant(
        "attached",
        attachment(
            (IN_TOTO, statement(SPDX, spdx(*PACKAGES), index.digest), {PREDICATE_TYPE: SPDX}),
            subject=index,
            artifact_type=IN_TOTO,
        ),
    )
    result = run_here("sbom", f"{name}:app")
    assert ["zlib", "1.3", "deb", "MIT"] in rows(result)
    refused = run_here("sbom", "--platform", "linux/arm64", f"{name}:app")
    assert (refused.code, refused.stdout) == (3, b"")


def test_the_document_itself_is_printed(name, plant) -> None:
    plant("app", SOLE)
    assert json.loads(run_here("sbom", "--format", "json", f"{name}:app").stdout) == spdx(*PACKAGES)
    plant("image", AMD)
    plain = json.dumps(cyclonedx(*PACKAGES), indent=3).encode()
    plant(tag(AMD, "sbom"), attachment(("application/vnd.cyclonedx+json", plain, {})))
    assert run_here("sbom", "--format", "json", f"{name}:image").stdout == plain + b"\n"


def test_packages_are_filtered_and_printed_for_programs(name, plant) -> None:
    plant("app", SOLE)
    result = run_here("sbom", "--json", "--filter", "name=open*", f"{name}:app")
    assert json.loads(result.stdout) == [
        {
            "name": "openssl",
            "version": "3.0.13",
            "type": "deb",
            "licence": "MIT",
            "purl": "pkg:deb/debian/openssl@3.0.13?arch=amd64",
        }
    ]


def test_what_was_read_answers_offline(name, plant, server) -> None:
    plant("app", APP)
    wanted = "--platform", "linux/amd64", f"{name}:app"
    online = run_here("sbom", *wanted)
    run_here("provenance", *wanted)
    count = len(server.log())
    assert rows(run_here("sbom", "--offline", *wanted)) == rows(online)
    assert run_here("provenance", "--offline", *wanted).code == 0
    assert len(server.log()) == count


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_an_sbom_of_another_form_is_warned_of(name, plant, options) -> None:
    document = spdx() | {"packages": {"name": "zlib"}}
    sbom = attestation((SPDX, statement(SPDX, document, AMD.digest)))
    plant("app", attested([AMD], {0: sbom}))
    result = run_here("sbom", *options, f"{name}:app")
    assert (result.code, result.stdout) == (0, b"[]\n" if options else b"")
    assert "no packages could be read (they have another form), SPDX-2.3" in result.stderr


def test_a_large_sbom_is_kept_as_a_file(name, plant) -> None:
    packages = [(f"package-{number}", "1." + "0" * 200) for number in range(9000)]
    plant(
        "app",
        attested([AMD], {0: attestation((SPDX, statement(SPDX, spdx(*packages), AMD.digest)))}),
    )
    assert len(rows(run_here("sbom", f"{name}:app"))) == 9001
    assert len(rows(run_here("sbom", "--offline", f"{name}:app"))) == 9001


def test_provenance_tells_builder_source_commit_and_parameters(name, plant) -> None:
    plant("app", APP)
    result = run_here("provenance", "--platform", "linux/amd64", f"{name}:app")
    facts = {row[0]: " ".join(row[1:]) for row in rows(result)}
    assert facts["builder"] == "https://ci.example/runs/7"
    assert facts["source"] == "https://git.example/app.git#main"
    assert facts["commit"] == "c" * 40
    assert facts["format"] == "SLSA provenance 0.2"
    assert facts["Dockerfile"] == "included, 2 lines; --dockerfile prints it"
    assert "args.target=release" in result.stdout.decode()
    document = json.loads(
        run_here("provenance", "--json", "--platform", "arm64", f"{name}:app").stdout or b"0"
    )
    assert document == 0  # arm64 is no platform
    document = json.loads(
        run_here("provenance", "--json", "--platform", "linux/arm64", f"{name}:app").stdout
    )
    assert (document["slsa"], document["commit"]) == ("1", "d" * 40)
    assert document["parameters"] == {"frontend": "dockerfile.v0", "args.target": "release"}


def test_the_dockerfile_is_printed_if_it_is_inside(name, plant) -> None:
    plant("app", APP)
    result = run_here("provenance", "--dockerfile", "--platform", "linux/arm64", f"{name}:app")
    assert (result.code, result.stdout.decode()) == (0, DOCKERFILE)
    plant(
        "min",
        attested(
            [AMD], {0: attestation((SLSA_1, statement(SLSA_1, slsa_1(runDetails={}), AMD.digest)))}
        ),
    )
    result = run_here("provenance", "--dockerfile", f"{name}:min")
    assert (result.code, result.stdout) == (3, b"")
    assert "has no Dockerfile in its provenance" in result.stderr


HOSTILE = {
    "deep": statement(SPDX, "{", AMD.digest).replace(b'"{"', b'{"a":' * 200 + b"1" + b"}" * 200),
    "no JSON": b"SPDXVersion: SPDX-2.3",
    "SPDX 3": statement(SPDX, {"spdxVersion": "SPDX-3.0"}, AMD.digest),
    "wrong types": statement(SPDX, {"spdxVersion": ["SPDX-2.3"]}, AMD.digest),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_document_is_refused_in_one_line(name, plant, case) -> None:
    plant("app", attested([AMD], {0: attestation((SPDX, HOSTILE[case]))}))
    result = run_here("sbom", f"{name}:app")
    assert (result.code, result.stdout) == (1, b"")
    errors = [line for line in result.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    assert len(errors[0]) < 400


@pytest.mark.parametrize(("size", "code"), [(10, 7), (10**6, 7), (10**12, 1)])
def test_a_lying_size_is_refused(name, plant, registry, size, code) -> None:
    made = attestation((SPDX, AMD_SBOM))
    document = json.loads(made.manifest.data)
    document["layers"][0]["size"] = size
    lying = attachment(config=made.blobs[0], layers=document["layers"])
    push_image(registry, Reference.parse(f"{REGISTRY}/team:blobs"), made)
    plant("app", attested([AMD], {0: lying}))
    result = run_here("sbom", f"{name}:app")
    assert (result.code, result.stdout) == (code, b"")
    assert result.stderr.count("error: ") == 1


def test_control_characters_in_names_reach_no_terminal(name, plant) -> None:
    evil = "curl\x1b]0;owned\x07\n\u202efoo"
    plant(
        "app",
        attested(
            [AMD], {0: attestation((SPDX, statement(SPDX, spdx((evil, "\x1b[2J")), AMD.digest)))}
        ),
    )
    for arguments in (["sbom"], ["sbom", "--json"]):
        result = run_here(*arguments, f"{name}:app")
        assert result.code == 0
        assert not set("\x1b\x07\u202e") & set(result.stdout.decode())


def test_an_artifact_has_no_sbom(name, plant) -> None:
    plant("chart", artifact())
    assert run_here("sbom", f"{name}:chart").code == 3


def test_the_real_registry_serves_each_form(
    seed: Seed, docker_registry: RunningRegistry, repository: str
) -> None:
    home = f"{docker_registry.host}/{repository}"
    seed(f"{home}:app", APP)
    assert run_here("sbom", "--platform", "linux/amd64", f"{home}:app").code == 0
    referrer = attachment(
        (BUNDLE, bundle(statement(SPDX, spdx(*PACKAGES), S390X.digest)), {}),
        subject=S390X,
        artifact_type=BUNDLE,
    )
    seed(f"{home}@{referrer.digest}", referrer)  # listed under the referrers tag
    assert run_here("sbom", "--platform", "linux/s390x", f"{home}:app").code == 0
    seed(
        f"{home}:{tag(ARM, 'att')}",
        attachment(
            (DSSE, envelope(statement(SPDX, spdx(*PACKAGES), ARM.digest)), {"predicateType": SPDX})
        ),
    )
    assert run_here("sbom", "--platform", "linux/arm64", f"{home}:app").code == 0
