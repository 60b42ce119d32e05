"""Statements as builders and signers attach them: in-toto, DSSE, Sigstore bundles, bare SBOMs."""

import json
from base64 import b64encode
from collections.abc import Mapping

from attrs import evolve

from manyfest.contracts.images import Image
from manyfest.domain import media_types
from manyfest.domain.digests import Digest
from manyfest.domain.encoding.strict_json import Json
from manyfest.domain.manifests import Manifest
from manyfest.domain.platforms import Platform

SPDX = "https://spdx.dev/Document"
CYCLONEDX = "https://cyclonedx.org/bom"
SLSA_02 = "https://slsa.dev/provenance/v0.2"
SLSA_1 = "https://slsa.dev/provenance/v1"
IN_TOTO = "application/vnd.in-toto+json"
DSSE = "application/vnd.dsse.envelope.v1+json"
BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
PREDICATE_TYPE = "in-toto.io/predicate-type"
DOCKERFILE = "FROM alpine:3.20\nRUN apk add curl\n"


def spdx(*packages: tuple[str, str], version: str = "SPDX-2.3", **members: Json) -> dict[str, Json]:
    """An SPDX document as syft writes it, of Debian packages and the image itself."""
    image = {"SPDXID": "SPDXRef-Image", "name": "app", "versionInfo": "sha256:1"}
    listed = [
        {
            "SPDXID": f"SPDXRef-{name}",
            "name": name,
            "versionInfo": number,
            "licenseConcluded": "NOASSERTION",
            "licenseDeclared": "MIT",
            "externalRefs": [
                {"referenceType": "cpe23Type", "referenceLocator": f"cpe:2.3:a:{name}"},
                {
                    "referenceCategory": "PACKAGE-MANAGER",
                    "referenceType": "purl",
                    "referenceLocator": f"pkg:deb/debian/{name}@{number}?arch=amd64",
                },
            ],
        }
        for name, number in packages
    ]
    return {
        "spdxVersion": version,
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": "sbom",
        "creationInfo": {"created": "2026-05-01T00:00:00Z", "creators": ["Tool: syft-1.4"]},
        "packages": [image, *listed],
        "relationships": [
            {
                "spdxElementId": "SPDXRef-DOCUMENT",
                "relationshipType": "DESCRIBES",
                "relatedSpdxElement": "SPDXRef-Image",
            }
        ],
    } | members


def cyclonedx(*packages: tuple[str, str], **members: Json) -> dict[str, Json]:
    """A CycloneDX document as trivy writes it, of npm packages below an application."""
    inner = [
        {
            "type": "library",
            "group": "@team",
            "name": name,
            "version": number,
            "purl": f"pkg:npm/%40team/{name}@{number}",
            "licenses": [{"license": {"id": "MIT"}}, {"expression": "Apache-2.0 OR BSD-3-Clause"}],
        }
        for name, number in packages
    ]
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "metadata": {
            "timestamp": "2026-05-01T00:00:00Z",
            "tools": {"components": [{"type": "application", "name": "trivy", "version": "0.50"}]},
            "component": {"type": "container", "name": "app"},
        },
        "components": [
            {"type": "application", "name": "package-lock.json", "components": inner},
            {"type": "file", "name": "/etc/passwd"},
        ],
    } | members


def slsa_02(**members: Json) -> dict[str, Json]:
    """Provenance 0.2 as BuildKit writes it with mode=max."""
    source = {
        "infos": [{"filename": "Dockerfile", "data": b64encode(DOCKERFILE.encode()).decode()}]
    }
    return {
        "builder": {"id": "https://ci.example/runs/7"},
        "buildType": "https://mobyproject.org/buildkit@v1",
        "materials": [
            {
                "uri": "pkg:docker/alpine@3.20?platform=linux%2Famd64",
                "digest": {"sha256": "8" * 64},
            },
            {"uri": "https://git.example/app.git#main", "digest": {"sha1": "c" * 40}},
        ],
        "invocation": {
            "configSource": {
                "uri": "https://git.example/app.git#main",
                "digest": {"sha1": "c" * 40},
                "entryPoint": "Dockerfile",
            },
            "parameters": {
                "frontend": "dockerfile.v0",
                "args": {"build-arg:VERSION": "1.4", "target": "release"},
            },
        },
        "metadata": {
            "buildInvocationID": "abc",
            "buildStartedOn": "2026-05-01T00:00:00Z",
            "buildFinishedOn": "2026-05-01T00:01:00Z",
            "https://mobyproject.org/buildkit@v1#metadata": {"source": source},
        },
    } | members


