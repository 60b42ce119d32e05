"""The folder of layers as files to look after: how old, how large, what was left, set aside."""

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

_ASIDE = "quarantine"
_END_OF_TIME = datetime.max.replace(tzinfo=UTC)


@frozen
class LayerFile:
    """A file that stands where layers do; ``size`` in bytes, ``changed_at`` in UTC.

    ``digest`` is None for what is no layer, such as what a killed program left half written.
    """

    path: Path
    digest: Digest | None
    size: int
    changed_at: datetime
    is_regular: bool


@frozen
class LayerFiles:
    """The files in the ``folder`` of a ``LayerFolder``, and its quarantine. All raise StoreError.

    What goes away while it is looked at is left out.
    """

    folder: Path

    def held(self) -> Iterator[LayerFile]:
        """The layers, by name."""
        return (file for file in _files(self.folder) if file.digest is not None)

    def left_over(self, before: datetime) -> Iterator[LayerFile]:
        """What is no layer and was not changed since."""
        for file in _files(self.folder):
            if file.digest is None and file.changed_at < before:
                yield file

    def quarantined_before(self, before: datetime = _END_OF_TIME) -> Iterator[LayerFile]:
        """The layers that were set aside until then."""
        return (f for f in _files(self.folder / _ASIDE) if f.changed_at < before)

    def remove(self, file: LayerFile) -> None:
        """Forget it, if it is there."""
        with translating_sqlite_errors(file.path, "be removed"):
            file.path.unlink(missing_ok=True)

    def set_aside(self, digest: Digest) -> None:
        """Move the layer to where nobody reads it, if it is there."""
        place = Path(digest.algorithm, digest.hex)
        aside = self.folder / _ASIDE / place
        with translating_sqlite_errors(self.folder / place, "be set aside"):
            aside.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with suppress(FileNotFoundError):
                # From now on its age is that of its being here.
                os.utime(self.folder / place, follow_symlinks=False)
                (self.folder / place).replace(aside)


def _files(folder: Path) -> Iterator[LayerFile]:
    with translating_sqlite_errors(folder, "be read"):
        for algorithm in HEX_LENGTHS:
            place = folder / algorithm
            for path in sorted(place.iterdir()) if place.is_dir() else ():
                with suppress(FileNotFoundError):
                    yield _described(path, algorithm)


def _described(path: Path, algorithm: str) -> LayerFile:
    status = path.lstat()
    changed_at = datetime.fromtimestamp(status.st_mtime, UTC)
    regular = stat.S_ISREG(status.st_mode)
    return LayerFile(path, _digest(algorithm, path.name), status.st_size, changed_at, regular)


def _digest(algorithm: str, name: str) -> Digest | None:
    try:
        return Digest(algorithm, name)
    except InvalidDigestError:
        return None
