"""One entry of ``auths``, as docker's and containers' files have it (``types/authconfig.go``)."""

import base64
import binascii
import re

from attrs import field, frozen
from cattrs.errors import BaseValidationError

from manyfest.adapters.cattrs_converter import CONVERTER
from manyfest.domain.access import Credentials, CredentialSource
from manyfest.domain.encoding.strict_json import Json
from manyfest.domain.errors import CredentialsError

_HEADER_SAFE = re.compile(r"[!-~]*")


@frozen
class AuthEntry:
    """What the file says for one host, as it stands there; members may be missing."""

    auth: str = field(default="", repr=False)
    username: str = ""
    password: str = field(default="", repr=False)
    identitytoken: str = field(default="", repr=False)
    registrytoken: str = field(default="", repr=False)


def credentials_in(document: Json, source: CredentialSource) -> Credentials | None:
    """What the entry holds; None for an empty one, which docker leaves where a helper has more.

    Raises CredentialsError, which names ``source`` and shows nothing of the entry.
    """
    try:
        entry = _structured(document)
        username, password = (
            _decoded(entry.auth) if entry.auth else (entry.username, entry.password)
        )
    except ValueError as error:
        raise CredentialsError(f"{source.file}: auths[{ascii(source.key)[:80]}]: {error}") from None
    found = Credentials(username, password, entry.identitytoken, entry.registrytoken, source)
    return found if username or found.secrets else None


def encoded(username: str, password: str) -> str:
    """The ``auth`` member for a name and password (docker/cli, ``encodeAuth``)."""
    return base64.b64encode(f"{username}:{password}".encode()).decode()


def _structured(document: Json) -> AuthEntry:
    if not isinstance(document, dict):
        raise ValueError("not an object")  # noqa: TRY004 - a value from outside, not a bug
    try:
        entry = CONVERTER.structure(document, AuthEntry)
    except (BaseValidationError, TypeError, AttributeError):
        raise ValueError("a member is not a text") from None
    if _HEADER_SAFE.fullmatch(entry.registrytoken) is None:
        raise ValueError("registrytoken has odd characters")
    return entry


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
