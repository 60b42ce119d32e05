"""Uploads: a session and one PUT with the whole blob (distribution-spec, "POST then PUT")."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from http import HTTPStatus
from urllib.parse import quote

from manyfest.adapters.http_registry.auth.scope import push
from manyfest.adapters.http_registry.reliability.retry import TransientError
from manyfest.adapters.http_registry.session import redirects
from manyfest.adapters.http_registry.session.repositories import repository_of
from manyfest.adapters.http_registry.session.requests import RegistryRequest
from manyfest.adapters.http_registry.session.session import RegistrySession
from manyfest.domain.errors import RefusedError
from manyfest.domain.references import Reference

# A session that the registry forgot, or that stands elsewhere than we think: a new one will do.
_SESSION_LOST = (HTTPStatus.NOT_FOUND, HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE)

BlobSource = Callable[[], AbstractContextManager[Iterator[bytes]]]


class PendingUploads:
    """Upload sessions that mounts opened which did not come about. Thread-safe."""

    def __init__(self) -> None:
        self._urls: dict[Reference, str] = {}
        self._lock = threading.Lock()

    def remember(self, reference: Reference, url: str) -> None:
        """The blob ``reference`` can be sent to ``url``, once."""
        with self._lock:
            self._urls[reference] = url

    def take(self, reference: Reference) -> str | None:
        """The session for ``reference``, if there is one; it is nobody else's then."""
        with self._lock:
            return self._urls.pop(reference, None)


def upload(
    host: RegistrySession,
    reference: Reference,
    size: int,
    source: BlobSource,
    sessions: PendingUploads,
) -> bool:
    """Send the blob. False when the registry said something vaguer than that it is stored.

    Raises TransientError where a new session may do better, and what ``source`` raises.
    """
    subject = str(reference)
    session = sessions.take(reference) or _start_session(host, reference)
    with host.exchange(_sending(reference, session, size, source)) as response:
        if response.status_code in _SESSION_LOST:
            build = partial(RefusedError, host.name, status=response.status_code)
            raise TransientError(build, f"{subject}: {host.name} has lost the upload")
        if not response.is_success:
            raise host.error_for(response, subject)
        return response.status_code == HTTPStatus.CREATED


def _start_session(host: RegistrySession, reference: Reference) -> str:
    path, subject = repository_of(reference).path, str(reference)
    message = RegistryRequest("POST", f"/v2/{path}/blobs/uploads/", subject, path, push(path))
    with host.exchange(message) as response:
        if response.status_code != HTTPStatus.ACCEPTED:
            raise host.error_for(response, subject)
        return str(redirects.redirect_target(response, host.name, subject))


def _sending(reference: Reference, session: str, size: int, source: BlobSource) -> RegistryRequest:
    """The session's URL is the registry's own text and may be signed: it is only added to."""
    joint = "&" if "?" in session else "?"
    url = f"{session}{joint}digest={quote(str(reference.digest), safe='')}"
    headers = {"Content-Type": "application/octet-stream", "Content-Length": str(size)}
    path = repository_of(reference).path
    return RegistryRequest("PUT", url, str(reference), path, push(path), headers, source)
