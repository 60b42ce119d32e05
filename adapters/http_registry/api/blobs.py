"""Blobs over HTTP: looking, reading, mounting, writing (distribution-spec, "Pulling blobs")."""

import contextlib
from collections.abc import Iterator
from http import HTTPStatus
from urllib.parse import quote

from manyfest.adapters.http_registry.api.uploads import PendingUploads, upload
from manyfest.adapters.http_registry.auth.scope import pull, push
from manyfest.adapters.http_registry.reliability.retry import TransientError
from manyfest.adapters.http_registry.session import redirects
from manyfest.adapters.http_registry.session.repositories import repository_of
from manyfest.adapters.http_registry.session.requests import RegistryRequest
from manyfest.adapters.http_registry.session.session import RegistrySession
from manyfest.adapters.http_registry.session.session_pool import SessionPool
from manyfest.adapters.http_registry.session.transport_errors import translating_transport_errors
from manyfest.adapters.http_registry.transport import bodies
from manyfest.adapters.http_registry.transport.slim_httpx import httpx
from manyfest.domain.digests import Digest, verified_chunks
from manyfest.domain.errors import (
    AccessError,
    BlobUnknownError,
    InvalidDigestError,
    ProtocolError,
    RefusedError,
)
from manyfest.domain.ports.registry import BlobReader, BlobSource, BlobWriter
from manyfest.domain.references import Home, Reference, Repository

_CHUNK = 1024 * 1024

# Larger ones are layers: they may take longer than the deadline, as long as they move.
_LAYER_SIZE = 4 * 1024 * 1024


class HttpBlobs(BlobReader, BlobWriter):
    """The port's roles for blobs."""

    def __init__(self, hosts: SessionPool) -> None:
        self._hosts = hosts
        self._sessions = PendingUploads()

    def head_blob(self, reference: Reference) -> int:
        """One HEAD; see the port."""
        return self._hosts.with_retries(lambda: self._size(reference))

    @contextlib.contextmanager
    def open_blob(self, reference: Reference, size: int) -> Iterator[Iterator[bytes]]:
        """One GET; where it breaks off, the rest is asked for. See the port."""
        digest = _digest_of(reference)
        with self._as_layer(size), contextlib.ExitStack() as answers:
            first = self._hosts.with_retries(lambda: self._open(reference, 0, answers))
            chunks = self._resume_until_complete(reference, first, answers)
            yield verified_chunks(chunks, digest, size, str(reference))

    def mount_blob(self, reference: Reference, origin: Home) -> bool:
        """One POST; where it opens an upload instead, ``write_blob`` goes on with that."""
        if (
            not isinstance(origin, Repository)
            or origin.registry != repository_of(reference).registry
        ):
            return False
        try:
            return self._hosts.with_retries(lambda: self._mount(reference, origin))
        except (AccessError, RefusedError):
            return False

    def write_blob(self, reference: Reference, size: int, source: BlobSource) -> None:
        """One POST and one PUT, anew from the start when they fail; see the port."""
        digest, subject = _digest_of(reference), str(reference)

        @contextlib.contextmanager
        def checked() -> Iterator[Iterator[bytes]]:
            with source() as chunks:
                yield verified_chunks(chunks, digest, size, subject)

        with self._as_layer(size):
            host = self._host(reference)
            stored = self._hosts.with_retries(
                lambda: upload(host, reference, size, checked, self._sessions)
            )
        if not stored and self.head_blob(reference) != size:
            reason = "answers success but has no such blob"
            raise ProtocolError(host.name, f"{subject}: {host.name} {reason}")

    def _size(self, reference: Reference) -> int:
        subject, host = str(reference), self._host(reference)
        with host.exchange(_reading("HEAD", reference)) as response:
            _check_found(response, host, subject)
            size = bodies.announced_size(response)
        if size is None:
            raise ProtocolError(host.name, f"{subject}: {host.name} does not tell the blob's size")
        return size

    def _open(
        self, reference: Reference, start: int, answers: contextlib.ExitStack
    ) -> Iterator[bytes]:
        """The blob's bytes from ``start`` on, by range or by reading over those before."""
        subject, host = str(reference), self._host(reference)
        headers = {"Range": f"bytes={start}-"} if start else {}
        answers.close()
        response = answers.enter_context(host.exchange(_reading("GET", reference, headers)))
        if start and response.status_code == HTTPStatus.PARTIAL_CONTENT:
            if not response.headers.get("content-range", "").startswith(f"bytes {start}-"):
                raise ProtocolError(host.name, f"{subject}: {host.name} sends another range")
            start = 0
        else:
            _check_found(response, host, subject)
        return _without_first(start, response.iter_raw(_CHUNK))

    def _resume_until_complete(
        self, reference: Reference, chunks: Iterator[bytes], answers: contextlib.ExitStack
    ) -> Iterator[bytes]:
        subject, host = str(reference), self._host(reference)
        passed, tries = 0, self._hosts.tries()
        rest: Iterator[bytes] | None = chunks
        while True:
            try:
                with translating_transport_errors(host.name, subject):
                    for chunk in rest or self._open(reference, passed, answers):
                        passed += len(chunk)
                        tries.reset_after_progress()
                        yield chunk
            except TransientError as fault:
                tries.backoff(fault)
                rest = None
            else:
                return

    def _mount(self, reference: Reference, origin: Repository) -> bool:
        subject, host = str(reference), self._host(reference)
        with host.exchange(_mounting(reference, origin)) as response:
            if response.status_code == HTTPStatus.CREATED:
                return True
            if response.status_code != HTTPStatus.ACCEPTED:
                raise host.error_for(response, subject)
            self._sessions.remember(
                reference, str(redirects.redirect_target(response, host.name, subject))
            )
        return False

    def _as_layer(self, size: int) -> contextlib.AbstractContextManager[None]:
        return (
            self._hosts.deadline.clock_paused() if size > _LAYER_SIZE else contextlib.nullcontext()
        )

    def _host(self, reference: Reference) -> RegistrySession:
        return self._hosts.session_for(repository_of(reference))


def _reading(
    method: str, reference: Reference, headers: dict[str, str] | None = None
) -> RegistryRequest:
    path = repository_of(reference).path
    url = f"/v2/{path}/blobs/{_digest_of(reference)}"
    return RegistryRequest(method, url, str(reference), path, pull(path), headers or {})


def _mounting(reference: Reference, origin: Repository) -> RegistryRequest:
    path, digest = repository_of(reference).path, quote(str(_digest_of(reference)), safe="")
    url = f"/v2/{path}/blobs/uploads/?mount={digest}&from={quote(origin.path, safe='')}"
    return RegistryRequest("POST", url, str(reference), path, push(path) | pull(origin.path))


def _check_found(response: httpx.Response, host: RegistrySession, subject: str) -> None:
    if response.status_code == HTTPStatus.NOT_FOUND:
        raise BlobUnknownError(subject)
    if response.status_code != HTTPStatus.OK:
        raise host.error_for(response, subject)
    bodies.require_identity_encoding(response, host.name, subject)


def _without_first(count: int, chunks: Iterator[bytes]) -> Iterator[bytes]:
    for chunk in chunks:
        rest = chunk[count:]
        count = max(0, count - len(chunk))
        if rest:
            yield rest


def _digest_of(reference: Reference) -> Digest:
    if reference.digest is None:
        raise InvalidDigestError(str(reference), "a blob is named by its digest")
    return reference.digest
