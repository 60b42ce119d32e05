"""The files of a bundle in a folder, opened without following links."""

import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from manyfest.adapters.bundles.compression import START
from manyfest.adapters.bundles.file_source import DOCUMENT_LIMIT, Chunks
from manyfest.adapters.oci_layout.safe_directory import (
    MissingError,
    SafeDirectory,
    open_directory,
    read_chunks,
)
from manyfest.domain.errors import BundleError


class FolderFiles:
    """``Files`` of an open folder."""

    def __init__(self, root: SafeDirectory) -> None:
        self._root = root

    @property
    def name(self) -> str:
        return self._root.directory

    def size(self, path: str) -> int | None:
        try:
            with self._root.open(*path.split("/")) as file:
                return os.fstat(file.fileno()).st_size
        except MissingError:
            return None

    def start(self, path: str) -> bytes:
        return self._root.read(START, *path.split("/"))[:START]

    def read(self, path: str, limit: int = DOCUMENT_LIMIT) -> bytes:
        data = self._root.read(limit, *path.split("/"))
        if len(data) > limit:
            raise BundleError(self.name, f"has more than {limit} bytes in {path}")
        return data

    def iter_files(self, paths: Collection[str]) -> Iterator[tuple[str, Chunks]]:
        for path in paths:
            with self._root.open(*path.split("/")) as file:
                yield path, read_chunks(file, self.name)


@contextmanager
def open_folder(directory: str) -> Iterator[FolderFiles]:
    """Open the files of a folder. Raises LayoutError."""
    with open_directory(directory) as root:
        yield FolderFiles(root)
