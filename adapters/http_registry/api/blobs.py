"""Blobs over HTTP: HEAD, GET, mount, upload (distribution-spec, "Pulling" and "Pushing blobs")."""

import contextlib
from collections.abc import Callable, Iterator
from functools import partial
from http import HTTPStatus

from manyfest.adapters.http_registry.api.upload_sessions import PendingUploads, opened_session
from manyfest.adapters.http_registry.reliability.retry import TransientError
from manyfest.adapters.http_registry.session import redirects, requests
from manyfest.adapters.http_registry.session.error_responses import TRY_AGAIN, not_found_text
from manyfest.adapters.http_registry.session.requests import (
    RegistryRequest,
    digest_of,
    repository_of,
)
from manyfest.adapters.http_registry.session.session import RegistrySession
from manyfest.adapters.http_registry.session.session_pool import SessionPool
from manyfest.adapters.http_registry.session.transport_errors import translating_transport_errors
from manyfest.adapters.http_registry.transport import bodies
from manyfest.adapters.http_registry.transport.slim_httpx import httpx
from manyfest.domain.digests import verified_chunks, without_first
from manyfest.domain.errors import (
    AccessError,
    BlobUnknownError,
    ManyfestError,
    NotFoundError,
    ProtocolError,
    RefusedError,
    UnauthorizedError,
    UnavailableError,
)
from manyfest.domain.ports.registry import BlobReader, BlobSource, BlobWriter
from manyfest.domain.references import Home, Reference, Repository

# Larger blobs are layers, which may exceed the deadline as long as their bytes keep coming.
_LAYER_SIZE = 4 * 1024 * 1024


# URLs of one foreign layer that are tried.
_URL_LIMIT = 4

# Answers to a request with ``Range`` that a request without it does not get.
_RANGE_STATUSES = (HTTPStatus.PARTIAL_CONTENT, HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE)

# Makes the request for a blob from a byte on.
_Ask = Callable[[int], RegistryRequest]


