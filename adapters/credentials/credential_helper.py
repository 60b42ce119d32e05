"""Credential helpers: ``docker-credential-NAME`` programs that keep secrets.

The protocol is docker's. The server's address goes in on stdin, ``{ServerURL, Username, Secret}``
comes out on stdout (docker-credential-helpers, ``client/client.go``). The output may contain a
secret, so no message ever shows any of it.
"""

import json
import re
from functools import partial

from manyfest.adapters.credentials.helper_process import (
    NO_LIMITS,
    HelperFailureError,
    HelperLimits,
    path_of,
    run,
)
from manyfest.adapters.credentials.registry_keys import canonical, to_hostname
from manyfest.adapters.files.go_json import GoJsonError, parse_object
from manyfest.adapters.single_flight import SingleFlight
from manyfest.domain.access import Credentials, CredentialSource
from manyfest.domain.errors import CredentialSourceError
from manyfest.domain.values import frozen

PREFIX = "docker-credential-"

_NAME = r"[A-Za-z0-9._][A-Za-z0-9._-]{0,99}"
_MEMBERS = ("ServerURL", "Username", "Secret")  # docker-credential-helpers, ``Credentials``
_NOT_FOUND = b"credentials not found in native keychain"
_IDENTITY_TOKEN_USER = "<token>"  # noqa: S105 - docker's user name for an identity token


@frozen
class Helper:
    """The helper that ``source`` names.

    The methods raise CredentialSourceError, naming the helper: it cannot be run, or misbehaves; and
    what ``helper_process.run`` raises when the command has to end.
    """

    source: CredentialSource
    limits: HelperLimits = NO_LIMITS

    def get(self, server: str) -> Credentials | None:
        """Return the credentials for ``server``, None if the helper has none."""
        output = self._call("get", server, server.encode())
        if output is None:
            return None
        try:
            username, secret = _parse_answer(output, server)
        except HelperFailureError as failure:
            raise self._error(server, str(failure)) from None
        if not username and not secret:
            return None
        if username == _IDENTITY_TOKEN_USER:
            return Credentials(identity_token=secret, source=self.source)
        return Credentials(username, secret, source=self.source)

    def store(self, server: str, username: str, secret: str) -> None:
        """Store a login for ``server``."""
        login = {"ServerURL": server, "Username": username, "Secret": secret}
        self._call("store", server, json.dumps(login, ensure_ascii=False).encode())

    def erase(self, server: str) -> None:
        """Remove the login for ``server``, if the helper has one."""
        self._call("erase", server, server.encode())

    def _call(self, verb: str, server: str, payload: bytes) -> bytes | None:
        """Return the helper's output; None when it says that it has no credentials."""
        if not server.isprintable():
            raise self._error(server, "is not called for a host with unusual characters")
        try:
            code, output = run([path_of(self.source.helper), verb], payload, self.limits)
        except HelperFailureError as failure:
            raise self._error(server, str(failure)) from None
        if code and output.strip() == _NOT_FOUND:
            return None
        if code:
            raise self._error(server, f"fails with exit status {code}")
        return output

    def _error(self, server: str, reason: str) -> CredentialSourceError:
        program, file, key = self.source.helper[:100], self.source.file, self.source.key
        host = ascii(canonical(to_hostname(server)))[1:-1]
        message = f"credential helper {program} ({file}) {reason}, for {host}"
        remedy = f"repair it, or remove {key} from {file} and run: manyfest login {host}"
        return CredentialSourceError(program, message, remedy)


class Helpers:
    """The helpers of one command: each is called once per server.

    Threads that ask for the same server share the call and its outcome. All helpers run within
    ``limits``. Thread-safe.
    """

    def __init__(self, limits: HelperLimits = NO_LIMITS) -> None:
        self._limits = limits
        self._calls: SingleFlight[Credentials | None] = SingleFlight(keeps_outcomes=True)

    def named(self, name: object, source: CredentialSource) -> Helper:
        """Return the helper ``docker-credential-NAME``.

        Raises CredentialSourceError: not a name.
        """
        if not isinstance(name, str) or re.fullmatch(_NAME, name) is None:
            message = f"{source.file}: {source.key} names no credential helper: {ascii(name)[:80]}"
            remedy = f"correct or remove {source.key} in {source.file}"
            raise CredentialSourceError(source.file, message, remedy)
        return Helper(CredentialSource(source.file, source.key, PREFIX + name), self._limits)

    def get(self, helper: Helper, server: str) -> Credentials | None:
        """Return what ``helper.get`` returned the first time, or raise what it raised."""
        return self._calls.do((helper.source.helper, server), partial(helper.get, server))


def _parse_answer(output: bytes, server: str) -> tuple[str, str]:
    """Return username and secret, both empty from some helpers that have no credentials.

    A helper may leave ``ServerURL`` out, as gcloud's does.
    """
    try:
        answer = parse_object(output, _MEMBERS) if output.strip() else None
    except GoJsonError:
        answer = None
    if answer is None:
        raise HelperFailureError("does not answer with a JSON object")
    url, username, secret = (answer.get(name, "") for name in _MEMBERS)
    if not all(isinstance(value, str) for value in (url, username, secret)):
        raise HelperFailureError("answers without a secret")
    if url and canonical(to_hostname(url)) != canonical(to_hostname(server)):
        raise HelperFailureError("answers for another server")
    if username and not secret:
        raise HelperFailureError("answers without a secret")
    return username, secret
