"""The files of a bundle, in a folder or in an archive."""

from collections.abc import Collection, Iterator
from typing import Protocol

DOCUMENT_LIMIT = 4 * 1024 * 1024  # bytes; a larger file is no document, and is streamed

Chunks = Iterator[bytes]


class Files(Protocol):
    """Files by their paths within the bundle, such as ``blobs/sha256/…``.

    All methods may raise BundleError and LayoutError.
    """

    @property
    def name(self) -> str:
        """The bundle's path, as errors name it."""
        ...

    def size(self, path: str) -> int | None:
        """The size of a file in bytes, None if there is no such file."""
        ...

    def start(self, path: str) -> bytes:
        """The first bytes of an existing file, by which its compression is recognised."""
        ...

    def read(self, path: str, limit: int = DOCUMENT_LIMIT) -> bytes:
        """Read a whole existing file. Raises BundleError: it exceeds ``limit`` bytes."""
        ...

    def iter_files(self, paths: Collection[str]) -> Iterator[tuple[str, Chunks]]:
        """Yield these existing files, each once, in the order that is fastest to read.

        Read the chunks of one file before asking for the next.
        """
        ...
