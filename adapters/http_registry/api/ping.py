"""Access over HTTP: whether and how a registry lets us in. Nothing is read or written there."""

from http import HTTPStatus

from attrs import evolve

from manyfest.adapters.http_registry.auth.scope import pull
from manyfest.adapters.http_registry.session.repositories import repository_of
from manyfest.adapters.http_registry.session.requests import RegistryRequest
from manyfest.adapters.http_registry.session.session_pool import SessionPool
from manyfest.adapters.http_registry.transport import bodies
from manyfest.adapters.http_registry.transport.slim_httpx import httpx
from manyfest.domain import media_types
from manyfest.domain.access import AuthExplanation
from manyfest.domain.errors import AccessError, ProtocolError, UnavailableError
from manyfest.domain.ports.registry_access import RegistryAccess
from manyfest.domain.references import Reference, Repository

# Who is told that there is nothing, or no HEAD, would have been told what there is.
_LET_IN = (HTTPStatus.OK, HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED)


class HttpAccess(RegistryAccess):
    """The registry access port over HTTP."""

    def __init__(self, hosts: SessionPool) -> None:
        self._hosts = hosts

    def check_login(self, registry: str) -> None:
        """Ask for the registry's front door with what the account has for it (docker's login).

        Raises UnauthorizedError, and what the port's methods may raise.
        """
        host = self._hosts.session_for(Repository(registry, ""))

        def knock() -> None:
            with host.exchange(RegistryRequest("GET", "/v2/", registry)) as response:
                if response.status_code != HTTPStatus.OK:
                    raise host.error_for(response, registry)
                if _is_web_page(response):
                    reason = "sends a web page, not a registry answer"
                    raise ProtocolError(host.name, f"{host.name} {reason}")

        self._hosts.with_retries(knock)

    def explain(self, reference: Reference) -> AuthExplanation:
        """How we are let in to read, or why not: found out by one HEAD, which is no pull.

        Raises what the port's methods may raise, but no AccessError and no UnavailableError.
        """
        home, subject = repository_of(reference), str(reference)
        host = self._hosts.session_for(home)
        url = f"/v2/{home.path}/manifests/{reference.name}"
        accept = {"Accept": ", ".join(media_types.ACCEPTED)}

        def look() -> None:
            message = RegistryRequest("HEAD", url, subject, home.path, pull(home.path), accept)
            with host.exchange(message) as response:
                if response.status_code not in _LET_IN:
                    raise host.error_for(response, subject)

        refusal: AccessError | UnavailableError | None = None
        try:
            self._hosts.with_retries(look)
        except (AccessError, UnavailableError) as error:
            refusal = error  # whose credentials they are is known all the same
        return evolve(host.authorizer.access(home.path), refusal=refusal)


def _is_web_page(response: httpx.Response) -> bool:
    """By its first character, too: Quay calls the word ``true`` text/html."""
    return bodies.is_html(response) and bodies.read_what_arrived(response, 80).lstrip().startswith(
        b"<"
    )
