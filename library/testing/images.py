"""Small images and lists for tests, written to any registry."""

import json
from collections.abc import Iterable
from functools import partial
from typing import Any

from manyfest.domain import media_types
from manyfest.domain.digests import Digest
from manyfest.domain.manifests import Manifest
from manyfest.domain.platforms import Platform
from manyfest.domain.ports.registry import Registry, open_bytes
from manyfest.domain.references import Home, Reference
from manyfest.library.inputs import Name, named


def add_image(
    registry: Registry,
    name: Name,
    platform: str = "linux/amd64",
    *,
    layers: Iterable[bytes] = (b"hello",),
    config: dict[str, Any] | None = None,
) -> Digest:
    """Put an OCI image at ``name``; return its digest.

    ``layers`` are any bytes; members of ``config`` go beside those of the platform. Equal arguments
    give equal digests. Raises InvalidReferenceError, InvalidPlatformError; what writing raises.
    """
    place = named(name)
    document = {**Platform.parse(platform).to_json(), "rootfs": {"type": "layers", "diff_ids": []}}
    blobs = [json.dumps({**document, **(config or {})}).encode(), *layers]
    kinds = [media_types.OCI_CONFIG, *(media_types.OCI_LAYER for _ in blobs[1:])]
    first, *others = (
        _blob(registry, place.home, kind, data) for kind, data in zip(kinds, blobs, strict=True)
    )
    return _put(registry, place, media_types.OCI_MANIFEST, config=first, layers=others)


def add_list(registry: Registry, name: Name, platforms: Iterable[str]) -> Digest:
    """Put an OCI index at ``name`` with an image for each of ``platforms``; return its digest.

    Raises as ``add_image``.
    """
    place = named(name)
    entries = [_entry(registry, place, platform) for platform in platforms]
    return _put(registry, place, media_types.OCI_INDEX, manifests=entries)


def _entry(registry: Registry, place: Reference, platform: str) -> dict[str, Any]:
    layer = f"of {platform}".encode()
    tag = f"image-{Digest.of(layer).hex[:12]}"
    digest = add_image(registry, Reference(place.home, tag), platform, layers=[layer])
    found = registry.head_manifest(place.at(digest))
    return {**found.to_json(), "platform": Platform.parse(platform).to_json()}


def _blob(registry: Registry, home: Home, kind: str, data: bytes) -> dict[str, Any]:
    digest = Digest.of(data)
    registry.write_blob(Reference(home, None, digest), len(data), partial(open_bytes, data))
    return {"mediaType": kind, "digest": str(digest), "size": len(data)}


def _put(registry: Registry, place: Reference, kind: str, **members: Any) -> Digest:
    document = {"schemaVersion": 2, "mediaType": kind, **members}
    manifest = Manifest(kind, json.dumps(document).encode())
    registry.put_manifest(place, manifest)
    return manifest.digest
