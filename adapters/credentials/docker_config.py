"""docker's ``config.json``: credentials, credential helpers, headers.

The rules are those of docker/cli, ``cli/config``. The file is read at the first contact with a
registry. A broken entry of another host does no harm.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path

from manyfest.adapters.credentials.credential_helper import Helper, Helpers
from manyfest.adapters.credentials.registry_keys import key_for, server_address
from manyfest.adapters.files.go_json import GoJsonError, parse_object
from manyfest.adapters.files.json_file import FIELDS, JsonFile, object_in
from manyfest.domain.access import Credentials, CredentialSource
from manyfest.domain.encoding.strict_json import Json
from manyfest.domain.errors import CredentialsError, CredentialSourceError
from manyfest.domain.references import Repository

FILE_NAME = "config.json"
_VARIABLE = "DOCKER_AUTH_CONFIG"

_HEADER_NAME = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_HEADER_VALUE = r"[\t -~]*"
_BLANKS = " \t"  # at the ends they are no part of a value (RFC 9110 §5.5); Go's clients drop them

# Headers that requests set themselves, and ``Authorization``, which belongs to one host alone.
_NEVER_ADDED = frozenset(
    {
        *("authorization", "proxy-authorization", "host", "connection", "transfer-encoding"),
        *("accept", "accept-encoding", "content-length", "content-type", "range", "user-agent"),
    }
)


class DockerConfig:
    """The configuration in a folder (``$DOCKER_CONFIG``, or ``~/.docker``). Thread-safe.

    All methods raise CredentialSourceError, naming the file: it cannot be read, is not a JSON
    object, or its members for this registry are malformed. A missing file counts as empty.
    """

    def __init__(self, folder: Path, helpers: Helpers) -> None:
        self.path = folder / FILE_NAME
        self._file = JsonFile(self.path)
        self._helpers = helpers

    def credentials_for(self, repository: Repository) -> Credentials | None:
        """Return what the registry's helper has, else what ``auths`` has, else None."""
        host = repository.registry
        helper = self.helper_for(host)
        stored = self._helpers.get(helper, server_address(host)) if helper else None
        return stored or in_auths(host, self._file.object("auths"), str(self.path))

    def helper_for(self, host: str) -> Helper | None:
        """Return the helper in ``credHelpers``, else in ``credsStore``, else None.

        An empty name means no helper.
        """
        by_host = self._file.object("credHelpers")
        key = key_for(host, by_host)
        name = self._file.document().get("credsStore") if key is None else by_host[key]
        if not name:
            return None
        where = "credsStore" if key is None else f"credHelpers[{ascii(key)[:80]}]"
        return self._helpers.named(name, CredentialSource(str(self.path), where))

    def headers(self) -> Mapping[str, str]:
        """Return ``HttpHeaders``, without those that requests set themselves.

        Raises CredentialsError, too: a header is malformed.
        """
        headers = self._file.object("HttpHeaders")
        for name, value in headers.items():
            if fault := _fault_of_header(name, value):
                # Only what is like a name: a value may have got into its place.
                start = re.match(_HEADER_NAME, name)
                shown = start[0][:80] if start else ""
                raise CredentialsError(f"{self.path}: HttpHeaders[{shown!r}]: {fault}")
        return {
            name: value.strip(_BLANKS)
            for name, value in headers.items()
            if name.lower() not in _NEVER_ADDED
        }


def _fault_of_header(name: str, value: Json) -> str:
    """Return why this is no header, without a part of its value; empty if it is one."""
    if re.fullmatch(_HEADER_NAME, name) is None:
        return "not the name of a header"
    if not isinstance(value, str) or re.fullmatch(_HEADER_VALUE, value) is None:
        return "its value is not a line of ASCII, so that it is no header"
    return ""


class EnvironmentAuths:
    """The ``auths`` in ``DOCKER_AUTH_CONFIG``, which docker reads before any file."""

    def __init__(self, text: str) -> None:
        self._text = text

    def credentials_for(self, repository: Repository) -> Credentials | None:
        """Return the credentials for this registry, None if there are none.

        Raises CredentialSourceError: the variable is not JSON, or its entry is malformed.
        """
        if not self._text:
            return None
        try:
            document = parse_object(os.fsencode(self._text), FIELDS, is_alone=True)
        except GoJsonError:
            message = f"cannot read credentials: {_VARIABLE} is not a JSON object"
            raise CredentialSourceError(
                _VARIABLE, message, f"correct or unset {_VARIABLE}"
            ) from None
        auths = object_in(document, "auths", Path(_VARIABLE))
        return in_auths(repository.registry, auths, _VARIABLE)


def in_auths(host: str, auths: Mapping[str, Json], file: str) -> Credentials | None:
    """Return the credentials in ``auths`` for a registry, None if there are none.

    Raises CredentialSourceError, naming ``file`` and the key: the entry is malformed.
    """
    key = key_for(host, auths)
    if key is None:
        return None
    from manyfest.adapters.credentials.auth_entry import credentials_in  # cattrs takes a while

    return credentials_in(auths[key], CredentialSource(file, key))
