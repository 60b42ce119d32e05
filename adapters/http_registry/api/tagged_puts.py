"""Several tags in one PUT of a manifest by its digest (distribution-spec, "Pushing Manifests").

``PUT /v2/<name>/manifests/<digest>?tag=a&tag=b``; a registry that knows this answers 201 and names
the tags that it moved in ``OCI-Tag``. Others take no notice of the query, or refuse it: 400, 404,
405, 414, a firewall's 403, a proxy's 500. So the first PUT to a host is a question that is asked
once, and anything but tags in the answer is a no. The session remembers either (ADR 0049).
"""

from collections.abc import Iterable, Sequence
from http import HTTPStatus

from manyfest.adapters.http_registry.api.manifests import announced_digest, check_confirmed
from manyfest.adapters.http_registry.reliability.retry import TransientError
from manyfest.adapters.http_registry.session import requests
from manyfest.adapters.http_registry.session.requests import repository_of
from manyfest.adapters.http_registry.session.session import RegistrySession
from manyfest.adapters.http_registry.session.session_pool import SessionPool
from manyfest.domain.errors import DeniedError, ProtocolError, RefusedError
from manyfest.domain.manifests import Manifest
from manyfest.domain.references import Reference

# Refusals that may be meant for the query; the PUT of each tag tells those that are not.
_NO = (RefusedError, ProtocolError)


def put_with_tags(
    sessions: SessionPool, reference: Reference, manifest: Manifest, tags: Sequence[str]
) -> frozenset[str]:
    """Put, and return the tags that the registry names; see the port.

    A manifest with a subject is not put so: without the referrers API it needs a second PUT.
    """
    session = sessions.session_for(repository_of(reference))
    if session.takes_tags is False or manifest.subject is not None:
        return frozenset()
    if session.takes_tags is None:
        return _ask(sessions, session, reference, manifest, tags)
    try:
        named = sessions.with_retries(lambda: _put(session, reference, manifest, tags))
    except _NO:
        named = frozenset()
    session.takes_tags = bool(named)
    return named


def _ask(
    sessions: SessionPool,
    session: RegistrySession,
    reference: Reference,
    manifest: Manifest,
    tags: Sequence[str],
) -> frozenset[str]:
    """Try once. What may pass, or may be meant for one of the tags, says nothing of the host."""
    try:
        with sessions.masking():
            named = _put(session, reference, manifest, tags)
    except (TransientError, DeniedError):
        return frozenset()
    except _NO:
        named = frozenset()
    session.takes_tags = bool(named)
    return named


def _put(
    session: RegistrySession, reference: Reference, manifest: Manifest, tags: Sequence[str]
) -> frozenset[str]:
    subject = str(reference)
    with session.exchange(requests.put_with_tags(reference, manifest, tags)) as response:
        if not response.is_success:
            raise session.error_for(response, subject)
        if response.status_code != HTTPStatus.CREATED:
            return frozenset()
        digest = announced_digest(response, session.name, subject)
        named = _named(response.headers.get_list("oci-tag"))
    if digest is not None:
        check_confirmed(manifest, digest, subject)
    return named.intersection(tags)


def _named(lines: Iterable[str]) -> frozenset[str]:
    """Return the tags in ``OCI-Tag``, one a line, or joined on the way (RFC 9110 §5.3)."""
    return frozenset(tag.strip() for line in lines for tag in line.split(","))
