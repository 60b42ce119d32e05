"""The layer store port: layers by digest, for use without a registry.

Reading and writing are possible from several threads and processes at once. All methods may raise
StoreError (cannot be read or written).
"""

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Protocol

from manyfest.domain.digests import Digest

if TYPE_CHECKING:
    from manyfest.domain.ports.registry import BlobSource


class LayerStore(Protocol):
    """Keeps layers. Bytes are hashed again when read: damage is an error."""

    def size(self, digest: Digest) -> int | None:
        """The size in bytes of the layer ``digest``, None if it is not kept."""
        ...

    def touch(self, digest: Digest) -> int | None:
        """Return ``size``, and reset the layer's age to that of one just written.

        For a caller that is about to keep a manifest that refers to the layer: old layers without
        such a manifest are garbage.
        """
        ...

    def open(self, digest: Digest) -> AbstractContextManager[Iterator[bytes]]:
        """The layer's bytes in chunks of at most 1 MiB, never whole in memory.

        Raises BlobUnknownError on entering: it is not kept; DamagedStoreError at the last ``next``:
        the bytes do not match the digest. Use nothing before the end.
        """
        ...

    def write(self, digest: Digest, size: int, chunks: Iterable[bytes]) -> None:
        """Keep the layer, whole or not at all. A kept one is replaced.

        Raises SizeMismatchError, DigestMismatchError: ``chunks`` are other bytes.
        """
        ...

    def resume(self, digest: Digest, size: int, source: "BlobSource") -> None:
        """Keep the layer that ``source`` opens, as ``write`` does.

        A store may keep the bytes of a transfer that broke off, and ask ``source`` only for those
        that follow. Raises what ``write`` raises, and the errors of ``source``.
        """
        with source() as chunks:
            self.write(digest, size, chunks)

    def digests(self) -> Iterator[Digest]:
        """The digests of all kept layers, in no order."""
        ...

    def remove(self, digest: Digest) -> None:
        """Remove the layer written here, unless another process wrote or touched it.

        Such a process is about to keep a manifest that refers to it, or already has.
        """
        ...
