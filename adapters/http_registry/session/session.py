"""A session with one registry host: from a request to the response that answers it.

Theory of operation. Around each request are, from the outside in: redirects, authorisation, and
the scheme that works (``scheme_probe``). Retries are around whole operations instead (``retry``).
What a request may carry depends on where it goes:

- *The registry's own origin* (scheme, host, port): the user's own headers, and ``Authorization``.
- *Another origin*, by a redirect or an upload's ``Location``: ``Accept``, ``Range`` and the
  content's headers alone (GHSA-vh4v-2xq2-g5cg).
- *The token server*: the credentials, if ``realm_policy`` allows it, and none of the user's own
  headers. Its redirects are not followed.

``other_origins`` says at which addresses the latter two may be. They get no client certificate, and
their own must be valid. --insecure counts for the other ports of its host, too, and nowhere else.

``Authorization`` on the registry's own origin goes through these states:

1. *Anonymous*: nothing, as long as no challenge is known.
2. *Pre-emptive* (RFC 7617 §2.2): the answer to the challenge that this or an earlier command got.
   Not before the scheme is known, if the request could leave in the clear because of a scheme that
   is only remembered.
3. *Stale*: 400 or 403 to an answer that rests on an earlier command's challenge. That challenge is
   forgotten, and the request sent without ``Authorization``.
4. *Challenged*: 401. The challenge is answered, and at most twice: the refused token may have
   expired, and the next challenge may ask for more scopes.
5. *Rejected*: still 401. UnauthorizedError names the source of the credentials.

Only GET and HEAD follow redirects, and each hop is judged by its own origin: a hop to another one
loses all secrets, and one back to the registry's gets them again. Error texts mask what was secret
in the request. ``host_facts`` says what is remembered for the next command: never a secret.
"""

import contextlib
from collections.abc import Callable, Iterable, Iterator
from http import HTTPStatus

from attr import evolve

from manyfest.adapters.address_policy import Space
from manyfest.adapters.credentials.registry_auth import RegistryAuth
from manyfest.adapters.deadline import REAL_CLOCK, Clock
from manyfest.adapters.endpoint import Endpoint
from manyfest.adapters.http_registry.auth import challenge as challenges
from manyfest.adapters.http_registry.auth.authorizer import Authorizer
from manyfest.adapters.http_registry.auth.bearer import Token, TokenRequest
from manyfest.adapters.http_registry.auth.scope import AccessRequest
from manyfest.adapters.http_registry.reliability.retry import Reachability
from manyfest.adapters.http_registry.session import error_responses, host_facts, redirects
from manyfest.adapters.http_registry.session.other_origins import (
    ClientFor,
    OtherOrigins,
    space_of_server,
)
from manyfest.adapters.http_registry.session.requests import RegistryRequest
from manyfest.adapters.http_registry.session.scheme_probe import SchemeProbe
from manyfest.adapters.http_registry.session.server_clock import OnClock, ServerClock, ignore_clock
from manyfest.adapters.http_registry.session.transport_errors import translating_transport_errors
from manyfest.adapters.http_registry.transport import bodies
from manyfest.adapters.http_registry.transport.slim_httpx import httpx
from manyfest.domain.errors import AccessError, ProtocolError, shortened
from manyfest.domain.ports.host_book import HostFacts

_UNAUTHORIZED = HTTPStatus.UNAUTHORIZED
_STALE_TOKEN_STATUSES = (HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN)
_CHALLENGE_LIMIT = 2
_FOLLOWED_METHODS = ("GET", "HEAD")
_MINIMUM_SECRET_LENGTH = 8
_REFUSAL_LIMIT = 130  # characters, so that the advice after them is not cut off

# Receives a response with warnings: of which host, and the secrets to mask in them.
OnWarnings = Callable[[str, httpx.Response, Iterable[str]], None]


