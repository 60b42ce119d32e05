"""Bundles made by hand: layouts and docker archives as dictionaries of files, and tar archives."""

import gzip
import io
import json
import tarfile
from collections.abc import Iterable, Mapping

from attrs import frozen

from manyfest.contracts.images import Image
from manyfest.domain.digests import Digest
from manyfest.domain.encoding.strict_json import Json

MARKER = b'{"imageLayoutVersion": "1.0.0"}'
REF_NAME = "org.opencontainers.image.ref.name"
IMAGE_NAME = "io.containerd.image.name"


@frozen
class Link:
    """A symbolic or a hard link in an archive."""

    target: str
    kind: bytes = tarfile.SYMTYPE


Files = Mapping[str, bytes | Link]


def blob_path(data: bytes) -> str:
    return f"blobs/sha256/{Digest.of(data).hex}"


def image_files(image: Image, *, layers: bool = True) -> dict[str, bytes]:
    """The blobs of an image or a list, and of all it lists; ``blobs`` start with the config."""
    blobs = image.blobs if layers else image.blobs[:1]
    files = {blob_path(data): data for data in (image.manifest.data, *blobs)}
    for child in image.children:
        files |= image_files(child, layers=layers)
    return files


def entry(image: Image, **annotations: str) -> dict[str, Json]:
    """The descriptor in ``index.json``; annotations by this module's names, in lower case."""
    keys = {"ref_name": REF_NAME, "image_name": IMAGE_NAME}
    named = {keys.get(key, key): value for key, value in annotations.items()}
    return image.manifest.descriptor().to_json() | ({"annotations": named} if named else {})


def layout(
    entries: Iterable[Json], *images: Image, layers: bool = True, **more: bytes
) -> dict[str, bytes]:
    """The files of a layout that lists ``entries`` and has ``images``."""
    index = {"schemaVersion": 2, "manifests": list(entries)}
    files = {"oci-layout": MARKER, "index.json": json.dumps(index).encode()}
    for image in images:
        files |= image_files(image, layers=layers)
    return files | more


def tar(files: Files, *, format: int = tarfile.GNU_FORMAT) -> bytes:  # noqa: A002
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w", format=format) as writer:
        for path, data in files.items():
            member = tarfile.TarInfo(path)
            if isinstance(data, Link):
                member.type, member.linkname = data.kind, data.target
                writer.addfile(member)
            else:
                member.size = len(data)
                writer.addfile(member, io.BytesIO(data))
    return archive.getvalue()


def docker_archive(
    *images: tuple[Image, list[str] | None], packed: bool = False
) -> dict[str, bytes | Link]:
    """As docker before 25 saved them: a folder a layer, one that was there already as a link."""
    files: dict[str, bytes | Link] = {}
    places: dict[bytes, str] = {}
    listing = []
    for number, (image, tags) in enumerate(images):
        config, *layers = image.blobs
        name = f"{Digest.of(config).hex}.json"
        paths = []
        for place, layer in enumerate(layers):
            path, plain = f"{number:032x}{place:032x}/layer.tar", gzip.decompress(layer)
            stored = layer if packed else plain
            there = places.setdefault(stored, path)
            files[path] = stored if there == path else Link(f"../{there}")
            paths.append(path)
        files[name] = config
        listing.append({"Config": name, "RepoTags": tags, "Layers": paths})
    files["manifest.json"] = json.dumps(listing).encode()
    files["repositories"] = b"{}"
    return files
