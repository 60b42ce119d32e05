"""Tiny real images and lists: pure functions that give frozen values, and how to push them."""

import gzip
import io
import json
import tarfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from functools import cache

from attrs import evolve, frozen

from manyfest.domain import media_types
from manyfest.domain.digests import Digest
from manyfest.domain.encoding.strict_json import Json
from manyfest.domain.manifests import Manifest
from manyfest.domain.platforms import Platform
from manyfest.domain.ports.registry import BlobReader, BlobSource, BlobWriter, Registry
from manyfest.domain.references import Home, Reference

_FOREIGN_LAYER = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"


@frozen
class Image:
    """An image (``blobs`` are its config and layers) or a list (``children`` are its images).

    A list may have blobs as entries, too.
    """

    manifest: Manifest
    blobs: tuple[bytes, ...] = ()
    children: tuple["Image", ...] = ()
    platform: Platform | None = None

    @property
    def digest(self) -> Digest:
        return self.manifest.digest


def docker_image(platform: str = "linux/amd64", *, text: str = "hello") -> Image:
    """A Docker image of one layer that holds ``text``, spelled as docker spells it."""
    config, layer = _config(platform, text), layer_bytes(text)
    document = {
        "schemaVersion": 2,
        "mediaType": media_types.DOCKER_MANIFEST,
        "config": _descriptor(media_types.DOCKER_CONFIG, config),
        "layers": [_descriptor(media_types.DOCKER_LAYER, layer)],
    }
    return _image(document, (config, layer), platform)


def oci_image(platform: str = "linux/amd64", *, text: str = "hello", **members: Json) -> Image:
    """An OCI image of one layer that holds ``text``; ``members`` stand last in its manifest."""
    config, layer = _config(platform, text), layer_bytes(text)
    document = {
        "schemaVersion": 2,
        "mediaType": media_types.OCI_MANIFEST,
        "config": _descriptor(media_types.OCI_CONFIG, config),
        "layers": [_descriptor(media_types.OCI_LAYER, layer)],
    }
    return _image(document | members, (config, layer), platform)


def windows_image(
    version: str = "10.0.17763.1",
    *,
    text: str = "hello",
    urls: tuple[str, ...] = ("https://example.invalid/base.tar.gz",),
) -> Image:
    """A Docker image for Windows; its foreign base layer has ``urls`` and is not in ``blobs``.

    The bytes of that layer are ``layer_bytes("base")``.
    """
    platform = f"windows({version})/amd64"
    config, base, layer = _config(platform, text), layer_bytes("base"), layer_bytes(text)
    document = {
        "schemaVersion": 2,
        "mediaType": media_types.DOCKER_MANIFEST,
        "config": _descriptor(media_types.DOCKER_CONFIG, config),
        "layers": [
            _descriptor(_FOREIGN_LAYER, base) | {"urls": list(urls)},
            _descriptor(media_types.DOCKER_LAYER, layer),
        ],
    }
    return _image(document, (config, layer), platform)


def artifact(
    config_type: str = "application/vnd.example.config", config: bytes = b"any", **members: Json
) -> Image:
    """An OCI artifact with a config of this type; ``members`` stand last in its manifest."""
    layer = b"what it is about"
    document = {
        "schemaVersion": 2,
        "mediaType": media_types.OCI_MANIFEST,
        "config": _descriptor(config_type, config),
        "layers": [_descriptor("application/vnd.example.content", layer)],
    }
    return Image(_manifest(document | members), (config, layer))


def index_of_anything() -> Image:
    """An index of an image and what an implementation may not know.

    An artifact manifest with a blob, a manifest of the future, BuildKit's cache as blobs, and a
    blob of an unknown JSON type.
    """
    image, sbom = oci_image(), b"an SBOM"
    blobs = b"a layer", b"a cache config", b'{"a": "blob"}'
    artifact_manifest = {
        "mediaType": media_types.ARTIFACT_MANIFEST,
        "artifactType": "application/x-sbom",
        "blobs": [_descriptor("text/spdx", sbom)],
    }
    future = {"mediaType": "application/vnd.future.manifest.v9+json", "manifests": "none"}
    children = (
        image,
        Image(_manifest(artifact_manifest), (sbom,)),
        Image(_manifest(future)),
    )
    types = (
        media_types.OCI_LAYER,
        "application/vnd.buildkit.cacheconfig.v0",
        "application/vnd.acme.thing+json",
    )
    entries = [
        evolve(image.manifest.descriptor(), platform=image.platform).to_json(),
        *(child.manifest.descriptor().to_json() for child in children[1:]),
        *map(_descriptor, types, blobs),
    ]
    document = {"schemaVersion": 2, "mediaType": media_types.OCI_INDEX, "manifests": entries}
    return Image(_manifest(document), blobs, children)


