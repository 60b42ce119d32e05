"""A bundle in the form of ``docker save``, which has no manifest of a registry.

``manifest.json`` lists for each image the file of its config, its names and the files of its
layers, which are tar archives, some of them links to others (moby, ``image/tarexport``). We author
the Docker manifest that refers to these very files. Skopeo makes the same, but always for expanded
layers, whose media type then says that they are compressed.
"""

import hashlib
import json
import zlib
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from posixpath import normpath

from attr import evolve

from manyfest.adapters.bundles.compression import GZIP, translating_errors
from manyfest.adapters.bundles.file_source import Chunks, Files
from manyfest.domain import media_types
from manyfest.domain.bundles.index_entries import IMAGE_NAME
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import CHUNK_SIZE, Digest
from manyfest.domain.drafts.draft import Draft
from manyfest.domain.encoding.canonical_json import authored_list
from manyfest.domain.encoding.strict_json import Json, JsonObject, parse_object
from manyfest.domain.errors import (
    BundleError,
    DigestMismatchError,
    DocumentError,
    InputError,
)
from manyfest.domain.manifests import Manifest
from manyfest.domain.references import ARCHIVE_SCHEMES, LAYOUT_SCHEME, Reference

LISTING = "manifest.json"

# Beginnings of names of images that are schemes to us.
_SCHEMES = (LAYOUT_SCHEME, *ARCHIVE_SCHEMES)

_GZIP_ONLY = 31  # zlib's window bits for a gzip header, and the largest window
_PIECE = 4096  # bytes of a gzipped layer that are expanded at a time

_PLAIN_LAYER = "application/vnd.docker.image.rootfs.diff.tar"


class DockerBundle:
    """``Bundle`` over the files of a docker archive. Raises BundleError: it is not one."""

    drafts: tuple[Draft, ...] = ()

    def __init__(self, files: Files) -> None:
        self._files = files
        self._documents: dict[Digest, bytes] = {}
        self._layers: dict[Digest, str] = {}
        self._digests: dict[str, Digest] = {}
        with _docker_errors(files.name):
            images = listed_images(files)
            packed = _packed_layers(files, images)
            self.entries = tuple(
                entry for image in images for entry in self._image_entries(image, packed)
            )

    @property
    def name(self) -> str:
        return self._files.name

    @property
    def index(self) -> Manifest:
        values = [entry.to_json() for entry in self.entries]
        document = {"schemaVersion": 2, "mediaType": media_types.OCI_INDEX, "manifests": values}
        return Manifest(media_types.OCI_INDEX, authored_list(document), name=LISTING)

    def size(self, digest: Digest) -> int | None:
        if digest in self._documents:
            return len(self._documents[digest])
        path = self._layers.get(digest)
        return None if path is None else self._files.size(path)

    def read(self, digest: Digest) -> bytes:
        return self._documents[digest]

    def iter_blobs(self, digests: Collection[Digest]) -> Iterator[tuple[Digest, Chunks]]:
        for digest in self._documents.keys() & set(digests):
            yield digest, iter([self._documents[digest]])
        paths = {self._layers[digest]: digest for digest in digests if digest in self._layers}
        for path, chunks in self._files.iter_files(paths):
            yield paths[path], chunks

    def _image_entries(
        self, image: JsonObject, packed: Mapping[str, tuple[Digest, Digest]]
    ) -> tuple[Descriptor, ...]:
        config = self._files.read(normpath(image["Config"]))
        diff_ids, paths = _diff_ids(config, self.name), _layer_paths(image)
        if len(diff_ids) != len(paths):
            reason = f"has an image of {len(paths)} layers whose config names {len(diff_ids)}"
            raise BundleError(self.name, reason)
        layers = [
            self._layer(path, diff_id, packed)
            for path, diff_id in zip(paths, diff_ids, strict=True)
        ]
        manifest = _manifest(self._document(config, media_types.DOCKER_CONFIG), layers)
        described = self._document(manifest.data, manifest.media_type)
        return _tagged_entries(described, image.get("RepoTags") or [])

    def _layer(
        self, path: str, diff_id: Digest, packed: Mapping[str, tuple[Digest, Digest]]
    ) -> Descriptor:
        size = self._files.size(path)
        if size is None:
            raise BundleError(self.name, f"has no {path}, a layer that it lists")
        digest, expanded = packed.get(path, (diff_id, diff_id))
        if expanded != diff_id:
            raise DigestMismatchError(f"{self.name}: {path}", str(diff_id), str(expanded), "blob")
        if self._digests.setdefault(path, digest) != digest:
            raise BundleError(self.name, f"has one file for two layers: {path}")
        self._layers.setdefault(digest, path)
        kind = media_types.DOCKER_LAYER if path in packed else _PLAIN_LAYER
        return Descriptor(kind, digest, size)

    def _document(self, data: bytes, media_type: str) -> Descriptor:
        digest = Digest.of(data)
        self._documents[digest] = data
        return Descriptor(media_type, digest, len(data))


