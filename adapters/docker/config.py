"""docker's ``config.json``: the credentials in its ``auths`` (docker/cli, ``cli/config``).

Nothing is ever written there. The file is read when a registry first asks for credentials, and an
entry of another host may be broken without harm.
"""

import base64
import binascii
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from manyfest.adapters.http_registry.credentials import Credentials
from manyfest.domain.errors import CredentialsError, DocumentError
from manyfest.domain.strict_json import Json, parse_object

if TYPE_CHECKING:  # cattrs takes a while to import, and most commands ask for no credentials
    from manyfest.adapters.docker.auth_entries import AuthEntry

FILE_NAME = "config.json"
_SIZE_LIMIT = 4 * 1024 * 1024

# docker/cli, cli/command/registry.go: the hub goes by this key, a URL of long ago; other programs
# write one of its names.
_HUB = "docker.io"
_HUB_KEY = "https://index.docker.io/v1/"
_HUB_NAMES = ("index.docker.io", "docker.io")


class DockerConfig:
    """The configuration in a folder (``$DOCKER_CONFIG``, or ``~/.docker``). Thread-safe."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE_NAME
        self._lock = Lock()
        self._read: list[Mapping[str, Json]] = []

    def credentials_for(self, host: str) -> Credentials | None:
        """What ``auths`` has for a registry, by its name in references; None if nothing.

        Raises CredentialsError, naming the file: it cannot be read, is no JSON object, or the
        entry for this host makes no sense. A file that is not there is an empty one.
        """
        found = _entry_for(host, self._auths())
        if found is None:
            return None
        key, document = found
        from manyfest.adapters.docker.auth_entries import AuthEntry

        try:
            return _credentials(AuthEntry.from_json(document), str(self._path))
        except ValueError as error:
            raise CredentialsError(f"{self._path}: auths[{ascii(key)[:80]}]: {error}") from error

    def _auths(self) -> Mapping[str, Json]:
        with self._lock:
            if not self._read:
                self._read.append(_auths_in(self._path))
            return self._read[0]


def to_hostname(key: str) -> str:
    """The host that a key of ``auths`` is for, lower case: docker's ``ConvertToHostname``."""
    return key.removeprefix("http://").removeprefix("https://").partition("/")[0].lower()


def _entry_for(host: str, auths: Mapping[str, Json]) -> tuple[str, Json] | None:
    """The exact key first, then any that comes down to the host; the first in the file counts."""
    exact, names = (_HUB_KEY, _HUB_NAMES) if host == _HUB else (host, (host.lower(),))
    if exact in auths:
        return exact, auths[exact]
    return next(((key, auths[key]) for key in auths if to_hostname(key) in names), None)


def _credentials(entry: "AuthEntry", source: str) -> Credentials | None:
    username, password = _decoded(entry.auth) if entry.auth else (entry.username, entry.password)
    credentials = Credentials(
        username, password, entry.identitytoken, entry.registrytoken, source=source
    )
    is_empty = not (username or credentials.secrets)  # docker leaves {} where a helper has them
    return None if is_empty else credentials


def _decoded(auth: str) -> tuple[str, str]:
    """docker/cli, ``decodeAuth``: ``user:password`` in base64, and some writers pad with NUL."""
    try:
        text = base64.b64decode(auth, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise ValueError("auth is not base64 of text") from None
    username, colon, password = text.partition(":")
    if not colon or not username:
        raise ValueError("auth is not base64 of user:password")
    return username, password.strip("\0")


def _auths_in(path: Path) -> Mapping[str, Json]:
    data = _contents(path)
    if data is None:
        return {}
    try:
        auths = parse_object(data, str(path)).get("auths") or {}
    except DocumentError as error:
        raise CredentialsError(f"cannot read credentials: {error}") from error
    if not isinstance(auths, dict):
        raise CredentialsError(f"cannot read credentials: {path}: auths is not an object")
    return auths


def _contents(path: Path) -> bytes | None:
    """The file's bytes, None where there is none; without waiting for the writer of a pipe."""
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
        reason = (error.strerror or "unreadable").lower()
        raise CredentialsError(f"cannot read credentials: {path}: {reason}") from error
