"""Uploads in chunks: POST, PATCH for each, PUT (distribution-spec, "Pushing a blob in chunks").

Theory of operation. Proxies and serverless platforms limit the bodies of requests, 100 MB being
common and 1 MB nginx' default, and long uploads break off. Both are met by smaller requests.

*Size.* It is the person's (``--chunk-size``), what the registry allows (``OCI-Chunk-Max-Length``),
or what the host took after it had refused a larger body. A 413 halves it, down to ``SMALLEST`` or
the registry's ``OCI-Chunk-Min-Length``. A request that breaks off quarters it, down to 1 MiB: a
proxy may close the connection before a client has read its 413. One that ends in silence makes it
1 MiB at once, as a slow line may still have been sending, and the next silence is the last (ADR
0019). Each 413 counts for all uploads to the host.

*Offset.* Each answer names the URL for the next request, and in ``Range`` what the registry has. A
chunk of which it took a part is sent on from there. After a fault (a broken connection, a 5xx, a
416 without ``Range``) the session is asked (GET). An answer that fits goes on; otherwise the blob
is sent from its start in a new session. Progress beyond the furthest byte so far has all tries
again, so that a server which loses every session is not tried for ever.

*Verification.* Bytes are hashed from the first to the last before the upload is closed, whatever is
sent twice (``verified_pieces``).
"""

import re
from functools import partial
from http import HTTPStatus

from attr import define, field

from manyfest.adapters.http_registry.api.upload_sessions import UploadSession, session_lost, start
from manyfest.adapters.http_registry.api.verified_pieces import VerifiedPieces
from manyfest.adapters.http_registry.reliability.retry import RetryState, TransientError
from manyfest.adapters.http_registry.session import redirects, requests
from manyfest.adapters.http_registry.session.session import RegistrySession
from manyfest.adapters.http_registry.transport.slim_httpx import httpx
from manyfest.domain.ports.registry import BlobSource
from manyfest.domain.references import Reference

FIRST = 32 * 1024 * 1024  # bytes; after a body of any size was refused
SMALLEST = 64 * 1024
_SMALLEST_AFTER_BREAK = 1024 * 1024  # nginx' default limit

_RANGE = re.compile(r"(?:bytes[ =])?0-([0-9]{1,19})")
_TOO_LARGE = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
_MISPLACED = HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE


@define
class ChunkedUpload:
    """The upload of one blob of ``size`` bytes in chunks, over all its tries.

    ``opened`` is None while a new session is needed. ``sent`` bytes may have reached the registry,
    which has ``offset`` of them for certain, and ``furthest`` at best.
    """

    session: RegistrySession
    reference: Reference
    size: int
    source: BlobSource
    tries: RetryState
    opened: UploadSession | None
    chunk_size: int = FIRST
    offset: int = 0
    sent: int = 0
    furthest: int = 0
    is_doubtful: bool = False  # how much the registry has
    is_closing: bool = False  # the last request may have taken effect
    restarts: int = 0
    pieces: VerifiedPieces = field(init=False)

    def __attrs_post_init__(self) -> None:
        digest = requests.digest_of(self.reference)
        self.pieces = VerifiedPieces(self.source, digest, self.size, str(self.reference))

    def shrink(self, size: int) -> bool:
        """Halve the chunks, the last of ``size`` bytes; return whether that is allowed."""
        least = max(SMALLEST, self.opened.least if self.opened else 0)
        self.chunk_size = max(least, min(FIRST, size // 2))
        if self.chunk_size >= size:
            return False
        self.session.chunks.shrink(self.chunk_size)
        return True

    def broke_off(self, size: int, fault: TransientError) -> None:
        """Note that a request of ``size`` bytes may not have arrived."""
        self.is_doubtful = True
        quarter = 0 if fault.is_silent else size // 4
        self.chunk_size = min(self.chunk_size, max(_SMALLEST_AFTER_BREAK, quarter))

    def attempt(self) -> bool:
        """Send what is missing; returns and raises as ``BlobUpload.attempt``."""
        if self.is_closing and self._is_there():
            return True
        if self.is_doubtful and self.opened is not None:
            self._ask()
        if self.opened is None:
            self.opened, self.offset = start(self.session, self.reference), 0
        self.is_doubtful = self.is_closing = False
        with self.pieces:
            while self.offset < self.size:
                self._send_chunk()
        return self._close()

    def _send_chunk(self) -> None:
        assert self.opened is not None  # noqa: S101 - opened by ``attempt``
        limit = max(self.chunk_size, self.opened.least)
        count = min(self.opened.most or limit, limit, self.size - self.offset)
        self.sent = max(self.sent, self.offset + count)
        end, content = self.offset + count, partial(self.pieces.opened, self.offset, count)
        request = requests.send_chunk(self.reference, self.opened.url, self.offset, count, content)
        try:
            with self.session.exchange(request) as response:
                self._follow(response, end)
        except TransientError as fault:
            self.broke_off(count, fault)
            raise

    def _follow(self, response: httpx.Response, end: int) -> None:
        status, subject = response.status_code, str(self.reference)
        if status == _TOO_LARGE and self.shrink(end - self.offset):
            return
        if status == HTTPStatus.NOT_FOUND or (status == _MISPLACED and not self._moved(response)):
            self.opened = None if status == HTTPStatus.NOT_FOUND else self.opened
            raise session_lost(self.session, subject, status)
        if not response.is_success and status != _MISPLACED:
            raise self.session.error_for(response, subject)
        if status != _MISPLACED:
            self._accept(response, end)

    def _accept(self, response: httpx.Response, end: int) -> None:
        """Go on behind the chunk, or within it if the registry took a part of it only."""
        told = _received(response)
        before, self.offset = self.offset, end
        if told is not None and before <= told < end:
            self.offset = told
        self._use_location(response)
        if self.offset == before:
            raise session_lost(self.session, str(self.reference), response.status_code)
        self._note_progress()

    def _moved(self, response: httpx.Response) -> bool:
        """Go to where a 416 says that the registry is; return whether that is another place."""
        told = _received(response)
        if told is None or told == self.offset or told > self.sent:
            return False
        self.offset = told
        self._use_location(response)
        self._note_progress()
        return True

    def _ask(self) -> None:
        """Ask the session how much it has; forget it if that is not known, or impossible."""
        assert self.opened is not None  # noqa: S101 - checked by ``attempt``
        with self.session.exchange(
            requests.upload_status(self.reference, self.opened.url)
        ) as response:
            told = _received(response)
            if response.is_success and told is not None and told <= self.sent:
                self.offset = told
                self._use_location(response)
                self._note_progress()
            else:
                self.opened = None

    def _note_progress(self) -> None:
        if self.offset > self.furthest:
            self.furthest = self.offset
            self.tries.reset_after_progress()

    def _use_location(self, response: httpx.Response) -> None:
        if self.opened is not None and "location" in response.headers:
            url = redirects.redirect_target(response, self.session.name, str(self.reference))
            self.opened = UploadSession(str(url), self.opened.least, self.opened.most)

    def _close(self) -> bool:
        assert self.opened is not None  # noqa: S101 - opened by ``attempt``
        self.is_closing = self.is_doubtful = True
        subject = str(self.reference)
        request = requests.finish_upload(self.reference, self.opened.url)
        with self.session.exchange(request) as response:
            if response.is_success:
                return response.status_code == HTTPStatus.CREATED
            is_first = self.restarts == 0
            if response.status_code in (HTTPStatus.NOT_FOUND, _MISPLACED) or (
                is_first and response.status_code == HTTPStatus.BAD_REQUEST
            ):
                self.opened, self.restarts = None, self.restarts + 1
                raise session_lost(self.session, subject, response.status_code)
            raise self.session.error_for(response, subject)

    def _is_there(self) -> bool:
        """Return whether an upload took effect whose last answer was lost."""
        with self.session.exchange(requests.head_blob(self.reference)) as response:
            return response.status_code == HTTPStatus.OK


def _received(response: httpx.Response) -> int | None:
    """Return the bytes that the registry has; ``0-0`` says none, as that of distribution does."""
    match = _RANGE.fullmatch(response.headers.get("range", "").strip())
    if match is None:
        return None
    return int(match[1]) + 1 if int(match[1]) else 0