def listed_images(files: Files) -> list[JsonObject]:
    """Return the images of ``manifest.json``. Raises BundleError, DocumentError."""
    data = files.read(LISTING)
    # The file is a list; the strict parser takes objects only.
    images = parse_object(b'{"images":%b}' % data, LISTING)["images"]
    if not isinstance(images, list) or not all(isinstance(image, dict) for image in images):
        raise DocumentError(LISTING, "not a list of images")
    return images


def _packed_layers(files: Files, images: list[JsonObject]) -> dict[str, tuple[Digest, Digest]]:
    """Hash each gzipped layer: the digest of its bytes, and that of the expanded bytes.

    It costs one more read of the layer. The digest of a plain layer is in the config.
    """
    paths = {path for image in images for path in _layer_paths(image)}
    present = [path for path in sorted(paths) if files.size(path) is not None]
    packed = [path for path in present if files.start(path).startswith(GZIP)]
    return {path: _digests(chunks, files.name) for path, chunks in files.iter_files(packed)}


def _digests(chunks: Chunks, bundle: str) -> tuple[Digest, Digest]:
    """Hash the bytes of a gzipped layer, and the expanded ones.

    A layer may be members without number, of which each leaves the rest of its input to the next
    one (RFC 1952): short pieces of input keep that rest short.
    """
    packed, expanded, gunzip = hashlib.sha256(), hashlib.sha256(), zlib.decompressobj(_GZIP_ONLY)
    with translating_errors(bundle):
        for chunk in chunks:
            packed.update(chunk)
            for start in range(0, len(chunk), _PIECE):
                piece = chunk[start : start + _PIECE]
                while piece:
                    expanded.update(gunzip.decompress(piece, CHUNK_SIZE))
                    piece = gunzip.unconsumed_tail
                    if gunzip.eof:
                        piece = gunzip.unused_data
                        gunzip = zlib.decompressobj(_GZIP_ONLY) if piece else gunzip
        if not gunzip.eof:
            raise EOFError
    return Digest("sha256", packed.hexdigest()), Digest("sha256", expanded.hexdigest())


def _layer_paths(image: JsonObject) -> list[str]:
    return [normpath(path) for path in image.get("Layers") or []]


def _diff_ids(config: bytes, bundle: str) -> list[Digest]:
    document = parse_object(config, f"{bundle}: config")
    return [Digest.parse(text) for text in document["rootfs"].get("diff_ids") or []]


def _manifest(config: Descriptor, layers: list[Descriptor]) -> Manifest:
    """Author the manifest in the byte form of skopeo (``manifest.Schema2``)."""
    document: dict[str, Json] = {
        "schemaVersion": 2,
        "mediaType": media_types.DOCKER_MANIFEST,
        "config": config.to_json(),
        "layers": [layer.to_json() for layer in layers],
    }
    data = json.dumps(document, separators=(",", ":")).encode()
    return Manifest(media_types.DOCKER_MANIFEST, data)


def _tagged_entries(entry: Descriptor, tags: list[str]) -> tuple[Descriptor, ...]:
    """Return an entry for each tag, or the one without a name.

    Docker's ``alpine:3`` is of Docker Hub, and its ``oci:1`` is an image there, not a layout.
    """
    names = (Reference.parse(f"library/{t}" if t.startswith(_SCHEMES) else t) for t in tags)
    named = tuple(evolve(entry, others={"annotations": {IMAGE_NAME: str(name)}}) for name in names)
    return named or (entry,)


@contextmanager
def _docker_errors(bundle: str) -> Iterator[None]:
    """Translate errors about the form of docker's documents to BundleError."""
    try:
        yield
    except KeyError as error:
        raise BundleError(bundle, f"is not a docker archive: {error} is missing") from error
    except (DocumentError, InputError, TypeError, AttributeError) as error:
        raise BundleError(bundle, f"is not a docker archive: {error}") from error
