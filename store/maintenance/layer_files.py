"""The layer folder as files with an age and a size: layers, leftovers, and the quarantine."""

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from manyfest.domain.digests import HEX_LENGTHS, Digest
from manyfest.domain.errors import InvalidDigestError
from manyfest.domain.history.observation import TOLERANCE
from manyfest.domain.values import frozen
from manyfest.store.layer_store import LayerFolder
from manyfest.store.partial_layers import SUFFIX
from manyfest.store.sqlite.errors import translating_sqlite_errors

_QUARANTINE = "quarantine"
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_END_OF_TIME = datetime.max.replace(tzinfo=UTC)


@frozen
class LayerFile:
    """A file in the layer folder; ``size`` in bytes, ``changed_at`` (mtime) in UTC.

    ``digest`` is None for a file that is no layer, such as the temporary file of a killed program.
    """

    path: Path
    digest: Digest | None
    size: int
    changed_at: datetime
    is_regular: bool
    is_folder: bool


@frozen
class LayerFiles:
    """The files in the ``folder`` of a ``FileLayerStore``, and in its quarantine.

    Files that disappear while they are listed are skipped. All methods raise StoreError.
    """

    folder: Path

    def layers(self) -> Iterator[LayerFile]:
        """Yield the layers, ordered by name."""
        return (file for file in self._files() if file.digest is not None)

    def partial(self) -> Iterator[LayerFile]:
        """Yield the files of layers whose transfer broke off, or goes on."""
        return (file for file in self._files() if file.path.name.endswith(SUFFIX))

    def leftovers_before(self, before: datetime) -> Iterator[LayerFile]:
        """Yield the files that are no layers and were last changed before ``before``."""
        for file in self._files():
            if file.digest is None and file.changed_at < before:
                yield file

    def quarantined_before(self, before: datetime = _END_OF_TIME) -> Iterator[LayerFile]:
        """Yield the layers that were quarantined before ``before``."""
        return (file for file in self._files(_QUARANTINE) if file.changed_at < before)

    def remove(self, file: LayerFile) -> None:
        """Remove the file, or the folder that is in a layer's place, if it exists."""
        *above, name = file.path.relative_to(self.folder).parts
        with (
            translating_sqlite_errors(file.path, "be removed"),
            suppress(FileNotFoundError),
            LayerFolder(self.folder).opened(*above) as directory,
        ):
            if file.is_folder:
                from shutil import rmtree  # rarely needed

                rmtree(name, dir_fd=directory)
            else:
                os.unlink(name, dir_fd=directory)

    def quarantine(self, digest: Digest) -> None:
        """Move the layer, if it exists, to where nothing reads it."""
        name = digest.hex
        with (
            translating_sqlite_errors(self.folder / digest.algorithm / name, "be set aside"),
            suppress(FileNotFoundError),
            LayerFolder(self.folder).opened(digest.algorithm) as source,
            LayerFolder(self.folder).opened(_QUARANTINE, digest.algorithm, create=True) as target,
        ):
            # Touch it: its age in quarantine counts from this move.
            os.utime(name, dir_fd=source, follow_symlinks=False)
            with suppress(FileExistsError, IsADirectoryError, NotADirectoryError):
                os.replace(name, name, src_dir_fd=source, dst_dir_fd=target)

    def _files(self, *above: str) -> Iterator[LayerFile]:
        with translating_sqlite_errors(self.folder, "be read"):
            for algorithm in HEX_LENGTHS:
                files: list[LayerFile] = []
                with (
                    suppress(FileNotFoundError),
                    LayerFolder(self.folder).opened(*above, algorithm) as directory,
                ):
                    files = [*_listed(directory, self.folder.joinpath(*above, algorithm))]
                yield from files


def _listed(directory: int, path: Path) -> Iterator[LayerFile]:
    for name in sorted(os.listdir(directory)):
        with suppress(FileNotFoundError):
            status = os.stat(name, dir_fd=directory, follow_symlinks=False)
            digest, mode = _digest(path.name, name), status.st_mode
            kind = stat.S_ISREG(mode), stat.S_ISDIR(mode)
            yield LayerFile(path / name, digest, status.st_size, _changed_at(status), *kind)


def _changed_at(status: os.stat_result) -> datetime:
    """Return the mtime; a time of the future is a wrong clock's, and counts as long ago.

    So does one beyond the years that Python has: some file systems keep 64 bits.
    """
    try:
        changed_at = datetime.fromtimestamp(status.st_mtime, UTC)
    except (OverflowError, ValueError, OSError):
        return _LONG_AGO
    return _LONG_AGO if changed_at - datetime.now(UTC) > TOLERANCE else changed_at


def _digest(algorithm: str, name: str) -> Digest | None:
    try:
        return Digest(algorithm, name)
    except InvalidDigestError:
        return None
