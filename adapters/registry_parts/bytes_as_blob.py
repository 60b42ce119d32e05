"""Blobs that are held whole, handed out in chunks as the registry port asks."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext

from manyfest.domain.digests import Digest, verified_chunks
from manyfest.domain.errors import BlobUnknownError
from manyfest.domain.references import Reference

_CHUNK = 1024 * 1024


def blob_digest(reference: Reference) -> Digest:
    """The digest in a reference to a blob. Raises BlobUnknownError: there is none."""
    if reference.digest is None:
        raise BlobUnknownError(str(reference))
    return reference.digest


def open_bytes(
    data: bytes, reference: Reference, size: int
) -> AbstractContextManager[Iterator[bytes]]:
    """``data`` as ``BlobReader.open_blob`` gives it, counted and hashed as it passes."""
    chunks = (data[start : start + _CHUNK] for start in range(0, len(data), _CHUNK))
    return nullcontext(verified_chunks(chunks, blob_digest(reference), size, str(reference)))