def with_unverifiable(index: Image) -> Image:
    """The index with one more entry, whose digest is of an algorithm that is not registered."""
    entry = {
        "mediaType": media_types.OCI_MANIFEST,
        "size": 7,
        "digest": f"blake3:{'0' * 64}",
        "platform": Platform.parse("linux/s390x").to_json(),
    }
    entries = [*index.manifest.document["manifests"], entry]
    data = json.dumps(dict(index.manifest.document) | {"manifests": entries}).encode()
    return evolve(index, manifest=Manifest(index.manifest.media_type, data))


def with_config(config: bytes) -> Image:
    """A Docker image that has these bytes as its config, whatever they are."""
    image = docker_image()
    document = dict(image.manifest.document)
    document["config"] = _descriptor(media_types.DOCKER_CONFIG, config)
    return Image(_manifest(document), (config, *image.blobs[1:]))


def docker_list(*images: Image) -> Image:
    """A Docker manifest list of ``images``, spelled as docker spells it."""
    return _list(media_types.DOCKER_LIST, images)


def oci_index(*images: Image, **members: Json) -> Image:
    """An OCI index of ``images``; ``members`` stand last in it."""
    return _list(media_types.OCI_INDEX, images, **members)


def referrer(subject: Image, text: str = "sbom", kind: str = "application/x-sbom") -> Image:
    """An artifact of this ``kind`` that names ``subject``; ``text`` is its layer and annotation."""
    named = subject.manifest.descriptor().to_json()
    return oci_image(text=text, artifactType=kind, subject=named, annotations={"about": text})


def oddly_spelled(image: Image) -> Image:
    """The same image or list in bytes no program writes: only a verbatim copy has its digest."""
    document = dict(image.manifest.document) | {"x-unknown": [1.50, None, {"ü": "\u2028"}]}
    text = json.dumps(document, indent="\t", separators=(" ,", " :  "))
    return evolve(image, manifest=evolve(image.manifest, data=f"\r\n {text}\n\n".encode()))


@cache
def layer_bytes(text: str) -> bytes:
    """A gzipped tar of one file that holds ``text``; the same bytes each time."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        member = tarfile.TarInfo("greeting.txt")
        member.size = len(text.encode())
        tar.addfile(member, io.BytesIO(text.encode()))
    return gzip.compress(archive.getvalue(), mtime=0)


def push_image(registry: Registry, reference: Reference, image: Image) -> None:
    """Write blobs, then children by digest, then the manifest under ``reference``."""
    for blob in image.blobs:
        push_blob(registry, reference.home, blob)
    for child in image.children:
        push_image(registry, reference.at(child.digest), child)
    registry.put_manifest(reference, image.manifest)


def push_blob(registry: BlobWriter, home: Home, data: bytes) -> Reference:
    """Write ``data`` as a blob of ``home``; its reference."""
    reference = Reference(home, None, Digest.of(data))
    registry.write_blob(reference, len(data), source_of(data))
    return reference


def source_of(data: bytes, chunk: int = 256 * 1024) -> BlobSource:
    """A blob source that gives ``data``, each time it is called anew."""

    def opened(start: int = 0, /) -> AbstractContextManager[Iterator[bytes]]:
        return nullcontext(data[at : at + chunk] for at in range(start, len(data), chunk))

    return opened


def pull_blob(registry: BlobReader, reference: Reference, size: int) -> bytes:
    """The whole blob."""
    with registry.open_blob(reference, size) as chunks:
        return b"".join(chunks)


@cache
def _config(platform: str, text: str) -> bytes:
    members = Platform.parse(platform).to_json()
    tar = gzip.decompress(layer_bytes(text))
    rootfs = {"type": "layers", "diff_ids": [str(Digest.of(tar))]}
    history = [{"created": "2020-01-01T00:00:00Z", "created_by": f"COPY {text}"}]
    document = members | {"config": {}, "rootfs": rootfs, "history": history}
    return json.dumps(document, separators=(",", ":")).encode()


def _descriptor(media_type: str, data: bytes) -> dict[str, Json]:
    return {"mediaType": media_type, "size": len(data), "digest": str(Digest.of(data))}


def _image(document: dict[str, Json], blobs: tuple[bytes, ...], platform: str) -> Image:
    return Image(_manifest(document), blobs, platform=Platform.parse(platform))


def _list(media_type: str, images: tuple[Image, ...], **members: Json) -> Image:
    entries = [evolve(image.manifest.descriptor(), platform=image.platform) for image in images]
    document = {
        "schemaVersion": 2,
        "mediaType": media_type,
        "manifests": [entry.to_json() for entry in entries],
    }
    return Image(_manifest(document | members), children=images)


def _manifest(document: dict[str, Json]) -> Manifest:
    media_type = document["mediaType"]
    docker = media_type not in media_types.OCI_FAMILY
    text = json.dumps(document, indent=3 if docker else None)
    return Manifest(media_type, text.encode())
