"""An entry of ``auths`` in docker's and podman's files.

Its members are those of docker/cli, ``types/authconfig.go``.
"""

import base64
import re

from attr import field, fields
from cattrs.errors import BaseValidationError

from manyfest.adapters.cattrs_converter import strict_converter
from manyfest.adapters.credentials.registry_keys import canonical, to_hostname
from manyfest.adapters.files.go_json import fields_of
from manyfest.domain.access import Credentials, CredentialSource
from manyfest.domain.encoding.strict_json import Json
from manyfest.domain.errors import CredentialSourceError
from manyfest.domain.values import frozen

_CONVERTER = strict_converter()
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
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
    Raises CredentialSourceError, which names ``source`` and shows no part of the entry.
    """
    try:
        entry = _structure(document)
        username, password = (
            _decode_auth(entry.auth) if entry.auth else (entry.username, entry.password)
        )
    except ValueError as error:
        message = f"{source.file}: auths[{ascii(source.key)[:80]}]: {error}"
        remedy = f"run: manyfest login {canonical(to_hostname(source.key))}"
        raise CredentialSourceError(source.file, message, remedy) from None
    found = Credentials(username, password, entry.identitytoken, entry.registrytoken, source)
    return found if username or found.secrets else None


def encode_auth(username: str, password: str) -> str:
    """Return the ``auth`` member for a name and password (docker/cli, ``encodeAuth``)."""
    return base64.b64encode(f"{username}:{password}".encode()).decode()


def _structure(document: Json) -> AuthEntry:
    if document is not None and not isinstance(document, dict):
        raise ValueError("not an object")
    members = fields_of(document or {}, [member.name for member in fields(AuthEntry)])
    try:
        entry = _CONVERTER.structure(members, AuthEntry)
    except (BaseValidationError, TypeError, AttributeError):
        raise ValueError("a member is not a string") from None
    if _HEADER_SAFE.fullmatch(entry.registrytoken) is None:
        raise ValueError("registrytoken has characters that are not allowed")
    return entry


def _decode_auth(auth: str) -> tuple[str, str]:
    """Decode ``user:password`` in base64 (docker/cli, ``decodeAuth``).

    Go's decoder skips line ends, requires padding and ignores its bits. Bytes that are not UTF-8
    become surrogates (PEP 383), which the Basic header turns back. Some writers pad the password
    with NUL.
    """
    encoded = auth.replace("\r", "").replace("\n", "")
    if _BASE64.fullmatch(encoded) is None:
        raise ValueError("auth is not base64")
    username, colon, password = (
        base64.b64decode(encoded).decode(errors="surrogateescape").partition(":")
    )
    if not colon or not username:
        raise ValueError("auth is not base64 of user:password")
    return username, password.strip("\0")
