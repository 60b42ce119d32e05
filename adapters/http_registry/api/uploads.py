"""Uploads: a session and one PUT with the whole blob (distribution-spec, "POST then PUT")."""

import threading
from functools import partial
from http import HTTPStatus

from manyfest.adapters.http_registry.reliability.retry import TransientError
from manyfest.adapters.http_registry.session import redirects, requests
from manyfest.adapters.http_registry.session.session import RegistrySession
from manyfest.domain.errors import RefusedError
from manyfest.domain.ports.registry import BlobSource
from manyfest.domain.references import Reference

# The registry forgot the upload session, or is at another offset: a new session helps.
_SESSION_LOST = (HTTPStatus.NOT_FOUND, HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE)


class PendingUploads:
    """Upload sessions that a registry opened instead of mounting a blob. Thread-safe."""

    def __init__(self) -> None:
        self._urls: dict[Reference, str] = {}
        self._lock = threading.Lock()

    def remember(self, reference: Reference, url: str) -> None:
        """Note that the blob ``reference`` can be sent to ``url``, once."""
        with self._lock:
            self._urls[reference] = url

    def take(self, reference: Reference) -> str | None:
        """Remove and return the URL for ``reference``, so that only one caller uses it."""
        with self._lock:
            return self._urls.pop(reference, None)


def upload(
    session: RegistrySession,
    reference: Reference,
    size: int,
    source: BlobSource,
    pending: PendingUploads,
) -> bool:
    """Send the blob, and return whether the registry confirmed it (201; another 2xx is vaguer).

    Raises TransientError: a new upload session may do better; and the errors of ``source``.
    """
    subject = str(reference)
    url = pending.take(reference) or _start(session, reference)
    with session.exchange(requests.finish_upload(reference, url, size, source)) as response:
        if response.status_code in _SESSION_LOST:
            build = partial(RefusedError, session.name, status=response.status_code)
            raise TransientError(build, f"{subject}: {session.name} has lost the upload")
        if not response.is_success:
            raise session.error_for(response, subject)
        return response.status_code == HTTPStatus.CREATED


def _start(session: RegistrySession, reference: Reference) -> str:
    subject = str(reference)
    with session.exchange(requests.start_upload(reference)) as response:
        if response.status_code != HTTPStatus.ACCEPTED:
            raise session.error_for(response, subject)
        return str(redirects.redirect_target(response, session.name, subject))
