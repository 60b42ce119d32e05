"""Uploads: a session and one PUT with the whole blob (distribution-spec, "POST then PUT").

A blob goes in chunks instead (``chunked_uploads``) if it is larger than the session's
limit, if the registry says that it takes no larger ones (``OCI-Chunk-Max-Length``, of
registries on serverless platforms), after a 413, and after a PUT of a layer that broke off.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING

from attr import define

from manyfest.adapters.http_registry.api.upload_sessions import (
    PendingUploads,
    UploadSession,
    session_lost,
    start,
)
from manyfest.adapters.http_registry.reliability.retry import RetryState, TransientError
from manyfest.adapters.http_registry.session import requests
from manyfest.adapters.http_registry.session.session import RegistrySession
from manyfest.adapters.http_registry.transport.slim_httpx import httpx
from manyfest.domain.digests import verified_chunks
from manyfest.domain.errors import ProtocolError, RefusedError, ServerError
from manyfest.domain.ports.registry import BlobSource
from manyfest.domain.references import Reference

if TYPE_CHECKING:
    from manyfest.adapters.http_registry.api.chunked_uploads import ChunkedUpload

# The registry forgot the upload session, or is at another offset: a new session helps.
_SESSION_LOST = (HTTPStatus.NOT_FOUND, HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE)

# Smaller blobs are sent whole again when a transfer breaks off: that costs less than to ask.
_WORTH_RESUMING = 4 * 1024 * 1024


@define
class BlobUpload:
    """The upload of one blob of ``size`` bytes; ``attempt`` is one try, and remembers the last."""

    session: RegistrySession
    reference: Reference
    size: int
    source: BlobSource
    pending: PendingUploads
    tries: RetryState
    _chunked: "ChunkedUpload | None" = None
    _may_be_whole: bool = False  # after a PUT that broke off: there may be no limit
    _is_begun: bool = False  # the content was opened, so that some of it may have arrived

    def attempt(self) -> bool:
        """Send the blob, and return whether the registry confirmed it (201; another 2xx is vaguer).

        Raises TransientError: another attempt may do better; and the errors of ``source``.
        """
        if self._chunked is not None:
            return self._go_on(self._chunked)
        opened = self.pending.take(self.reference) or start(self.session, self.reference)
        limit = min(filter(None, (opened.most, self.session.chunks.size)), default=0)
        if limit and self.size > limit:
            return self._in_chunks(opened, limit)
        return self._whole(opened)

    def _go_on(self, chunked: "ChunkedUpload") -> bool:
        """Send the rest in chunks; the whole blob again if the registry takes no chunks."""
        try:
            return chunked.attempt()
        except (RefusedError, ProtocolError, ServerError):
            if not self._may_be_whole:
                raise
            self._chunked, self._may_be_whole = None, False
            return self._whole(start(self.session, self.reference))

    def _whole(self, opened: UploadSession) -> bool:
        request = requests.finish_upload(self.reference, opened.url, self.size, self._verified)
        try:
            with self.session.exchange(request) as response:
                if response.status_code != HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
                    return self._confirmed(response)
                refused = self.session.error_for(response, str(self.reference))
        except TransientError as fault:
            if self._is_begun and self.size > _WORTH_RESUMING:
                self._may_be_whole = True
                chunked = self._prepare_chunks(opened)
                chunked.sent = self.size
                chunked.is_closing = fault.is_silent
                chunked.broke_off(self.size, fault)
            raise
        chunked = self._prepare_chunks(opened)
        if not chunked.shrink(self.size):
            raise refused
        return chunked.attempt()

    def _in_chunks(self, opened: UploadSession, size: int) -> bool:
        chunked = self._prepare_chunks(opened)
        chunked.chunk_size = size
        return chunked.attempt()

    def _prepare_chunks(self, opened: UploadSession) -> "ChunkedUpload":
        from manyfest.adapters.http_registry.api.chunked_uploads import ChunkedUpload

        self._chunked = ChunkedUpload(
            self.session, self.reference, self.size, self.source, self.tries, opened
        )
        return self._chunked

    def _confirmed(self, response: httpx.Response) -> bool:
        subject = str(self.reference)
        if response.status_code in _SESSION_LOST:
            raise session_lost(self.session, subject, response.status_code)
        if not response.is_success:
            raise self.session.error_for(response, subject)
        return response.status_code == HTTPStatus.CREATED

    @contextmanager
    def _verified(self) -> Iterator[Iterator[bytes]]:
        digest, subject = requests.digest_of(self.reference), str(self.reference)
        self._is_begun = True
        with self.source() as chunks:
            yield verified_chunks(chunks, digest, self.size, subject)
