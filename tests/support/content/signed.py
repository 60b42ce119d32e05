"""Signatures, SBOMs and attestations as cosign, Sigstore and BuildKit store them.

After cosign's ``specs/SIGNATURE_SPEC.md``, ``SBOM_SPEC.md``, ``ATTESTATION_SPEC.md`` and
``BUNDLE_SPEC.md``, and BuildKit's ``docs/attestations/attestation-storage.md``.
"""

import json

from attrs import evolve

from manyfest.contracts.images import Image, oci_image
from manyfest.domain import media_types
from manyfest.domain.digests import Digest
from manyfest.domain.manifests import Manifest
from manyfest.domain.platforms import Platform
from tests.support.content.attested import attested

PROVENANCE = "https://slsa.dev/provenance/v1"
SPDX = "https://spdx.dev/Document"
COSIGN_SIGN = "https://sigstore.dev/cosign/sign/v1"
BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
_EMPTY = b"{}"


def digest_tag(subject: Image, suffix: str) -> str:
    """The tag under which cosign keeps something about ``subject``: ``sha256-HEX.sig``."""
    return f"{subject.digest.algorithm}-{subject.digest.hex}.{suffix}"


def signature(*payloads: bytes) -> Image:
    """The manifest under ``.sig``: a layer for each signature."""
    kind = "application/vnd.dev.cosign.simplesigning.v1+json"
    layers = [(kind, data, {"dev.cosignproject.cosign/signature": "MEU="}) for data in payloads]
    return _artifact(layers, config_type=media_types.OCI_CONFIG, config=b'{"architecture":""}')


def attestation(predicate: str = PROVENANCE, payload: bytes = b"{}") -> Image:
    """The manifest under ``.att``: an envelope for each statement."""
    layer = "application/vnd.dsse.envelope.v1+json", payload, {"predicateType": predicate}
    return _artifact([layer], config_type=media_types.OCI_CONFIG, config=b'{"os":""}')


def sbom(document: bytes = b'{"spdxVersion":"SPDX-2.3"}') -> Image:
    """The manifest under ``.sbom``."""
    layer = ("text/spdx+json", document, {})
    return _artifact([layer], config_type=media_types.OCI_CONFIG, config=b'{"os":"x"}')


def bundle(subject: Image, predicate: str = COSIGN_SIGN, payload: bytes = b"bundle") -> Image:
    """A Sigstore bundle, which names ``subject``."""
    annotations = {
        "dev.sigstore.bundle.content": "dsse-envelope",
        "dev.sigstore.bundle.predicateType": predicate,
    }
    members = {
        "artifactType": BUNDLE,
        "subject": subject.manifest.descriptor().to_json(),
        "annotations": annotations,
    }
    return _artifact([(BUNDLE, payload, {})], **members)


def built(*images: Image, predicates: tuple[str, ...] = (PROVENANCE, SPDX)) -> Image:
    """An index as BuildKit pushes it: behind the images an attestation of each."""
    return attested(images, {n: _statements(image, predicates) for n, image in enumerate(images)})


def _statements(image: Image, predicates: tuple[str, ...]) -> Image:
    statements = (
        {"predicateType": each, "subject": [{"digest": {"sha256": image.digest.hex}}]}
        for each in predicates
    )
    layers = [
        (
            "application/vnd.in-toto+json",
            json.dumps(each).encode(),
            {"in-toto.io/predicate-type": each["predicateType"]},
        )
        for each in statements
    ]
    config = b'{"architecture":"unknown","os":"unknown"}'
    made = _artifact(layers, config_type=media_types.OCI_CONFIG, config=config)
    return evolve(made, platform=Platform("unknown", "unknown"))


def _artifact(
    layers: list[tuple[str, bytes, dict[str, str]]],
    *,
    config_type: str = media_types.OCI_EMPTY,
    config: bytes = _EMPTY,
    **members: object,
) -> Image:
    document = {
        "schemaVersion": 2,
        "mediaType": media_types.OCI_MANIFEST,
        "config": _descriptor(config_type, config),
        "layers": [
            _descriptor(kind, data) | ({"annotations": said} if said else {})
            for kind, data, said in layers
        ],
    }
    data = json.dumps(document | members).encode()
    blobs = (config, *(data for _, data, _ in layers))
    return evolve(oci_image(), manifest=Manifest(media_types.OCI_MANIFEST, data), blobs=blobs)


def _descriptor(media_type: str, data: bytes) -> dict[str, object]:
    return {"mediaType": media_type, "digest": str(Digest.of(data)), "size": len(data)}
