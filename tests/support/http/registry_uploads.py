"""Blob uploads in progress, each under the Location that distribution would give out."""

import secrets
import threading

from attrs import define

from tests.support.http.http_messages import Answer, Request
from tests.support.http.registry_answers import failure


@define
class _Upload:
    path: str
    data: bytes = b""


class Uploads:
    """Open uploads by their identity. An upload is used through its newest Location only.

    Methods that take an identity and a request give a refusal, or None when they did it.
    """

    def __init__(self) -> None:
        self._open: dict[str, _Upload] = {}
        self._lock = threading.Lock()

    def start(self, path: str) -> str:
        """A new upload in the repository; its identity."""
        identity = secrets.token_hex(16)
        with self._lock:
            self._open[identity] = _Upload(path)
        return identity

    def refusal(self, request: Request, path: str, identity: str) -> Answer | None:
        """Why this request may not use the upload, if so."""
        if "_state" not in request.query:
            return failure("BLOB_UPLOAD_INVALID", detail={})
        upload = self._open.get(identity)
        if upload is None or upload.path != path:
            return failure("BLOB_UPLOAD_UNKNOWN", detail={})
        if request.query.get("_state") != [str(len(upload.data))]:
            return failure("BLOB_UPLOAD_INVALID")
        return None

    def add(self, identity: str, data: bytes) -> None:
        """Append ``data``; like distribution, whatever ``Content-Range`` says."""
        self._open[identity].data += data

    def end(self, identity: str) -> bytes:
        """Forget the upload; what came so far."""
        with self._lock:
            return self._open.pop(identity).data

    def location(self, identity: str) -> str:
        """The newest Location, without origin."""
        upload = self._open[identity]
        return f"/v2/{upload.path}/blobs/uploads/{identity}?_state={len(upload.data)}"

    def received(self, identity: str) -> str:
        """The Range header: what came so far, and 0-0 for nothing."""
        return f"0-{max(len(self._open[identity].data) - 1, 0)}"
