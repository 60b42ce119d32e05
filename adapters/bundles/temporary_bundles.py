"""Bundles as blobs: packed into temporary files, and unpacked from them."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir

from manyfest.adapters.bundles.open_bundle import open_bundle
from manyfest.adapters.bundles.tar_stream import Check, unlimited
from manyfest.adapters.bundles.tar_writer import write_archive
from manyfest.domain.digests import CHUNK_SIZE, Digest
from manyfest.domain.errors import BundleError
from manyfest.domain.ports.bundles import Bundle, BundleContent, PackedBundle

_PREFIX = "manyfest-"


class TemporaryBundles:
    """``BundlePacker``; ``check`` may raise while a bundle is read.

    ``on_local_work`` is called after packing, and after a bundle was used: that takes time of its
    own, which is none of a server.
    """

    def __init__(
        self, check: Check = unlimited, on_local_work: Callable[[], None] = lambda: None
    ) -> None:
        self._check = check
        self._on_local_work = on_local_work

    @contextmanager
    def packed(self, content: BundleContent) -> Iterator[PackedBundle]:
        """See the port."""
        with TemporaryDirectory(prefix=_PREFIX) as folder:
            path = Path(folder, "content.tar.zst")
            write_archive(path, content, compressed=True)
            with path.open("rb") as file:
                digest = Digest("sha256", hashlib.file_digest(file, "sha256").hexdigest())

            self._on_local_work()

            @contextmanager
            def opened(start: int = 0, /) -> Iterator[Iterator[bytes]]:
                with path.open("rb") as file:
                    file.seek(start)
                    yield iter(lambda: file.read(CHUNK_SIZE), b"")

            yield PackedBundle(digest, path.stat().st_size, opened)

    @contextmanager
    def unpacked(self, name: str, chunks: Iterator[bytes]) -> Iterator[Bundle]:
        """See the port."""
        with TemporaryDirectory(prefix=_PREFIX) as folder:
            path = Path(folder, "content.tar.zst")
            try:
                with path.open("wb") as file:
                    file.writelines(chunks)
            except OSError as error:
                reason = f"cannot be kept in {gettempdir()}: {error.strerror} (see TMPDIR)"
                raise BundleError(name, reason) from error
            try:
                with open_bundle(path, self._check) as bundle:
                    yield bundle
                    self._on_local_work()
            except BundleError as error:
                if error.path != str(path):
                    raise
                raise BundleError(name, error.reason) from error
