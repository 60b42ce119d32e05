"""Files that a command writes for the next step of a pipeline."""

import os
from pathlib import Path

from manyfest.cli.process.pflag import UsageError


def require_writable(*files: Path | None) -> None:
    """Refuse files that cannot be written, before anything is published."""
    for file in filter(None, files):
        if not file.parent.is_dir():
            raise UsageError(f"cannot write {file}: there is no folder {file.parent}")
        if file.is_dir() or not os.access(file if file.exists() else file.parent, os.W_OK):
            raise UsageError(f"cannot write {file}")


def write_file(file: Path, text: str) -> None:
    """Replace the content of ``file`` by ``text``, atomically.

    A file that cannot be replaced is written in place: a pipe, a device, a file in a folder that we
    may not write to, and the target of a symbolic link, such as ``/dev/stdout``. Raises OSError.
    """
    if _is_replaceable(file):
        _replace(file, text.encode())
    else:
        file.write_bytes(text.encode())


def _is_replaceable(file: Path) -> bool:
    if file.is_symlink():
        return False
    return not file.exists() or (file.is_file() and os.access(file.parent, os.W_OK))


def _replace(file: Path, data: bytes) -> None:
    from manyfest.adapters.files.atomic_file import atomic_write

    with atomic_write(file) as written:
        written.write(data)
        if file.exists():
            os.fchmod(written.fileno(), file.stat().st_mode & 0o777)
