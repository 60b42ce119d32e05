"""A survey of a registry over HTTP, by requests that change nothing and count as no pull.

GET the API's root; of a repository, HEAD a manifest (of the first tag that is listed, if that is
not there), GET the referrers of a random digest, and OPTIONS on a manifest. A registry
that lists referrers answers 200 for an unknown digest, too (distribution-spec, "Listing
Referrers").
"""

import secrets
from datetime import UTC, datetime
from http import HTTPStatus

from attr import evolve

from manyfest.adapters.http_registry.api.listings import read_tags
from manyfest.adapters.http_registry.auth.masking import masked
from manyfest.adapters.http_registry.session import requests
from manyfest.adapters.http_registry.session.error_responses import presentable
from manyfest.adapters.http_registry.session.requests import RegistryRequest
from manyfest.adapters.http_registry.session.server_clock import clock_offset
from manyfest.adapters.http_registry.session.session import RegistrySession
from manyfest.adapters.http_registry.session.session_pool import SessionPool
from manyfest.adapters.http_registry.transport import bodies
from manyfest.adapters.http_registry.transport.slim_httpx import httpx
from manyfest.domain.access import AuthExplanation, RegistrySurvey
from manyfest.domain.digests import Digest
from manyfest.domain.errors import AccessError, ManyfestError, ProtocolError
from manyfest.domain.media_types import OCI_INDEX, without_parameters
from manyfest.domain.ports.registry_access import RegistryExaminer
from manyfest.domain.references import Reference, Repository

_METHODS = frozenset({"GET", "HEAD", "PUT", "POST", "PATCH", "DELETE", "OPTIONS"})


class HttpExaminer(RegistryExaminer):
    """The port over HTTP."""

    def __init__(self, sessions: SessionPool) -> None:
        self._sessions = sessions

    def survey(self, registry: str, reference: Reference | None = None) -> RegistrySurvey:
        """Up to six requests, beside those for tokens; see the port."""
        asked = requests.repository_of(reference) if reference else Repository(registry, "")
        session = self._sessions.session_for(asked)
        found = self._sessions.with_retries(lambda: _of_base(session, registry))
        refusal: AccessError | None = None
        try:
            if reference is not None:
                found = self._of_repository(session, reference, found)
            elif found.base_status != HTTPStatus.OK:
                self._sessions.with_retries(lambda: _log_in(session, registry))
        except AccessError as error:
            refusal = error
        access = session.authorizer.explain(asked.path)
        realm = masked(access.realm, session.secrets())
        return evolve(found, access=evolve(access, realm=realm, refusal=refusal))

    def _of_repository(
        self, session: RegistrySession, reference: Reference, found: RegistrySurvey
    ) -> RegistrySurvey:
        found = self._sessions.with_retries(lambda: _with_head(session, reference, found))
        if found.head_status == HTTPStatus.NOT_FOUND and (other := _first_tag(session, reference)):
            found = self._sessions.with_retries(lambda: _with_head(session, other, found))
        unknown = reference.at(Digest.of(secrets.token_bytes(32)))
        with_referrers = self._sessions.with_retries(lambda: _has_referrers(session, unknown))
        methods = self._sessions.with_retries(lambda: _methods(session, reference))
        return evolve(found, has_referrers_api=with_referrers, allowed_methods=methods)


def _of_base(session: RegistrySession, registry: str) -> RegistrySurvey:
    """Ask for the API's root. A refusal is an answer: many refuse all without a token."""
    with session.exchange(requests.ping(registry), is_anonymous=True) as response:
        status = response.status_code
        if status not in {HTTPStatus.OK, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            raise session.error_for(response, registry)
        if status == HTTPStatus.OK and bodies.is_html(response):
            _require_registry(response, session.name)
        return _facts(response, session)


def _log_in(session: RegistrySession, registry: str) -> None:
    with session.exchange(requests.ping(registry)) as response:
        if response.status_code != HTTPStatus.OK:
            raise session.error_for(response, registry)


def _require_registry(response: httpx.Response, host: str) -> None:
    if bodies.read_what_arrived(response, 80).lstrip().startswith(b"<"):
        raise ProtocolError(host, f"{host} sends a web page, not a registry answer")


def _facts(response: httpx.Response, session: RegistrySession) -> RegistrySurvey:
    headers, secret = response.headers, session.secrets()
    stream = response.extensions.get("network_stream")
    tls = stream.get_extra_info("ssl_object") if stream is not None else None
    return RegistrySurvey(
        scheme=response.url.scheme,
        http_version=response.http_version,
        tls=tls.version() or "" if tls is not None else "",
        api_version=presentable(headers.get("docker-distribution-api-version", ""), secret),
        server=presentable(headers.get("server", ""), secret),
        base_status=response.status_code,
        clock_offset=clock_offset(headers, datetime.now(UTC)),
        access=_NOBODY,
    )


def _with_head(
    session: RegistrySession, reference: Reference, found: RegistrySurvey
) -> RegistrySurvey:
    with session.exchange(requests.head_manifest(reference)) as response:
        if response.status_code in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            raise session.error_for(response, str(reference))
        left = response.headers.get("ratelimit-remaining", "")
        limit = response.headers.get("ratelimit-limit", "")
        secret = session.secrets()
        return evolve(
            found,
            head_of=str(reference),
            head_status=response.status_code,
            head_has_digest="docker-content-digest" in response.headers,
            pulls=(presentable(left, secret), presentable(limit, secret)) if left else None,
        )


def _first_tag(session: RegistrySession, reference: Reference) -> Reference | None:
    """Return the first tag that is listed; None without one, or if the listing is an error."""
    try:
        page = read_tags(session, requests.list_tags(reference, 1))
        return (
            Reference.parse(f"{reference.home}:{page.entries[0]}")
            if page and page.entries
            else None
        )
    except ManyfestError:
        return None


def _has_referrers(session: RegistrySession, unknown: Reference) -> bool | None:
    """Return None if the answer says neither."""
    with session.exchange(requests.list_referrers(unknown)) as response:
        kind = without_parameters(response.headers.get("content-type", ""))
        if response.status_code == HTTPStatus.OK:
            return kind == OCI_INDEX
        is_no = {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.BAD_REQUEST}
        return False if response.status_code in is_no else None


def _methods(session: RegistrySession, reference: Reference) -> tuple[str, ...] | None:
    """Return the methods that ``Allow`` names; None without it, or if OPTIONS is an error."""
    head = requests.head_manifest(reference)
    request = RegistryRequest("OPTIONS", head.url, head.access)
    try:
        with session.exchange(request) as response:
            named = ",".join(response.headers.get_list("allow")).upper().split(",")
    except ManyfestError:
        return None
    return tuple(sorted({name.strip() for name in named} & _METHODS)) or None


_NOBODY = AuthExplanation(None, "", "", ())
