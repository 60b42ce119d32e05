"""Media types of manifests and lists: their grammar, and where content of each is stored.

Registries store manifests apart from blobs, and a descriptor does not say which of the two it
names. ``is_manifest`` and ``is_blob`` decide by the type; if neither does, only the registry knows
(ADR 0034).
"""

import re
from enum import Enum


class Family(Enum):
    """The media types of Docker, or those of OCI."""

    DOCKER = "docker"
    OCI = "oci"


DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
# Withdrawn before image-spec 1.1.
ARTIFACT_MANIFEST = "application/vnd.oci.artifact.manifest.v1+json"

DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
OCI_EMPTY = "application/vnd.oci.empty.v1+json"
EMPTY = b"{}"  # the content of OCI_EMPTY: image-spec, "Guidance for an Empty Descriptor"
IMAGE_CONFIGS = frozenset({DOCKER_CONFIG, OCI_CONFIG})
# Of a Docker manifest, the config's type in images of the first builders, as moby reads it
# (``distribution/pull_v2.go``).
LEGACY_CONFIG = "application/octet-stream"
DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"

SCHEMA_1 = frozenset(
    {
        "application/vnd.docker.distribution.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v1+prettyjws",
    }
)

IMAGES = frozenset({DOCKER_MANIFEST, OCI_MANIFEST})
LISTS = frozenset({DOCKER_LIST, OCI_INDEX})
DOCKER_FAMILY = frozenset({DOCKER_MANIFEST, DOCKER_LIST})
OCI_FAMILY = frozenset({OCI_MANIFEST, OCI_INDEX})


def family_of(media_type: str) -> Family:
    """Return the family of a manifest's type; all that is not Docker's is OCI's."""
    return Family.DOCKER if media_type in DOCKER_FAMILY else Family.OCI


# The Accept header of manifest requests. Always all four: distribution hides an OCI index from
# clients that do not accept one.
ACCEPTED = (OCI_INDEX, DOCKER_LIST, OCI_MANIFEST, DOCKER_MANIFEST)

# Manifests that we know.
_MANIFESTS = frozenset({*ACCEPTED, *SCHEMA_1, ARTIFACT_MANIFEST})

# JSON that builders store as blobs.
_JSON_BLOBS = IMAGE_CONFIGS | {
    OCI_EMPTY,
    "application/json",
    "application/vnd.cncf.helm.config.v1+json",
    "application/vnd.dev.cosign.simplesigning.v1+json",
    "application/vnd.in-toto+json",
    "application/vnd.wasm.config.v0+json",
}


def is_manifest(media_type: str) -> bool:
    """Return True for manifests that we know."""
    return media_type in _MANIFESTS


def is_blob(media_type: str) -> bool:
    """Return True for content that is no manifest: manifests are JSON, and no config."""
    return not is_manifest(media_type) and (
        not media_type.endswith("+json") or media_type in _JSON_BLOBS
    )


def without_parameters(content_type: str) -> str:
    """Return the media type in lower case, without parameters (RFC 9110 §8.3)."""
    return content_type.partition(";")[0].strip().lower()


_NAME = r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}"
_GRAMMAR = re.compile(f"{_NAME}/{_NAME}")


def is_media_type(text: str) -> bool:
    """Return True if ``text`` is a media type without parameters (RFC 6838 §4.2)."""
    return _GRAMMAR.fullmatch(text) is not None
