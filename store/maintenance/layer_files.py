"""The layer folder as files with an age and a size: layers, leftovers, and the quarantine."""

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from attrs import frozen

from manyfest.domain.digests import HEX_LENGTHS, Digest
from manyfest.domain.errors import InvalidDigestError
from manyfest.store.sqlite.errors import translating_sqlite_errors

_QUARANTINE = "quarantine"
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


@frozen
class LayerFiles:
    """The files in the ``folder`` of a ``FileLayerStore``, and in its quarantine.

    Files that disappear while they are listed are skipped. All methods raise StoreError.
    """

    folder: Path

    def layers(self) -> Iterator[LayerFile]:
        """Yield the layers, ordered by name."""
        return (file for file in _files(self.folder) if file.digest is not None)

    def leftovers_before(self, before: datetime) -> Iterator[LayerFile]:
        """Yield the files that are no layers and were last changed before ``before``."""
        for file in _files(self.folder):
            if file.digest is None and file.changed_at < before:
                yield file

    def quarantined_before(self, before: datetime = _END_OF_TIME) -> Iterator[LayerFile]:
        """Yield the layers that were quarantined before ``before``."""
        return (f for f in _files(self.folder / _QUARANTINE) if f.changed_at < before)

    def remove(self, file: LayerFile) -> None:
        """Remove the file, if it exists."""
        with translating_sqlite_errors(file.path, "be removed"):
            file.path.unlink(missing_ok=True)

    def quarantine(self, digest: Digest) -> None:
        """Move the layer, if it exists, to where nothing reads it."""
        name = Path(digest.algorithm, digest.hex)
        target = self.folder / _QUARANTINE / name
        with translating_sqlite_errors(self.folder / name, "be set aside"):
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with suppress(FileNotFoundError):
                # Touch it: its age in quarantine counts from this move.
                os.utime(self.folder / name, follow_symlinks=False)
                (self.folder / name).replace(target)


def _files(folder: Path) -> Iterator[LayerFile]:
    with translating_sqlite_errors(folder, "be read"):
        for algorithm in HEX_LENGTHS:
            directory = folder / algorithm
            for path in sorted(directory.iterdir()) if directory.is_dir() else ():
                with suppress(FileNotFoundError):
                    yield _layer_file(path, algorithm)


def _layer_file(path: Path, algorithm: str) -> LayerFile:
    status = path.lstat()
    changed_at = datetime.fromtimestamp(status.st_mtime, UTC)
    regular = stat.S_ISREG(status.st_mode)
    return LayerFile(path, _digest(algorithm, path.name), status.st_size, changed_at, regular)


def _digest(algorithm: str, name: str) -> Digest | None:
    try:
        return Digest(algorithm, name)
    except InvalidDigestError:
        return None
