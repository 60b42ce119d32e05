"""JSON files with credentials, as docker and podman keep them."""

import contextlib
import fcntl
import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from threading import Lock

from manyfest.adapters.files.atomic_file import atomic_write
from manyfest.adapters.files.go_json import GoJsonError, parse_object
from manyfest.adapters.files.os_error_text import os_error_text
from manyfest.adapters.files.regular_file import NotRegularFileError, read_regular_file
from manyfest.domain.encoding.strict_json import Json, JsonObject
from manyfest.domain.errors import CredentialsError, CredentialSourceError

_SIZE_LIMIT = 4 * 1024 * 1024  # bytes

# The members that we read, of docker/cli's ``configfile.ConfigFile``.
FIELDS = ("auths", "credsStore", "credHelpers", "HttpHeaders")


def read_object(path: Path, *, must_exist: bool = False) -> JsonObject:
    """Return the JSON object in the file, an empty one if the file does not exist.

    It is read as Go reads it. Never waits for the writer of a pipe. Raises CredentialSourceError,
    naming the file: it cannot be read, is larger than 4 MiB, is not a JSON object, or does not
    exist and must.
    """
    data = _read_bytes(path, must_exist=must_exist)
    if data is None:
        return {}
    try:
        return parse_object(data, FIELDS)
    except GoJsonError as error:
        raise unreadable(path, str(error)) from None


class JsonFile:
    """The JSON object in a file, read once, at first use. Thread-safe."""

    def __init__(self, path: Path, *, must_exist: bool = False) -> None:
        self.path = path
        self._must_exist = must_exist
        self._lock = Lock()
        self._outcome: JsonObject | CredentialSourceError | None = None

    def document(self) -> JsonObject:
        """Return the whole object, or raise, as ``read_object`` did the first time."""
        with self._lock:
            if self._outcome is None:
                try:
                    self._outcome = read_object(self.path, must_exist=self._must_exist)
                except CredentialSourceError as error:
                    self._outcome = error
            if isinstance(self._outcome, CredentialSourceError):
                raise self._outcome
            return self._outcome

    def object(self, member: str) -> Mapping[str, Json]:
        """Return the object under ``member``, empty if there is none.

        Raises CredentialSourceError.
        """
        return object_in(self.document(), member, self.path)


def object_in(document: JsonObject, member: str, path: Path) -> Mapping[str, Json]:
    """Return the object under ``member``, empty if that is missing or null.

    Raises CredentialSourceError, naming ``path`` and the member: it is not an object.
    """
    found = document.get(member) or {}
    if not isinstance(found, dict):
        raise unreadable(path, f"{member} is not an object")
    return found


def unreadable(path: Path, reason: str) -> CredentialSourceError:
    """Build the error for a file whose credentials cannot be read."""
    message = f"cannot read credentials: {path}: {reason}"
    return CredentialSourceError(str(path), message, f"correct or remove {path}")


def rewrite(path: Path, change: Callable[[JsonObject], JsonObject]) -> None:
    """Replace the file's object by what ``change`` returns for it, atomically.

    Only the owner can read the file, which is indented as docker does it; a symbolic link to it
    stays one. Rewrites by other processes wait. An unchanged object is not written.
    Raises CredentialsError, naming the file.
    """
    target = Path(os.path.realpath(path))
    try:
        _make_private(target.parent)
        with _locked(target.parent):
            before = read_object(target)
            after = change(before)
            if after != before:
                _replace(target, json.dumps(after, indent="\t", ensure_ascii=False).encode())
    except OSError as error:
        reason = os_error_text(error)
        raise CredentialsError(f"cannot write credentials: {path}: {reason}") from error


def _make_private(folder: Path) -> None:
    """Make the folder and those above it for their owner alone; ``mkdir`` does so for one."""
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except FileNotFoundError:
        _make_private(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)


def _read_bytes(path: Path, *, must_exist: bool) -> bytes | None:
    try:
        data = read_regular_file(path, _SIZE_LIMIT)
    except (FileNotFoundError, NotADirectoryError) as error:
        if must_exist:
            raise unreadable(path, os_error_text(error)) from error
        return None
    except NotRegularFileError as error:
        raise unreadable(path, "not a file") from error
    except OSError as error:
        raise unreadable(path, os_error_text(error)) from error
    if len(data) > _SIZE_LIMIT:
        raise unreadable(path, "too large")
    return data


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
    with atomic_write(target, mode=0o600) as file:
        file.write(data)
        with contextlib.suppress(OSError):  # root may edit the file of another user
            owner = target.stat()
            os.fchown(file.fileno(), owner.st_uid, owner.st_gid)
