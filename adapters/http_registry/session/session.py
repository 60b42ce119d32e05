"""A host: the conversation with one registry, from a message to an answer worth reading.

Around each message: the scheme that works, authorisation when asked for it, redirects for reading.
Trying again is not done here but around whole operations (``retries``).
"""

import contextlib
from collections.abc import Callable, Iterator
from http import HTTPStatus

from attrs import evolve

from manyfest.adapters.credentials.registry_auth import RegistryAuth
from manyfest.adapters.endpoint import UNVERIFIED, Certificates, Endpoint
from manyfest.adapters.http_registry.auth import bearer as tokens
from manyfest.adapters.http_registry.auth import challenge as challenges
from manyfest.adapters.http_registry.auth.authorizer import Authorizer
from manyfest.adapters.http_registry.auth.bearer import Token, TokenRequest
from manyfest.adapters.http_registry.session import host_facts as learning
from manyfest.adapters.http_registry.session import redirects
from manyfest.adapters.http_registry.session.error_responses import error_for_response, error_text
from manyfest.adapters.http_registry.session.requests import RegistryRequest, send_once
from manyfest.adapters.http_registry.session.scheme_probe import SchemeProbe
from manyfest.adapters.http_registry.session.transport_errors import translating_transport_errors
from manyfest.adapters.http_registry.transport import bodies
from manyfest.adapters.http_registry.transport.httpx_transport import Client
from manyfest.adapters.http_registry.transport.slim_httpx import httpx
from manyfest.domain.errors import NotFoundError, ProtocolError
from manyfest.domain.ports.host_book import HostFacts