class RegistrySession:
    """One registry host. Thread-safe.

    ``probe`` sends to the host itself, ``cross_origin_client`` gives clients for other origins, and
    ``known`` is what an earlier command learnt about the host. ``on_clock``: see ``ServerClock``.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        probe: SchemeProbe,
        cross_origin_client: ClientFor,
        auth: RegistryAuth,
        known: HostFacts | None = None,
        clock: Clock = REAL_CLOCK,
        on_clock: OnClock = ignore_clock,
        on_warnings: OnWarnings = lambda *_: None,
        hosts: Reachability | None = None,
    ) -> None:
        self.name = endpoint.host
        self._hosts = hosts or Reachability()
        self._endpoint = endpoint
        self._probe = probe
        self._elsewhere = OtherOrigins(endpoint, probe, cross_origin_client)
        self.is_elsewhere = self._elsewhere.includes  # of another origin: it gets no credentials
        self._auth = auth
        self._known = known
        self._server_clock = ServerClock(endpoint.host, on_clock)
        self._on_warnings = on_warnings
        self.chunks = host_facts.ChunkLimit(known)
        self.takes_tags = known.takes_tags if known else None  # in a PUT by digest; None: unknown
        self.referrers_api = host_facts.ReferrersApi(known)
        self.authorizer = Authorizer(
            endpoint, auth, self._fetch_token, host_facts.presumed_challenge(known), clock
        )

    @property
    def learnt(self) -> HostFacts | None:
        """Facts for the next command; None if they are known already or save no request."""
        able = self.chunks.learnt, self.takes_tags, self.referrers_api.is_missing
        learnt = self._probe.scheme, self.authorizer.challenge, *able
        facts = host_facts.facts_learnt(self._endpoint, *learnt)
        return host_facts.news(facts, self._known, self._endpoint)

    @contextlib.contextmanager
    def exchange(
        self, request: RegistryRequest, *, is_anonymous: bool = False
    ) -> Iterator[httpx.Response]:
        """Send a request and yield its response, whose body is to be read in this context.

        A challenge is the response if ``is_anonymous``. Faults while the body is read are
        translated, too. Raises TransientError: it may pass; errors of ``domain.errors``: it won't.
        """
        with self._translating(request):
            response = self._send(request, None) if is_anonymous else self._answer(request)
            with bodies.ended_by_errors(response):
                yield response
            bodies.drain(response)

    def open(
        self, request: RegistryRequest, check: Callable[[httpx.Response], None]
    ) -> httpx.Response:
        """Send a request, ``check`` its response, and return that for the caller to close.

        For a body that is read while another request is sent: a fault of that one is not to be
        translated here, as if it were this host's. Raises as ``exchange`` and as ``check``.
        """
        with self._translating(request):
            response = self._answer(request)
            with bodies.ended_by_errors(response):
                check(response)
            return response

    @contextlib.contextmanager
    def _translating(self, request: RegistryRequest) -> Iterator[None]:
        translating = translating_transport_errors(self.name, request.subject, self._hosts)
        with self._naming_credentials(request), translating:
            yield

    @contextlib.contextmanager
    def _naming_credentials(self, request: RegistryRequest) -> Iterator[None]:
        """Tell in a refusal that there were no credentials, and why if their source failed."""
        try:
            yield
        except AccessError as error:
            if not str(error).startswith(request.subject):  # of the content's source
                raise
            error.is_anonymous = self.authorizer.is_anonymous(request.access.repository)
            if (failure := self.authorizer.failed_source(request.access.repository)) is None:
                raise
            advice = f"{failure.source} gave no credentials: {failure.remedy}"
            said = shortened(str(error), _REFUSAL_LIMIT)
            raise type(error)(error.host, f"{said}; {advice}") from error

    def error_for(self, response: httpx.Response, subject: str) -> Exception:
        """Build the error for an unexpected response; TransientError if it may pass."""
        name = self._elsewhere.name_of(response)
        return error_responses.error_for_response(response, name, subject, self.secrets())

    def close(self) -> None:
        """Close all connections."""
        self._probe.close()

    def _answer(self, request: RegistryRequest) -> httpx.Response:
        """Return the response that is no redirect; tell the warnings and the pulls left in it."""
        response = self._follow_redirects(request)
        if "warning" in response.headers or "ratelimit-remaining" in response.headers:
            self._on_warnings(self._elsewhere.name_of(response), response, self.secrets())
        return response

    def _follow_redirects(self, request: RegistryRequest) -> httpx.Response:
        response = self._send_authorized(request)
        if request.method not in _FOLLOWED_METHODS:
            return response
        hops = 0
        while redirects.is_redirect(response):
            response.close()
            if hops == redirects.LIMIT:
                reason = f"redirects more than {redirects.LIMIT} times"
                raise ProtocolError(self.name, f"{request.subject}: {self.name} {reason}")
            url = redirects.redirect_target(response, self.name, request.subject)
            sender = space_of_server(response)
            response = self._send_authorized(evolve(request, url=str(url)), sender)
            hops += 1
        return response

    def _send_authorized(
        self, request: RegistryRequest, sender: Space | None = None
    ) -> httpx.Response:
        """Send with the authorisation that the host wants; without any to another origin."""
        if self._elsewhere.includes(request.url):
            return self._send_cross_origin(request, sender)
        header = self._preemptive_auth(request)
        response = self._send(request, header)
        if response.status_code in _STALE_TOKEN_STATUSES and self.authorizer.forget_presumption(
            header
        ):
            bodies.drain(response)
            header = None
            response = self._send(request, header)
        for _ in range(_CHALLENGE_LIMIT):
            if response.status_code != _UNAUTHORIZED:
                return response
            header = self._answer_challenge(response, request, refused=header)
            response = self._send(request, header)
        if response.status_code == _UNAUTHORIZED:
            said = error_responses.error_text(response, self.secrets())
            response.close()
            credentials = self.authorizer.credentials(request.access.repository)
            raise self.authorizer.rejected_error(request.subject, credentials, said)
        return response

    def _preemptive_auth(self, request: RegistryRequest) -> str | None:
        if not self._probe.may_send_secrets:
            return None
        return self.authorizer.preemptive_header(request.access, is_plain=self._probe.is_plain)

    def _send(self, request: RegistryRequest, authorization: str | None) -> httpx.Response:
        headers = {**self._auth.usable_headers(), **request.headers}
        if authorization is not None:
            headers["Authorization"] = authorization
        response = self._probe.send(evolve(request, headers=headers))
        self._hosts.record_answer(self.name)
        self._elsewhere.learn_space(response)
        self._server_clock.read(response.headers)
        return response

    def _answer_challenge(
        self, response: httpx.Response, request: RegistryRequest, *, refused: str | None
    ) -> str:
        made = response.headers.get_list("www-authenticate")
        preferred = challenges.preferred(challenges.parse(made))
        is_usual = preferred is not None and refused is None
        said = "" if is_usual else error_responses.error_text(response, self.secrets())
        bodies.drain(response)
        with error_responses.telling(said):
            return self.authorizer.header_for_challenge(
                preferred,
                request.access,
                refused=refused,
                is_plain=self._probe.is_plain,
                asked="" if preferred else challenges.unusable(made),
            )

    def _send_cross_origin(self, request: RegistryRequest, sender: Space | None) -> httpx.Response:
        host = httpx.URL(request.url).netloc.decode()
        request = evolve(request, headers=redirects.cross_origin_headers(request.headers))
        subject = self._subject_elsewhere(request, is_redirected=sender is not None)
        with translating_transport_errors(host, subject, self._hosts):
            return self._elsewhere.send(request, sender)

    def _subject_elsewhere(self, request: RegistryRequest, *, is_redirected: bool) -> str:
        """Return the subject for errors of a server that nobody named on the command line."""
        if is_redirected:
            return f"{request.subject}: {self.name} redirects"
        is_foreign = request.method in _FOLLOWED_METHODS  # a URL in a manifest
        return request.subject if is_foreign else f"{request.subject}: {self.name} moves uploads"

    def _fetch_token(self, wanted: TokenRequest, subject: str) -> Token:
        """Ask the token server, whose redirects are not followed."""
        from manyfest.adapters.http_registry.session.token_answers import token_in

        server = wanted.realm.host
        access = AccessRequest(subject)
        request = RegistryRequest(wanted.method, wanted.url, access, wanted.headers, wanted.body)
        with translating_transport_errors(server, f"{subject}: token server", self._hosts):
            response = self._elsewhere.send(request, listed=self._auth.realms)
            try:
                return token_in(response, wanted, subject, self.authorizer, self.secrets())
            finally:
                bodies.drain(response)

    def secrets(self) -> list[str]:
        """Return what no message may show: credentials, tokens, values of the user's headers.

        Short values of headers are parts of many words, and left out.
        """
        values = self._auth.usable_headers().values()
        long = [value for value in values if len(value) >= _MINIMUM_SECRET_LENGTH]
        return [*self.authorizer.secrets.copy(), *long]
