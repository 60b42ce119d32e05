"""The client's methods about logins, and about what registries and this machine can do."""

from typing import TYPE_CHECKING

from manyfest.library import inputs
from manyfest.library.calls import Calls
from manyfest.library.inputs import Name

if TYPE_CHECKING:
    from manyfest.assembly.doctor.report import Report
    from manyfest.domain.access import AuthExplanation


class Access:
    """Methods that log in, and tell what can be used."""

    _calls: Calls

    def login(self, host: str, username: str, password: str) -> str:
        """Store a login where docker does, once the registry accepts it.

        Returns the file that has the password unencrypted, empty if a credential helper has it.
        Raises UnauthorizedError: the registry refuses it; CredentialsError; UnavailableError.
        """
        from manyfest.adapters.credentials.registry_keys import registry_of_argument
        from manyfest.assembly.access import open_access, open_logins
        from manyfest.domain.access import Credentials
        from manyfest.domain.operations.login import log_in

        settings, credentials = self._calls.settings, Credentials(username, password)
        registry = registry_of_argument(host)
        with open_access(settings, credentials) as access:
            return log_in(registry, credentials, access=access, logins=open_logins(settings))

    def logout(self, host: str) -> None:
        """Remove the login for ``host`` from docker's configuration. Raises CredentialsError."""
        from manyfest.adapters.credentials.registry_keys import registry_of_argument
        from manyfest.assembly.access import open_logins

        open_logins(self._calls.settings).erase(registry_of_argument(host))

    def explain_auth(self, name: Name) -> "AuthExplanation":
        """Tell which credentials are used for ``name``, and what its registry says of them.

        Raises UnavailableError; BlockedError, by ``registries.conf``; a refusal is part of the
        answer.
        """
        from manyfest.assembly.access import explain_access

        return explain_access(self._calls.settings, inputs.named(name))

    def doctor(self, registry: str | None = None) -> "Report":
        """Report on this installation, or on what ``registry`` can do.

        ``registry`` is ``HOST[:PORT]``, or a reference, by which more is found out. It is asked by
        requests that change nothing, and that count as no pull. ``data`` has the facts, ``str()``
        the text for an issue, without secrets; ``refusal`` is why the registry cannot be used.

        Raises UnavailableError; InputError: it names no registry; ConfigError.
        """
        if registry is not None:
            from manyfest.assembly.doctor.registry import registry_report

            return registry_report(str(registry), self._calls.settings)
        import os

        from manyfest.assembly.doctor.machine import machine_report

        return machine_report(self._calls.settings, os.environ)
