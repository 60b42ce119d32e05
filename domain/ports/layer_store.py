"""The layer store port: large blobs by digest, kept for where no registry can be asked.

Reading and writing are possible from several threads and processes at once. All methods may raise
StoreError (cannot be read or written).
"""

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from typing import Protocol

from manyfest.domain.digests import Digest


class LayerStore(Protocol):
    """Keeps layers. Bytes are hashed again as they are read: damage is an error."""

    def size(self, digest: Digest) -> int | None:
        """The size in bytes of the layer kept under ``digest``, None if it is not kept."""
        ...

    def touch(self, digest: Digest) -> int | None:
        """As ``size``, for who is about to keep a manifest that names the layer.

        From now on it is as young as one just written: layers that nobody names go when they are
        old, and this one may have been there for long.
        """
        ...

    def open(self, digest: Digest) -> AbstractContextManager[Iterator[bytes]]:
        """The layer's bytes in chunks of at most 1 MiB, never whole in memory.

        Raises BlobUnknownError on entering: it is not kept; DamagedStoreError at the last ``next``:
        these were other bytes. Use nothing before the end.
        """
        ...

    def write(self, digest: Digest, size: int, chunks: Iterable[bytes]) -> None:
        """Keep the layer, whole or not at all. What is kept already is replaced.

        Raises SizeMismatchError, DigestMismatchError: ``chunks`` are other bytes.
        """
        ...

    def digests(self) -> Iterator[Digest]:
        """All that are kept, in no order."""
        ...

    def remove(self, digest: Digest) -> None:
        """Forget the layer that was written here, unless somebody wrote or renewed it since.

        Who did so is about to keep a manifest that names it, or has.
        """
        ...
