"""Upload sessions: opened by a POST, and the bytes that a chunk may have in them."""

import threading
from functools import partial
from http import HTTPStatus

from manyfest.adapters.http_registry.reliability.retry import TransientError
from manyfest.adapters.http_registry.session import redirects, requests
from manyfest.adapters.http_registry.session.session import RegistrySession
from manyfest.adapters.http_registry.transport.slim_httpx import httpx
from manyfest.domain.errors import RefusedError
from manyfest.domain.references import Reference
from manyfest.domain.values import frozen


@frozen
class UploadSession:
    """The URL of an upload session, and the bytes that a chunk must and may have; 0: any."""

    url: str
    least: int = 0
    most: int = 0


class PendingUploads:
    """Upload sessions that a registry opened instead of mounting a blob. Thread-safe."""

    def __init__(self) -> None:
        self._sessions: dict[Reference, UploadSession] = {}
        self._lock = threading.Lock()

    def remember(self, reference: Reference, session: UploadSession) -> None:
        """Note that the blob ``reference`` can be sent to ``session``, once."""
        with self._lock:
            self._sessions[reference] = session

    def take(self, reference: Reference) -> UploadSession | None:
        """Remove and return the session for ``reference``, so that only one caller uses it."""
        with self._lock:
            return self._sessions.pop(reference, None)


def start(session: RegistrySession, reference: Reference) -> UploadSession:
    """Open an upload session."""
    subject = str(reference)
    with session.exchange(requests.start_upload(reference)) as response:
        if response.status_code != HTTPStatus.ACCEPTED:
            raise session.error_for(response, subject)
        return opened_session(response, session.name, subject)


def opened_session(response: httpx.Response, host: str, subject: str) -> UploadSession:
    """Return the session that a 202 opens. Raises ProtocolError: its address is not usable."""
    url = str(redirects.redirect_target(response, host, subject))
    least, most = (_length(response, f"oci-chunk-{bound}-length") for bound in ("min", "max"))
    return UploadSession(url, least, most)


def session_lost(session: RegistrySession, subject: str, status: int) -> TransientError:
    """Build the fault of an upload session that does not take the next request."""
    build = partial(RefusedError, session.name, status=status)
    return TransientError(build, f"{subject}: {session.name} has lost the upload")


def _length(response: httpx.Response, name: str) -> int:
    text = response.headers.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else 0  # noqa: PLR2004
