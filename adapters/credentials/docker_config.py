"""docker's ``config.json``: credentials, credential helpers, headers (docker/cli, ``cli/config``).

Read when a registry is first spoken to. An entry of another host may be broken without harm.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from manyfest.adapters.credentials.credential_helper import Helper, Helpers
from manyfest.adapters.credentials.registry_keys import key_for, server_address
from manyfest.adapters.files.json_file import JsonFile, object_in
from manyfest.domain.access import Credentials, CredentialSource
from manyfest.domain.encoding.strict_json import Json, parse_object
from manyfest.domain.errors import CredentialsError, DocumentError
from manyfest.domain.references import Repository

FILE_NAME = "config.json"
_VARIABLE = "DOCKER_AUTH_CONFIG"

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[ -~]*")

# What requests say for themselves, and ``Authorization``, which belongs to one host alone.
_NEVER_ADDED = frozenset(
    {
        *("authorization", "proxy-authorization", "host", "connection", "transfer-encoding"),
        *("accept", "accept-encoding", "content-length", "content-type", "range", "user-agent"),
    }
)


class DockerConfig:
    """The configuration in a folder (``$DOCKER_CONFIG``, or ``~/.docker``). Thread-safe.

    All methods raise CredentialsError, naming the file: it cannot be read, is no JSON object, or
    what it has for this registry makes no sense. A file that is not there is an empty one.
    """

    def __init__(self, folder: Path, helpers: Helpers) -> None:
        self.path = folder / FILE_NAME
        self._file = JsonFile(self.path)
        self._helpers = helpers

    def credentials_for(self, repository: Repository) -> Credentials | None:
        """What the helper for this registry keeps, else what ``auths`` has; None if nothing."""
        host = repository.registry
        helper = self.helper_for(host)
        kept = self._helpers.get(helper, server_address(host)) if helper else None
        return kept or in_auths(host, self._file.object("auths"), str(self.path))

    def helper_for(self, host: str) -> Helper | None:
        """The helper in ``credHelpers``, else that in ``credsStore``; an empty name is none."""
        by_host = self._file.object("credHelpers")
        key = key_for(host, by_host)
        name = self._file.document().get("credsStore") if key is None else by_host[key]
        if not name:
            return None
        where = "credsStore" if key is None else f"credHelpers[{ascii(key)[:80]}]"
        return self._helpers.named(name, CredentialSource(str(self.path), where))

    def headers(self) -> Mapping[str, str]:
        """``HttpHeaders``, without those that requests have of their own."""
        headers = self._file.object("HttpHeaders")
        for name, value in headers.items():
            is_text = isinstance(value, str) and _HEADER_VALUE.fullmatch(value)
            if not is_text or _HEADER_NAME.fullmatch(name) is None:
                raise CredentialsError(
                    f"{self.path}: HttpHeaders[{ascii(name)[:80]}]: not a header"
                )
        return {name: headers[name] for name in headers if name.lower() not in _NEVER_ADDED}


class EnvironmentAuths:
    """The ``auths`` in the text of ``DOCKER_AUTH_CONFIG``, which docker looks into first."""

    def __init__(self, text: str) -> None:
        self._text = text

    def credentials_for(self, repository: Repository) -> Credentials | None:
        """What it has for this registry. Raises CredentialsError, as DockerConfig does."""
        if not self._text:
            return None
        try:
            document = parse_object(self._text.encode(), _VARIABLE)
        except (DocumentError, UnicodeEncodeError):
            raise CredentialsError(f"cannot read credentials: {_VARIABLE} is not JSON") from None
        auths = object_in(document, "auths", Path(_VARIABLE))
        return in_auths(repository.registry, auths, _VARIABLE)


def in_auths(host: str, auths: Mapping[str, Json], file: str) -> Credentials | None:
    """What ``auths`` have for a registry. Raises CredentialsError, naming ``file`` and the key."""
    key = key_for(host, auths)
    if key is None:
        return None
    from manyfest.adapters.credentials.auth_entry import credentials_in  # cattrs takes a while

    return credentials_in(auths[key], CredentialSource(file, key))
