"""OCI image-layout directories as a registry: the port over files (image-spec, image-layout.md)."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from manyfest.adapters.completeness import require_children
from manyfest.adapters.held_blobs import blob_digest
from manyfest.adapters.oci_layout.files import MissingError, Root, read_chunks
from manyfest.adapters.oci_layout.structure import (
    INDEX,
    blob_path,
    make_layout,
    open_layout,
    read_index,
)
from manyfest.domain import manifests
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest, verified, verified_chunks
from manyfest.domain.errors import (
    BlobUnknownError,
    DocumentError,
    ManifestUnknownError,
    NotFoundError,
)
from manyfest.domain.manifests import Manifest
from manyfest.domain.ports.registry import BlobSource, Registry
from manyfest.domain.references import Home, Layout, Reference


class LayoutRegistry(Registry):
    """Every layout directory; writing makes those that are missing.

    Besides the errors of the port: LayoutError for a directory that is no layout of version 1.0.0,
    for a file that is a symbolic link or not regular, and for what the system refuses.
    """

    def get_manifest(self, reference: Reference) -> Manifest:
        with _opened(reference, ManifestUnknownError(str(reference))) as root:
            return _by_digest(root, reference) if reference.digest else _by_tag(root, reference)

    def head_manifest(self, reference: Reference) -> Descriptor:
        return self.get_manifest(reference).descriptor()

    def put_manifest(self, reference: Reference, manifest: Manifest) -> None:
        digest = reference.digest or manifest.digest
        verified(manifest.data, digest, None, str(reference))
        with make_layout(_directory(reference)) as root:
            require_children(
                manifest, str(reference.home), lambda child: root.holds(*blob_path(child.digest))
            )
            root.write([manifest.data], *blob_path(digest))
            if reference.digest is None:
                with root.locked():
                    index = read_index(root)
                    root.write([index.naming(reference.tag, manifest.descriptor())], INDEX)

    def head_blob(self, reference: Reference) -> int:
        with _blob_file(reference) as file:
            return os.fstat(file.fileno()).st_size

    @contextmanager
    def open_blob(self, reference: Reference, size: int) -> Iterator[Iterator[bytes]]:
        digest, directory = blob_digest(reference), _directory(reference)
        with _blob_file(reference) as file:
            yield verified_chunks(read_chunks(file, directory), digest, size, str(reference))

    def mount_blob(self, reference: Reference, origin: Home) -> bool:  # noqa: ARG002
        return False  # a hard link would let damage in one layout spread to the other

    def write_blob(self, reference: Reference, size: int, source: BlobSource) -> None:
        digest = blob_digest(reference)
        with make_layout(_directory(reference)) as root, source() as chunks:
            root.write(verified_chunks(chunks, digest, size, str(reference)), *blob_path(digest))


def _by_tag(root: Root, reference: Reference) -> Manifest:
    entry = read_index(root).named(reference.tag)
    if entry is None:
        raise ManifestUnknownError(str(reference))
    return _read(root, entry.digest, entry, str(reference))


def _by_digest(root: Root, reference: Reference) -> Manifest:
    digest, subject = blob_digest(reference), str(reference)
    entry = read_index(root).listed(digest)
    with _missing_means(ManifestUnknownError(subject)):
        return _read(root, digest, entry, subject)


def _read(root: Root, digest: Digest, entry: Descriptor | None, subject: str) -> Manifest:
    data = root.read(manifests.SIZE_LIMIT, *blob_path(digest))
    if len(data) > manifests.SIZE_LIMIT:
        raise DocumentError(subject, f"larger than {manifests.SIZE_LIMIT} bytes")
    verified(data, digest, entry.size if entry else None, subject)
    return Manifest.received(data, entry.media_type if entry else "", subject, digest.algorithm)


def _blob_file(reference: Reference) -> BinaryIO:
    unknown, path = BlobUnknownError(str(reference)), blob_path(blob_digest(reference))
    with _opened(reference, unknown) as root, _missing_means(unknown):
        return root.open(*path)


def _opened(reference: Reference, unknown: NotFoundError) -> Root:
    with _missing_means(unknown):
        return open_layout(_directory(reference))


@contextmanager
def _missing_means(unknown: NotFoundError) -> Iterator[None]:
    try:
        yield
    except MissingError as error:
        raise unknown from error


def _directory(reference: Reference) -> str:
    if not isinstance(reference.home, Layout):
        raise TypeError(f"{reference} is in no layout")
    return reference.home.directory
