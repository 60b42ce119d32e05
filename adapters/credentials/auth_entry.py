"""An entry of ``auths`` in docker's and podman's files.

Its members are those of docker/cli, ``types/authconfig.go``.
"""

import base64
import binascii
import re

from attrs import field, frozen
from cattrs.errors import BaseValidationError

from manyfest.adapters.cattrs_converter import strict_converter
from manyfest.domain.access import Credentials, CredentialSource
from manyfest.domain.encoding.strict_json import Json
from manyfest.domain.errors import CredentialsError

_CONVERTER = strict_converter()
_HEADER_SAFE = re.compile(r"[!-~]*")


@frozen
class AuthEntry:
    """The members of an entry as they are in the file, empty where they are missing."""

    auth: str = field(default="", repr=False)
    username: str = ""
    password: str = field(default="", repr=False)
    identitytoken: str = field(default="", repr=False)
    registrytoken: str = field(default="", repr=False)


def credentials_in(document: Json, source: CredentialSource) -> Credentials | None:
    """Return the credentials in an entry, None if it is empty.

    docker leaves empty entries where a helper keeps the secret.
    Raises CredentialsError, which names ``source`` and shows no part of the entry.
    """
    try:
        entry = _structure(document)
        username, password = (
            _decode_auth(entry.auth) if entry.auth else (entry.username, entry.password)
        )
    except ValueError as error:
        raise CredentialsError(f"{source.file}: auths[{ascii(source.key)[:80]}]: {error}") from None
    found = Credentials(username, password, entry.identitytoken, entry.registrytoken, source)
    return found if username or found.secrets else None


def encode_auth(username: str, password: str) -> str:
    """Return the ``auth`` member for a name and password (docker/cli, ``encodeAuth``)."""
    return base64.b64encode(f"{username}:{password}".encode()).decode()


def _structure(document: Json) -> AuthEntry:
    if not isinstance(document, dict):
        raise ValueError("not an object")  # noqa: TRY004 - a value from outside, not a bug
    try:
        entry = _CONVERTER.structure(document, AuthEntry)
    except (BaseValidationError, TypeError, AttributeError):
        raise ValueError("a member is not a text") from None
    if _HEADER_SAFE.fullmatch(entry.registrytoken) is None:
        raise ValueError("registrytoken has odd characters")
    return entry


def _decode_auth(auth: str) -> tuple[str, str]:
    """Decode ``user:password`` in base64 (docker/cli, ``decodeAuth``).

    Some writers pad the password with NUL.
    """
    try:
        text = base64.b64decode(auth, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise ValueError("auth is not base64 of text") from None
    username, colon, password = text.partition(":")
    if not colon or not username:
        raise ValueError("auth is not base64 of user:password")
    return username, password.strip("\0")
