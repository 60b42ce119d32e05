"""Logins over HTTP: check one, and explain how a registry authorises us. No pull, no write."""

from http import HTTPStatus

from attr import evolve

from manyfest.adapters.http_registry.auth.masking import masked
from manyfest.adapters.http_registry.session import requests
from manyfest.adapters.http_registry.session.requests import repository_of
from manyfest.adapters.http_registry.session.session_pool import SessionPool
from manyfest.adapters.http_registry.transport import bodies
from manyfest.adapters.http_registry.transport.slim_httpx import httpx
from manyfest.domain.access import AuthExplanation
from manyfest.domain.errors import AccessError, ProtocolError, UnavailableError
from manyfest.domain.ports.registry_access import RegistryAccess
from manyfest.domain.references import Reference, Repository

# 404 and 405 prove authorisation too: a registry sends them only to clients that it let in.
_AUTHORIZED = (HTTPStatus.OK, HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED)


class HttpAccess(RegistryAccess):
    """The registry access port over HTTP."""

    def __init__(self, sessions: SessionPool) -> None:
        self._sessions = sessions

    def check_login(self, registry: str) -> None:
        """One GET; see the port."""
        session = self._sessions.session_for(Repository(registry, ""))

        def ping() -> None:
            with session.exchange(requests.ping(registry)) as response:
                if response.status_code != HTTPStatus.OK:
                    raise session.error_for(response, registry)
                if _is_web_page(response):
                    reason = "sends a web page, not a registry answer"
                    raise ProtocolError(session.name, f"{session.name} {reason}")

        self._sessions.with_retries(ping)

    def explain(self, reference: Reference) -> AuthExplanation:
        """One HEAD; see the port."""
        repository = repository_of(reference)
        session = self._sessions.session_for(repository)

        def head() -> None:
            with session.exchange(requests.head_manifest(reference)) as response:
                if response.status_code not in _AUTHORIZED:
                    raise session.error_for(response, str(reference))

        refusal: AccessError | UnavailableError | None = None
        try:
            self._sessions.with_retries(head)
        except (AccessError, UnavailableError) as error:
            refusal = error  # the source of the credentials is known all the same
        found = session.authorizer.explain(repository.path)
        return evolve(found, realm=masked(found.realm, session.secrets()), refusal=refusal)


def _is_web_page(response: httpx.Response) -> bool:
    """Tell by the first character, too: Quay sends the word ``true`` as text/html."""
    return bodies.is_html(response) and bodies.read_what_arrived(response, 80).lstrip().startswith(
        b"<"
    )
