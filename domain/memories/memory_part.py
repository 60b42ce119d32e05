"""The parts of a memory: OCI artifacts that bring an index and its content.

A part is an OCI image manifest (image-spec, manifest.md, "Guidelines for Artifact Usage"):

- ``artifactType`` is ``ARTIFACT_TYPE``, and the config is the empty one;
- the first layer is the index (``INDEX_TYPE``), the others are bundles (``CONTENT_TYPE``), which
  together have the content that the index names;
- ``subject`` is the base that the writer of a delta met.

The *base* is the part under the tag that people name. It covers other parts: it names them in its
index, which is the union of theirs, and lists their bundles, which no writer uploads again. A
*delta* is any part that the base does not cover. Each part has a tag of its own, made of its
digest, so that writers never replace each other's; it goes when a base has long covered the part.
"""

import json
from collections.abc import Iterable
from hashlib import sha256

from manyfest.domain import media_types
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.errors import DocumentError, InvalidDigestError
from manyfest.domain.manifests import Manifest
from manyfest.domain.references import DEFAULT_TAG, Reference
from manyfest.domain.values import frozen

ARTIFACT_TYPE = "application/vnd.manyfest.memory.v1"
INDEX_TYPE = "application/vnd.manyfest.memory.index.v1+json+gzip"
CONTENT_TYPE = "application/vnd.manyfest.memory.content.v1.tar+zstd"

PREFIX = "manyfest-memory-"  # of the tags of all parts; documented, for clean-up policies

_HEX = 16


@frozen
class MemoryPart:
    """The ``manifest`` of a part: its ``index``, and the bundles that have its ``content``."""

    manifest: Manifest
    index: Descriptor
    content: tuple[Descriptor, ...]

    @property
    def digest(self) -> Digest:
        """The digest of the manifest."""
        return self.manifest.digest


def make_part(
    index: Descriptor, content: Iterable[Descriptor], subject: Descriptor | None
) -> MemoryPart:
    """Return the part of these blobs; ``subject`` is the base, if it is a delta."""
    bundles = tuple(content)
    config = Descriptor(media_types.OCI_EMPTY, Digest.of(media_types.EMPTY), len(media_types.EMPTY))
    document = {
        "schemaVersion": 2,
        "mediaType": media_types.OCI_MANIFEST,
        "artifactType": ARTIFACT_TYPE,
        "config": config.to_oci_json(),
        "layers": [each.to_oci_json() for each in (index, *bundles)],
    }
    if subject is not None:
        document["subject"] = subject.to_oci_json()
    data = json.dumps(document, separators=(",", ":")).encode()
    return MemoryPart(Manifest(media_types.OCI_MANIFEST, data), index, bundles)


def parse_part(manifest: Manifest, subject: str) -> MemoryPart:
    """Parse a part. Raises DocumentError: it is something else."""
    if not manifest.is_image or manifest.document.get("artifactType") != ARTIFACT_TYPE:
        raise DocumentError(subject, "is no memory; cache push makes one under a tag that is free")
    index, *content = manifest.layers or (None,)
    if index is None or index.media_type != INDEX_TYPE:
        raise DocumentError(subject, f"is a memory whose first layer is no {INDEX_TYPE}")
    for bundle in content:
        if bundle.media_type != CONTENT_TYPE:
            raise DocumentError(subject, f"is a memory with a layer that is no {CONTENT_TYPE}")
    return MemoryPart(manifest, index, tuple(content))


def part_reference(memory: Reference, digest: Digest) -> Reference:
    """Return the tag of the part ``digest`` of ``memory``."""
    return memory.tagged(f"{_prefix(memory)}{digest.hex}")


def parts_listed(memory: Reference, tags: Iterable[str]) -> frozenset[Digest]:
    """Return the parts of ``memory`` that ``tags`` name; other tags are passed over."""
    prefix = _prefix(memory)
    found = (_digest(tag.removeprefix(prefix)) for tag in tags if tag.startswith(prefix))
    return frozenset(digest for digest in found if digest is not None)


def _digest(text: str) -> Digest | None:
    try:
        return Digest("sha256", text)
    except InvalidDigestError:
        return None


def _prefix(memory: Reference) -> str:
    tag = memory.tag or DEFAULT_TAG
    return f"{PREFIX}{sha256(tag.encode()).hexdigest()[:_HEX]}-"
