"""The JSON files in which docker and containers keep credentials: reading and rewriting."""

import contextlib
import fcntl
import json
import os
import stat
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from threading import Lock

from manyfest.adapters.files.os_error_text import os_error_text
from manyfest.domain.encoding.strict_json import Json, JsonObject, parse_object
from manyfest.domain.errors import CredentialsError, DocumentError

_SIZE_LIMIT = 4 * 1024 * 1024


def read_object(path: Path) -> JsonObject:
    """The JSON object in the file; one that is not there is an empty one.

    Raises CredentialsError, naming the file. Never waits for the writer of a pipe.
    """
    data = _contents(path)
    if data is None:
        return {}
    try:
        return parse_object(data, str(path))
    except DocumentError as error:
        raise CredentialsError(f"cannot read credentials: {error}") from error


class JsonFile:
    """The object in a file, read when first wanted, and once. Thread-safe."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = Lock()
        self._read: list[JsonObject] = []

    def document(self) -> JsonObject:
        """As ``read_object``."""
        with self._lock:
            if not self._read:
                self._read.append(read_object(self.path))
            return self._read[0]

    def object(self, member: str) -> Mapping[str, Json]:
        """The object under ``member``, empty where there is none. Raises CredentialsError."""
        return object_in(self.document(), member, self.path)


def object_in(document: JsonObject, member: str, path: Path) -> Mapping[str, Json]:
    """The object under ``member``, empty where it is missing or null. Raises CredentialsError."""
    found = document.get(member) or {}
    if not isinstance(found, dict):
        raise CredentialsError(f"cannot read credentials: {path}: {member} is not an object")
    return found


def rewrite(path: Path, change: Callable[[JsonObject], JsonObject]) -> None:
    """Put what ``change`` makes of the file's object in its place, whole or not at all.

    The file is for its owner only, indented as docker does it; a symbolic link to it stays one.
    Others that rewrite it so wait. Nothing is written when nothing changes.
    Raises CredentialsError, naming the file.
    """
    target = Path(os.path.realpath(path))
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _locked(target.parent):
            before = read_object(target)
            after = change(before)
            if after != before:
                _replace(target, json.dumps(after, indent="\t", ensure_ascii=False).encode())
    except OSError as error:
        raise CredentialsError(
            f"cannot write credentials: {path}: {os_error_text(error)}"
        ) from error


def _contents(path: Path) -> bytes | None:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, "rb") as file:  # noqa: PTH123 - of a descriptor
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise CredentialsError(f"cannot read credentials: {path} is not a file")
            if status.st_size > _SIZE_LIMIT:
                raise CredentialsError(f"cannot read credentials: {path} is too large")
            return file.read(_SIZE_LIMIT)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise CredentialsError(
            f"cannot read credentials: {path}: {os_error_text(error)}"
        ) from error


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        with contextlib.suppress(OSError):  # some file systems have no locks
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _replace(target: Path, data: bytes) -> None:
    """By a new file beside it, which only its owner could ever read."""
    descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with open(descriptor, "wb") as file:  # noqa: PTH123 - of a descriptor
            file.write(data)
            file.flush()
            os.fsync(descriptor)
            with contextlib.suppress(OSError):  # root may edit the file of another user
                owner = target.stat()
                os.fchown(descriptor, owner.st_uid, owner.st_gid)
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
