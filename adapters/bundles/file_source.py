"""The files of a bundle, whether they stand in a folder or in an archive."""

from collections.abc import Collection, Iterator
from typing import Protocol

DOCUMENT_LIMIT = 4 * 1024 * 1024  # bytes; what is larger is no document and is streamed

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
        """The file's size in bytes, None if there is no such file."""
        ...

    def start(self, path: str) -> bytes:
        """The first bytes of a file that is there, by which its form is known."""
        ...

    def read(self, path: str, limit: int = DOCUMENT_LIMIT) -> bytes:
        """A whole file that is there. Raises BundleError: it has more than ``limit`` bytes."""
        ...

    def each(self, paths: Collection[str]) -> Iterator[tuple[str, Chunks]]:
        """These files, which are there, each once, in the order in which they are quickly read.

        The chunks of one are read before the next is asked for.
        """
        ...