class HttpBlobs(BlobReader, BlobWriter):
    """The port's roles for blobs."""

    def __init__(self, sessions: SessionPool) -> None:
        self._sessions = sessions
        self._pending = PendingUploads()

    def head_blob(self, reference: Reference) -> int:
        """One HEAD on the usual path, and a GET where that does not tell; see the port."""
        size = self.probe_blob(reference)
        if size is not None:
            return size
        return self._sessions.with_retries(lambda: self._get_size(reference))

    def probe_blob(self, reference: Reference) -> int | None:
        """One HEAD; see the port."""
        with contextlib.suppress(UnauthorizedError, ProtocolError):
            return self._sessions.with_retries(lambda: self._head(reference))
        return None

    @contextlib.contextmanager
    def open_blob(self, reference: Reference, size: int) -> Iterator[Iterator[bytes]]:
        """One GET, and another for the rest if the connection breaks; see the port."""
        digest, ask = digest_of(reference), partial(requests.get_blob, reference)
        with self._sessions.masking(), self._as_layer(size), contextlib.ExitStack() as stack:
            first = self._sessions.with_retries(lambda: self._open(reference, ask, 0, stack))
            chunks = self._resume_until_complete(reference, ask, first, stack)
            yield verified_chunks(chunks, digest, size, str(reference))

    @contextlib.contextmanager
    def open_foreign_layer(
        self, reference: Reference, size: int, urls: tuple[str, ...]
    ) -> Iterator[Iterator[bytes]]:
        """One GET at the registry, then one for each URL until one has it; see the port.

        A URL of the registry itself is not asked: it would get credentials, for any path.
        """
        digest = digest_of(reference)
        with self._sessions.masking(), self._as_layer(size), contextlib.ExitStack() as stack:
            ask, first = self._first_with(reference, urls, stack)
            chunks = self._resume_until_complete(reference, ask, first, stack)
            yield verified_chunks(chunks, digest, size, str(reference))

    @contextlib.contextmanager
    def open_rest(
        self, reference: Reference, size: int, start: int, urls: tuple[str, ...] = ()
    ) -> Iterator[Iterator[bytes]]:
        """One GET with ``Range``, at the registry or at one of ``urls``; see the port."""
        with self._sessions.masking(), self._as_layer(size), contextlib.ExitStack() as stack:
            ask, first = self._first_with(reference, urls, stack, start)
            yield self._resume_until_complete(reference, ask, first, stack, start)

    def _first_with(
        self,
        reference: Reference,
        urls: tuple[str, ...],
        stack: contextlib.ExitStack,
        start: int = 0,
    ) -> tuple[_Ask, Iterator[bytes]]:
        """Return the first place that has the layer, and its bytes from ``start`` on.

        Raises the last failure.
        """
        ask: _Ask = partial(requests.get_blob, reference)
        failure: ManyfestError
        opening = partial(self._open, reference, ask, start, stack)
        try:
            return ask, self._sessions.with_retries(opening)
        except (BlobUnknownError, RefusedError) as error:
            failure = error
        session, usable = self._session(reference), map(redirects.foreign_url, urls[:_URL_LIMIT])
        for url in filter(None, usable):
            if not session.is_elsewhere(url):
                continue
            ask = partial(requests.get_foreign_layer, reference, url)
            opening = partial(self._open, reference, ask, start, stack)
            try:
                return ask, self._sessions.with_retries(opening)
            except (NotFoundError, AccessError, RefusedError, UnavailableError, ProtocolError) as e:
                failure = e
        raise failure

    def mount_blob(self, reference: Reference, origin: Home) -> bool:
        """One POST; ``write_blob`` uses the upload session that it may open; see the port."""
        if (
            not isinstance(origin, Repository)
            or origin.registry != repository_of(reference).registry
        ):
            return False
        try:
            return self._sessions.with_retries(lambda: self._mount(reference, origin))
        except (AccessError, RefusedError):
            return False

    def write_blob(self, reference: Reference, size: int, source: BlobSource) -> None:
        """One POST and one PUT on the usual path (``uploads``); see the port."""
        from manyfest.adapters.http_registry.api.uploads import BlobUpload

        with self._as_layer(size):
            session, tries = self._session(reference), self._sessions.tries()
            upload = BlobUpload(session, reference, size, source, self._pending, tries)
            stored = self._sessions.with_retries(upload.attempt, tries)
        if not stored and not self._has(reference, size):
            reason = "answers success but has no such blob"
            raise ProtocolError(session.name, f"{reference}: {session.name} {reason}")

    def _has(self, reference: Reference, size: int) -> bool:
        try:
            return self.head_blob(reference) == size
        except BlobUnknownError:
            return False

    def _head(self, reference: Reference) -> int | None:
        """Return the announced size; None if there is none, or another status than 200."""
        subject, session = str(reference), self._session(reference)
        with session.exchange(requests.head_blob(reference)) as response:
            if response.status_code in TRY_AGAIN:
                raise session.error_for(response, subject)
            if response.status_code != HTTPStatus.OK:
                return None
            bodies.require_identity_encoding(response, session.name, subject)
            return bodies.announced_size(response)

    def _get_size(self, reference: Reference) -> int:
        """Return the size that a GET announces, or that of the bytes if it announces none."""
        subject, session = str(reference), self._session(reference)
        with session.exchange(requests.get_blob(reference)) as response:
            _check_found(response, session, subject)
            size = bodies.announced_size(response)
            return sum(map(len, bodies.raw_chunks(response))) if size is None else size

    def _open(
        self, reference: Reference, ask: _Ask, start: int, stack: contextlib.ExitStack
    ) -> Iterator[bytes]:
        """Read the blob from byte ``start`` on.

        If the server knows no ranges (200), refuses this one (416) or sends another, the whole blob
        is asked for, and its first bytes are skipped.
        """
        subject, session = str(reference), self._session(reference)
        stack.close()

        def check(response: httpx.Response) -> None:
            if not start or response.status_code not in _RANGE_STATUSES:
                _check_found(response, session, subject)

        response = session.open(ask(start), check)
        is_rest = start > 0 and response.status_code in _RANGE_STATUSES
        if is_rest and not _is_from(start, response):
            response.close()
            is_rest = False
            response = session.open(ask(0), lambda it: _check_found(it, session, subject))
        stack.callback(response.close)
        return without_first(0 if is_rest else start, bodies.raw_chunks(response))

    def _resume_until_complete(
        self,
        reference: Reference,
        ask: _Ask,
        chunks: Iterator[bytes],
        stack: contextlib.ExitStack,
        start: int = 0,
    ) -> Iterator[bytes]:
        subject, session = str(reference), self._session(reference)
        passed, tries = start, self._sessions.tries()
        rest: Iterator[bytes] | None = chunks
        while True:
            try:
                with translating_transport_errors(session.name, subject):
                    for chunk in rest or self._open(reference, ask, passed, stack):
                        passed += len(chunk)
                        tries.reset_after_progress()
                        yield chunk
            except TransientError as fault:
                tries.backoff(fault)
                rest = None
            else:
                return

    def _mount(self, reference: Reference, origin: Repository) -> bool:
        subject, session = str(reference), self._session(reference)
        with session.exchange(requests.mount_blob(reference, origin)) as response:
            if response.status_code == HTTPStatus.CREATED:
                return True
            if response.status_code != HTTPStatus.ACCEPTED:
                raise session.error_for(response, subject)
            self._pending.remember(reference, opened_session(response, session.name, subject))
        return False

    def _as_layer(self, size: int) -> contextlib.AbstractContextManager[None]:
        return (
            self._sessions.deadline.clock_paused()
            if size > _LAYER_SIZE
            else contextlib.nullcontext()
        )

    def _session(self, reference: Reference) -> RegistrySession:
        return self._sessions.session_for(repository_of(reference))


def _check_found(response: httpx.Response, session: RegistrySession, subject: str) -> None:
    if response.status_code == HTTPStatus.NOT_FOUND:
        raise BlobUnknownError(subject, not_found_text(response, session.secrets()))
    if response.status_code != HTTPStatus.OK:
        raise session.error_for(response, subject)
    bodies.require_identity_encoding(response, session.name, subject)


def _is_from(start: int, response: httpx.Response) -> bool:
    """Return whether the body is the rest of the blob from byte ``start`` on (RFC 9110 §14.4)."""
    sent = response.headers.get("content-range", "")
    is_part = response.status_code == HTTPStatus.PARTIAL_CONTENT
    return is_part and sent.startswith(f"bytes {start}-")
