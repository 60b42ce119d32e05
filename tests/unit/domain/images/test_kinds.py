"""The word for a manifest, by its type, its config and its layers."""

import json

import pytest

from manyfest.contracts.images import artifact, docker_list, oci_image, oci_index, referrer
from manyfest.domain import media_types
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.images.kinds import (
    kind_of,
    kind_of_digest_tag,
    kind_of_entry,
    predicate_of,
    predicates_of,
)
from manyfest.domain.manifests import Manifest

IMAGE = oci_image()


def with_layer(media_type: str, **members: object) -> Manifest:
    document = dict(IMAGE.manifest.document) | members
    document["layers"] = [{"mediaType": media_type, "size": 1, "digest": str(Digest.of(b"x"))}]
    return Manifest(media_types.OCI_MANIFEST, json.dumps(document).encode())


KINDS = {
    "an image": (IMAGE.manifest, "image"),
    "an index": (oci_index(IMAGE).manifest, "OCI index"),
    "a list": (docker_list(IMAGE).manifest, "Docker manifest list"),
    "a chart": (
        artifact("application/vnd.cncf.helm.config.v1+json", b"{}").manifest,
        "Helm chart",
    ),
    "WebAssembly": (
        artifact("application/vnd.wasm.config.v0+json", b"{}").manifest,
        "WebAssembly module",
    ),
    "something": (artifact("application/vnd.acme.rocket").manifest, "application/vnd.acme.rocket"),
    "a referrer": (referrer(IMAGE, kind="application/spdx+json").manifest, "SBOM (SPDX)"),
    "a signature": (
        with_layer("application/vnd.dev.cosign.simplesigning.v1+json"),
        "cosign signature",
    ),
    "BuildKit's attestation": (with_layer("application/vnd.in-toto+json"), "attestation"),
    "an SBOM by its layer": (with_layer("application/vnd.cyclonedx+json"), "SBOM (CycloneDX)"),
    "an empty config": (
        artifact(media_types.OCI_EMPTY, b"{}").manifest,
        "artifact of application/vnd.example.content",
    ),
    "a malformed image": (with_layer("x/y", config=7), "image"),
    "a manifest of the future": (
        Manifest("application/vnd.future+json", b'{"config": []}'),
        "artifact",
    ),
}


@pytest.mark.parametrize(("manifest", "kind"), KINDS.values(), ids=KINDS.keys())
def test_a_manifest_is_called_what_it_is(manifest: Manifest, kind: str) -> None:
    assert kind_of(manifest) == kind


def test_an_entry_is_called_what_its_descriptor_says() -> None:
    described = IMAGE.manifest.descriptor()
    others = {"artifactType": "application/vnd.cncf.helm.config.v1+json"}
    assert kind_of_entry(described) == "image"
    assert kind_of_entry(oci_index().manifest.descriptor()) == "OCI index"
    chart = Descriptor(described.media_type, described.digest, 1, None, others)
    assert kind_of_entry(chart) == "Helm chart"
    unknown = Descriptor("application/vnd.acme+json", described.digest, 1)
    assert kind_of_entry(unknown) == "application/vnd.acme+json"


def test_predicates_are_named() -> None:
    assert predicate_of({"in-toto.io/predicate-type": "https://slsa.dev/provenance/v0.2"}) == (
        "provenance v0.2"
    )
    assert predicate_of({"in-toto.io/predicate-type": "https://spdx.dev/Document"}) == "SBOM (SPDX)"
    assert predicate_of({"in-toto.io/predicate-type": "https://acme.example/x"}) == (
        "https://acme.example/x"
    )
    assert predicate_of({}) == ""
    assert predicates_of(with_layer("x/y", layers=7)) == ()


def test_digest_tags_are_named_by_their_suffix() -> None:
    digest = f"sha256-{'0' * 64}"
    assert kind_of_digest_tag(f"{digest}.sig") == "cosign signature"
    assert kind_of_digest_tag(f"{digest}.other") == "other"
