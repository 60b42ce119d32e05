"""Images as builders make them: with a full config, a history, and attestations beside them."""

import gzip
import json
from collections.abc import Mapping

from attrs import evolve

from manyfest.contracts.images import Image, docker_image, layer_bytes, oci_index
from manyfest.domain import media_types
from manyfest.domain.digests import Digest
from manyfest.domain.encoding.strict_json import Json
from manyfest.domain.manifests import Manifest
from manyfest.domain.platforms import Platform

CREATED = "2025-11-20T08:00:00.5Z"
RUNTIME = {
    "User": "www",
    "ExposedPorts": {"80/tcp": {}, "443/tcp": {}},
    "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin", "TOKEN=hunter2"],
    "Entrypoint": ["/entry.sh"],
    "Cmd": ["serve", "--port", "80"],
    "WorkingDir": "/srv",
    "Volumes": {"/data": {}},
    "Labels": {"org.opencontainers.image.source": "https://git.example/team/app"},
    "StopSignal": "SIGQUIT",
}
HISTORY = (
    ("/bin/sh -c #(nop) ADD file:1 in / ", False),
    ('/bin/sh -c #(nop)  CMD ["sh"]', True),
    ("RUN /bin/sh -c apk add --no-cache curl && rm -rf /var/cache/apk/* # buildkit", False),
    ("ENV TOKEN=hunter2", True),
)
LAYERS = layer_bytes("base"), layer_bytes("curl" * 1000)
PREDICATE = "in-toto.io/predicate-type"


def built_image(
    platform: str = "linux/amd64", config: Mapping[str, Json] | None = None, **members: Json
) -> Image:
    """An OCI image of two layers with a full config; ``config`` replaces members of that."""
    history = [
        {"created": CREATED, "created_by": command, **({"empty_layer": True} if empty else {})}
        for command, empty in HISTORY
    ]
    document = Platform.parse(platform).to_json() | {
        "created": CREATED,
        "config": RUNTIME,
        "rootfs": {
            "type": "layers",
            "diff_ids": [str(Digest.of(gzip.decompress(layer))) for layer in LAYERS],
        },
        "history": history,
    }
    data = json.dumps(document | dict(config or {})).encode()
    return image_of(data, platform, **members)


def image_of(config: bytes, platform: str = "linux/amd64", **members: Json) -> Image:
    """An OCI image of two layers with these bytes as its config."""
    document = {
        "schemaVersion": 2,
        "mediaType": media_types.OCI_MANIFEST,
        "config": _descriptor(media_types.OCI_CONFIG, config),
        "layers": [_descriptor(media_types.OCI_LAYER, layer) for layer in LAYERS],
    }
    manifest = Manifest(media_types.OCI_MANIFEST, json.dumps(document | members).encode())
    return Image(manifest, (config, *LAYERS), platform=Platform.parse(platform))


def built_index(*platforms: str, **members: Json) -> Image:
    """An index of built images, each followed by BuildKit's attestation of it."""
    images = [built_image(platform) for platform in platforms]
    attestations = [_attestation(image) for image in images]
    listed = [one for pair in zip(images, attestations, strict=True) for one in pair]
    index = oci_index(*listed, **members)
    document = json.loads(index.manifest.data)
    for entry, image in zip(document["manifests"][1::2], images, strict=True):
        entry["annotations"] = {
            "vnd.docker.reference.type": "attestation-manifest",
            "vnd.docker.reference.digest": str(image.digest),
        }
    return evolve(index, manifest=evolve(index.manifest, data=json.dumps(document).encode()))


def _attestation(image: Image) -> Image:
    statements = [f"{kind} of {image.digest}".encode() for kind in ("SBOM", "provenance")]
    predicates = "https://spdx.dev/Document", "https://slsa.dev/provenance/v0.2"
    config = docker_image("unknown/unknown").blobs[0]
    document = {
        "schemaVersion": 2,
        "mediaType": media_types.OCI_MANIFEST,
        "config": _descriptor(media_types.OCI_CONFIG, config),
        "layers": [
            _descriptor("application/vnd.in-toto+json", data) | {"annotations": {PREDICATE: kind}}
            for data, kind in zip(statements, predicates, strict=True)
        ],
    }
    manifest = Manifest(media_types.OCI_MANIFEST, json.dumps(document).encode())
    return Image(manifest, (config, *statements), platform=Platform("unknown", "unknown"))


def _descriptor(media_type: str, data: bytes) -> dict[str, Json]:
    return {"mediaType": media_type, "size": len(data), "digest": str(Digest.of(data))}
