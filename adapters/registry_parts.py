"""Rules that registry adapters share: blobs in memory, documents, required children."""

import hashlib  # noqa: F401 - loads OpenSSL now: later, all file descriptors may be in use
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from threading import Lock

from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest, verified_chunks
from manyfest.domain.errors import (
    BlobUnknownError,
    DocumentError,
    ManifestUnknownError,
    RefusedError,
)
from manyfest.domain.lists.distributable_blobs import distributable_blobs
from manyfest.domain.manifests import Manifest
from manyfest.domain.ports.registry import ManifestReader, open_bytes
from manyfest.domain.references import Reference

_LARGE, _LARGE_SIZE = Lock(), 256 * 1024  # bytes

_BAD_REQUEST = 400  # distribution-spec: MANIFEST_BLOB_UNKNOWN


def blob_digest(reference: Reference) -> Digest:
    """The digest in a reference to a blob. Raises BlobUnknownError: the reference has none."""
    if reference.digest is None:
        raise BlobUnknownError(str(reference))
    return reference.digest


@contextmanager
def open_verified(data: bytes, reference: Reference, size: int) -> Iterator[Iterator[bytes]]:
    """Open ``data`` as ``BlobReader.open_blob`` promises: counted and hashed while it is read.

    ``size`` is the expected size in bytes.
    """
    with open_bytes(data) as chunks:
        yield verified_chunks(chunks, blob_digest(reference), size, str(reference))


def received_manifest(
    data: bytes, content_type: str, subject: str, algorithm: str = "sha256"
) -> Manifest:
    """``Manifest.received``, but of large documents one at a time.

    Parsing takes many times their size in memory, and threads are no faster together. Raises
    DocumentError.
    """
    with _LARGE if len(data) > _LARGE_SIZE else nullcontext():
        return Manifest.received(data, content_type, subject, algorithm)


def is_document_of_manifest(registry: ManifestReader, reference: Reference) -> bool:
    """Return whether ``registry`` has a document there that says that it is a manifest.

    For homes that keep all content in one place, where the document alone can tell.
    """
    try:
        return registry.get_manifest(reference).identifies_itself
    except (ManifestUnknownError, DocumentError):
        return False


def require_children(manifest: Manifest, host: str, exists: Callable[[Descriptor], bool]) -> None:
    """Check that ``host`` has everything that ``manifest`` refers to, as distribution does.

    Children come before parents: a list needs its entries, an image its config and its
    distributable layers. ``exists`` looks one of them up. Raises RefusedError, which names the
    first missing child, and DocumentError.
    """
    for child in _required(manifest):
        if not exists(child):
            message = f"{host} lacks {child.digest}, which {manifest.digest} names"
            raise RefusedError(host, message, _BAD_REQUEST)


def _required(manifest: Manifest) -> tuple[Descriptor, ...]:
    """The children that must exist; nothing can be asked for by an unverifiable digest."""
    if not manifest.is_list:
        return tuple(distributable_blobs(manifest))
    return tuple(entry for entry in manifest.entries if entry.digest.is_verifiable)