def slsa_1(**members: Json) -> dict[str, Json]:
    """Provenance 1.0 as BuildKit writes it for a local context."""
    data = b64encode(DOCKERFILE.encode()).decode()
    infos = [{"filename": "x", "data": "%%"}, {"language": "Dockerfile", "data": data}]
    vcs = {"source": "https://git.example/app.git", "revision": "d" * 40}
    return {
        "buildDefinition": {
            "buildType": "https://github.com/moby/buildkit/slsa-definitions.md",
            "externalParameters": {
                "configSource": {"path": "Dockerfile"},
                "request": {"frontend": "dockerfile.v0", "args": {"target": "release"}},
            },
            "resolvedDependencies": [
                {"uri": "pkg:docker/alpine@3.20", "digest": {"sha256": "8" * 64}}
            ],
        },
        "runDetails": {
            "builder": {"id": "https://ci.example/runs/8"},
            "metadata": {
                "invocationID": "def",
                "startedOn": "2026-05-01T00:00:00Z",
                "finishedOn": "2026-05-01T00:01:00Z",
                "buildkit_metadata": {"vcs": vcs, "source": {"infos": infos}},
            },
        },
    } | members


def statement(predicate_type: str, predicate: Json, *subjects: Digest | str) -> bytes:
    """An in-toto statement about these digests."""
    digests = [str(subject).partition(":")[::2] for subject in subjects]
    document = {
        "_type": "https://in-toto.io/Statement/v0.1",
        "subject": [{"name": "_", "digest": {algorithm: value}} for algorithm, value in digests],
        "predicateType": predicate_type,
        "predicate": predicate,
    }
    return json.dumps(document).encode()


def envelope(payload: bytes) -> bytes:
    """A DSSE envelope with a signature, as cosign writes it."""
    return json.dumps(_envelope(payload)).encode()


def bundle(payload: bytes, certificate: bytes = b"no certificate") -> bytes:
    """A Sigstore bundle v0.3 around a DSSE envelope."""
    document = {
        "mediaType": BUNDLE,
        "verificationMaterial": {"certificate": {"rawBytes": b64encode(certificate).decode()}},
        "dsseEnvelope": _envelope(payload),
    }
    return json.dumps(document).encode()


def _envelope(payload: bytes) -> dict[str, Json]:
    return {
        "payloadType": IN_TOTO,
        "payload": b64encode(payload).decode(),
        "signatures": [{"keyid": "", "sig": "MEUCIQ=="}],
    }


def attachment(
    *blobs: tuple[str, bytes, Mapping[str, str]],
    subject: Image | None = None,
    artifact_type: str = "",
    config: bytes = b"{}",
    **members: Json,
) -> Image:
    """A manifest of blobs: media type, bytes and annotations each; perhaps a referrer."""
    document: dict[str, Json] = {
        "schemaVersion": 2,
        "mediaType": media_types.OCI_MANIFEST,
        "config": _descriptor(
            media_types.OCI_EMPTY if artifact_type else media_types.OCI_CONFIG, config
        ),
        "layers": [
            _descriptor(kind, data) | ({"annotations": dict(notes)} if notes else {})
            for kind, data, notes in blobs
        ],
    }
    if artifact_type:
        document["artifactType"] = artifact_type
    if subject is not None:
        document["subject"] = subject.manifest.descriptor().to_json()
    data = json.dumps(document | members).encode()
    manifest = Manifest(media_types.OCI_MANIFEST, data)
    return Image(manifest, (config, *(data for _, data, _ in blobs)))


def attestation(*statements: tuple[str, bytes]) -> Image:
    """BuildKit's attestation manifest of statements, each with its type of predicate."""
    made = attachment(*((IN_TOTO, data, {PREDICATE_TYPE: kind}) for kind, data in statements))
    return evolve(made, platform=Platform("unknown", "unknown"))


def _descriptor(media_type: str, data: bytes) -> dict[str, Json]:
    return {"mediaType": media_type, "size": len(data), "digest": str(Digest.of(data))}
