"""Tiny real images, generated for ``manyfest demo``.

The bytes depend on the arguments alone, so the same call gives the same digests everywhere.
"""

import gzip
import io
import json
import tarfile
from functools import partial

from manyfest.domain import media_types
from manyfest.domain.digests import Digest
from manyfest.domain.encoding.strict_json import JsonObject
from manyfest.domain.manifests import Manifest
from manyfest.domain.platforms import Platform
from manyfest.domain.ports.registry import Registry, open_bytes
from manyfest.domain.references import Reference
from manyfest.domain.values import frozen


@frozen
class TinyImage:
    """An OCI image with one file in one layer: a manifest and its two blobs."""

    manifest: Manifest
    config: bytes
    layer: bytes


def tiny_image(platform: Platform, greeting: str) -> TinyImage:
    """Make an image for ``platform`` with one file, ``hello.txt``, the ``greeting``."""
    archive = _archive(greeting)
    layer = gzip.compress(archive, mtime=0)
    config = encoded(
        platform.to_json()
        | {
            "config": {"Cmd": ["cat", "hello.txt"]},
            "rootfs": {"type": "layers", "diff_ids": [str(Digest.of(archive))]},
        }
    )
    document = {
        "schemaVersion": 2,
        "mediaType": media_types.OCI_MANIFEST,
        "config": descriptor_of(media_types.OCI_CONFIG, config),
        "layers": [descriptor_of(media_types.OCI_LAYER, layer)],
    }
    return TinyImage(Manifest(media_types.OCI_MANIFEST, encoded(document)), config, layer)


def put_image(image: TinyImage, reference: Reference, registry: Registry) -> None:
    """Write the image's blobs and then its manifest under ``reference``."""
    for blob in (image.config, image.layer):
        target = reference.at(Digest.of(blob))
        registry.write_blob(target, len(blob), partial(open_bytes, blob))
    registry.put_manifest(reference, image.manifest)


def _archive(greeting: str) -> bytes:
    data, file = greeting.encode(), io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        member = tarfile.TarInfo("hello.txt")
        member.size = len(data)
        archive.addfile(member, io.BytesIO(data))
    return file.getvalue()


def descriptor_of(media_type: str, data: bytes) -> JsonObject:
    """Return the descriptor of ``data``."""
    return {"mediaType": media_type, "digest": str(Digest.of(data)), "size": len(data)}


def encoded(document: JsonObject) -> bytes:
    """Encode a document in one line, with its members in their order."""
    return json.dumps(document, separators=(",", ":")).encode()