_UNAUTHORIZED = HTTPStatus.UNAUTHORIZED
_REJECTIONS = (HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
# To a token that is not of the realm that is in charge by now; 401 says what is wanted.
_STALE_TOKEN_STATUSES = (HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN)
# Twice: the token that was refused may have expired, and what was asked for then may be more.
_ANSWERS_TO_CHALLENGES = 2
_READING = ("GET", "HEAD")
_SHORTEST_SECRET = 8


class RegistrySession:
    """One registry host. Thread-safe."""

    def __init__(
        self,
        endpoint: Endpoint,
        wire: SchemeProbe,
        elsewhere: Callable[[Certificates], Client],
        account: RegistryAuth,
        known: HostFacts | None = None,
    ) -> None:
        self.name = endpoint.host
        self._endpoint = endpoint
        self._wire = wire
        self._elsewhere = elsewhere
        self._account = account
        self._known = known
        self.authorizer = Authorizer(
            endpoint, account, self._token, learning.presumed_challenge(known)
        )

    @property
    def learnt(self) -> HostFacts | None:
        """What is worth knowing next time, unless that was known already."""
        facts = learning.facts_learnt(self._endpoint, self._wire.scheme, self.authorizer.challenge)
        if not facts.scheme or facts == self._known:
            return None
        return facts if self._known or learning.is_useful(facts, self._endpoint) else None

    @contextlib.contextmanager
    def exchange(self, message: RegistryRequest) -> Iterator[httpx.Response]:
        """The answer to ``message``, whose body is to be read inside; faults there are ours, too.

        Raises TransientError for what may pass, and our errors.
        """
        with translating_transport_errors(self.name, message.subject):
            response = self._follow_redirects(message)
            try:
                yield response
            except NotFoundError:
                bodies.drain(response)  # a usual answer: the connection is worth keeping
                raise
            except BaseException:
                response.close()
                raise
            bodies.drain(response)

    def error_for(self, response: httpx.Response, subject: str) -> Exception:
        """The error for an answer that was not hoped for; TransientError where it may pass."""
        return error_for_response(response, self._name_of(response), subject, self._secrets())

    def close(self) -> None:
        """Close all connections."""
        self._wire.close()

    def _follow_redirects(self, message: RegistryRequest) -> httpx.Response:
        response = self._send_authorized(message)
        if message.method not in _READING:
            return response
        hops = 0
        while redirects.is_redirect(response):
            response.close()
            if hops == redirects.LIMIT:
                reason = f"redirects more than {redirects.LIMIT} times"
                raise ProtocolError(self.name, f"{message.subject}: {self.name} {reason}")
            url = redirects.redirect_target(response, self.name, message.subject)
            response = self._send_authorized(evolve(message, url=str(url)))
            hops += 1
        return response

    def _send_authorized(self, message: RegistryRequest) -> httpx.Response:
        """Send it with what this host asks for; to another origin with nothing of ours."""
        if self._is_cross_origin(message.url):
            return self._send_cross_origin(message)
        header = self._preemptive_auth(message)
        response = self._send(message, header)
        if response.status_code in _STALE_TOKEN_STATUSES and self.authorizer.forget_presumption(
            header
        ):
            bodies.drain(response)
            header = None
            response = self._send(message, header)
        for _ in range(_ANSWERS_TO_CHALLENGES):
            if response.status_code != _UNAUTHORIZED:
                return response
            header = self._answer_challenge(response, message, refused=header)
            response = self._send(message, header)
        if response.status_code == _UNAUTHORIZED:
            said = error_text(response, self._secrets())
            response.close()
            credentials = self.authorizer.credentials(message.repository)
            raise self.authorizer.rejected_error(message.subject, credentials, said)
        return response

    def _preemptive_auth(self, message: RegistryRequest) -> str | None:
        if not self._wire.may_send_secrets:
            return None
        return self.authorizer.preemptive_header(message, is_plain=self._wire.is_plain)

    def _send(self, message: RegistryRequest, authorization: str | None) -> httpx.Response:
        headers = {**self._account.headers(), **message.headers}
        if authorization is not None:
            headers["Authorization"] = authorization
        return self._wire.send(evolve(message, headers=headers))

    def _answer_challenge(
        self, response: httpx.Response, message: RegistryRequest, *, refused: str | None
    ) -> str:
        bodies.drain(response)
        asked = challenges.parse(response.headers.get_list("www-authenticate"))
        return self.authorizer.header_for_challenge(
            challenges.preferred(asked), message, refused=refused, is_plain=self._wire.is_plain
        )

    def _send_cross_origin(self, message: RegistryRequest) -> httpx.Response:
        url = httpx.URL(message.url)
        message = evolve(message, headers=redirects.cross_origin_headers(message.headers))
        with translating_transport_errors(url.netloc.decode(), message.subject):
            return send_once(self._client_for(url), message, url)

    def _token(self, request: TokenRequest, subject: str) -> Token:
        """A token server is not followed elsewhere, whatever it answers."""
        server, url = request.realm.host, httpx.URL(request.url)
        message = RegistryRequest(
            request.method, request.url, subject, headers=request.headers, content=request.body
        )
        with translating_transport_errors(server, f"{subject}: token server"):
            response = send_once(self._client_for(url), message, url)
            try:
                return self._token_in(response, request, subject)
            finally:
                bodies.drain(response)

    def _token_in(self, response: httpx.Response, request: TokenRequest, subject: str) -> Token:
        server, credentials = request.realm.host, request.credentials
        if response.status_code in _REJECTIONS and credentials is not None:
            said = f"by its token server {server}"
            raise self.authorizer.rejected_error(subject, credentials, said)
        if response.status_code != HTTPStatus.OK:
            secrets = credentials.secrets if credentials else ()
            raise error_for_response(response, server, f"{subject}: token server", secrets)
        try:
            return tokens.parse_token(bodies.read_limited(response, tokens.SIZE_LIMIT), server)
        except bodies.TooLargeError as error:
            reason = f"answers more than {tokens.SIZE_LIMIT} bytes"
            raise ProtocolError(server, f"{subject}: the token server {server} {reason}") from error
        except ProtocolError as error:
            raise ProtocolError(server, f"{subject}: {error}") from error

    def _client_for(self, url: httpx.URL) -> Client:
        """Insecurity that was granted to a host holds for its other ports, and nowhere else."""
        if not self._is_cross_origin(str(url)):
            return self._wire.client()
        if self._endpoint.insecure and url.host == self._endpoint.name:
            return self._wire.client(UNVERIFIED)
        return self._elsewhere(self._endpoint.certificates.cross_origin)

    def _is_cross_origin(self, url: str) -> bool:
        return "://" in url and not redirects.same_origin(httpx.URL(url), self._wire.url("/"))

    def _secrets(self) -> list[str]:
        """Values of a person's own headers; short ones are no secrets, but parts of many words."""
        return [
            value for value in self._account.headers().values() if len(value) >= _SHORTEST_SECRET
        ]

    def _name_of(self, response: httpx.Response) -> str:
        url = response.request.url
        return url.netloc.decode() if self._is_cross_origin(str(url)) else self.name
