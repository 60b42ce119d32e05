"""The kind of a manifest in a person's words: an OCI index, an image, a Helm chart, a signature.

Tables of artifact types, the media types of layers, and predicate types. An unknown type is shown
as it is.
"""

from collections.abc import Iterable, Mapping

from manyfest.domain import media_types
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.encoding.strict_json import Json
from manyfest.domain.errors import DocumentError
from manyfest.domain.lists.attestations import attested_digest
from manyfest.domain.manifests import Manifest

IMAGE = "image"
ATTESTATION = "attestation"
_NAMES = {
    media_types.OCI_INDEX: "OCI index",
    media_types.DOCKER_LIST: "Docker manifest list",
}

# Beginnings of artifact types and config types.
_ARTIFACTS = {
    "application/vnd.cncf.helm.config": "Helm chart",
    "application/vnd.cncf.notary.signature": "Notation signature",
    "application/vnd.dev.cosign.artifact.sig": "cosign signature",
    "application/vnd.dev.cosign.artifact.sbom": "SBOM",
    "application/vnd.dev.sigstore.bundle": "Sigstore bundle",
    "application/vnd.wasm.config": "WebAssembly module",
    "application/vnd.wasm.content": "WebAssembly module",
    "application/vnd.module.wasm.config": "WebAssembly module",
    "application/spdx": "SBOM (SPDX)",
    "application/vnd.spdx": "SBOM (SPDX)",
    "text/spdx": "SBOM (SPDX)",
    "application/vnd.cyclonedx": "SBOM (CycloneDX)",
    "application/vnd.syft": "SBOM (Syft)",
    "application/sarif": "scan report (SARIF)",
    "application/vnd.in-toto": "attestation",
    "application/vnd.docker.attestation.manifest": "attestation",
    "application/vnd.buildkit.cacheconfig": "BuildKit cache",
    "application/vnd.docker.plugin": "Docker plugin",
    "application/vnd.docker.compose": "Compose file",
    "application/vnd.docker.ai.model": "AI model",
    "application/vnd.cncf.model": "AI model",
    "application/vnd.ollama.image.model": "AI model",
    "application/vnd.sylabs.sif": "Singularity image",
    "application/vnd.cncf.openpolicyagent": "OPA policy",
    "application/vnd.cncf.flux": "Flux artifact",
    "application/vnd.cncf.kyverno": "Kyverno policy",
    "application/vnd.cncf.falco": "Falco artifact",
    "application/vnd.devcontainers": "Dev Container feature",
    "application/vnd.tekton": "Tekton bundle",
    "application/vnd.argoproj": "Argo artifact",
    "application/vnd.homebrew": "Homebrew bottle",
}

# Beginnings of the media types of layers that make something else of what looks like an image.
_LAYERS = {
    "application/vnd.dev.cosign.simplesigning": "cosign signature",
    "application/vnd.dsse.envelope": "cosign attestation",
    "application/vnd.in-toto": "attestation",
    "text/spdx": "SBOM (SPDX)",
    "application/spdx": "SBOM (SPDX)",
    "application/vnd.cyclonedx": "SBOM (CycloneDX)",
    "application/vnd.syft": "SBOM (Syft)",
    "application/vnd.cncf.helm.chart": "Helm chart",
    "application/vnd.wasm.content": "WebAssembly module",
    "application/wasm": "WebAssembly module",
}

# Beginnings of predicate types (in-toto attestation framework), and the word for each.
_PREDICATES = {
    "https://slsa.dev/provenance/": "provenance",
    "https://spdx.dev/Document": "SBOM (SPDX)",
    "https://cyclonedx.org/": "SBOM (CycloneDX)",
    "https://openvex.dev/": "VEX",
    "https://sigstore.dev/cosign/sign/": "cosign signature",
    "https://cosign.sigstore.dev/attestation/vuln": "vulnerability scan",
    "https://in-toto.io/attestation/vulns": "vulnerability scan",
    "https://scout.docker.com/sbom": "SBOM (Scout)",
    "https://scout.docker.com/vulnerabilities": "vulnerability scan",
}
PREDICATE_TYPE = "in-toto.io/predicate-type"  # BuildKit's annotation
_PREDICATE_TYPES = (
    PREDICATE_TYPE,
    "dev.sigstore.bundle.predicateType",
    "predicateType",
)

# The suffixes of cosign's digest tags.
_SUFFIXES = {"sig": "cosign signature", "att": "cosign attestation", "sbom": "SBOM"}


def kind_of(manifest: Manifest) -> str:
    """Return the kind of a manifest that was read; a malformed one has that of its type."""
    if manifest.is_list:
        return _NAMES[manifest.media_type]
    try:
        return _kind_of_content(manifest)
    except DocumentError:
        return IMAGE if manifest.is_image else manifest.media_type


def kind_of_entry(entry: Descriptor) -> str:
    """Return the kind of an entry by what its descriptor says."""
    if attested_digest(entry) is not None:
        return ATTESTATION
    stated = entry.others.get("artifactType")
    if isinstance(stated, str) and stated:
        return _named(stated, _ARTIFACTS) or stated
    if entry.media_type in _NAMES:
        return _NAMES[entry.media_type]
    if entry.media_type in media_types.IMAGES:
        return IMAGE
    return _named(entry.media_type, _ARTIFACTS) or entry.media_type


def kind_of_digest_tag(tag: str) -> str:
    """Return the kind of what cosign keeps under a digest tag, by its suffix."""
    suffix = tag.rpartition(".")[2]
    return _SUFFIXES.get(suffix, suffix)


def predicates_of(manifest: Manifest) -> tuple[str, ...]:
    """Return the predicates of an attestation's statements, each once: ``provenance v1``."""
    try:
        layers = manifest.layers
    except DocumentError:
        return ()
    return tuple(dict.fromkeys(filter(None, (predicate_of(each.annotations) for each in layers))))


def predicate_of(annotations: Mapping[str, str]) -> str:
    """Return the predicate that the annotations of a descriptor state, or an empty text."""
    stated = predicate_type(annotations)
    return _predicate(stated) if stated else ""


def predicate_type(annotations: Mapping[str, Json]) -> str:
    """Return the type of predicate that annotations state: BuildKit's, a bundle's or cosign's."""
    stated = (annotations.get(name) for name in _PREDICATE_TYPES)
    return next((one for one in stated if isinstance(one, str) and one), "")


def _kind_of_content(manifest: Manifest) -> str:
    artifact_type = manifest.artifact_type
    if artifact_type and artifact_type != media_types.OCI_EMPTY:
        return _named(artifact_type, _ARTIFACTS) or artifact_type
    layers = [layer.media_type for layer in manifest.layers]
    for media_type in layers:
        if named := _named(media_type, _LAYERS):
            return named
    if manifest.has_image_config:
        return IMAGE
    return f"artifact of {_listing(layers)}" if layers else "artifact"


def _listing(names: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(names))


def _named(media_type: str, table: dict[str, str]) -> str:
    return next((name for start, name in table.items() if media_type.startswith(start)), "")


def _predicate(predicate_type: str) -> str:
    for start, name in _PREDICATES.items():
        if predicate_type.startswith(start):
            version = predicate_type.removeprefix(start)
            return f"{name} {version}" if name == "provenance" and version else name
    return predicate_type
