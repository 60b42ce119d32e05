"""Manifests over HTTP: GET, HEAD, PUT (distribution-spec, "Pulling" and "Pushing manifests")."""

import contextlib
import threading
from functools import partial
from http import HTTPStatus

from manyfest.adapters.http_registry.reliability.retry import TransientError
from manyfest.adapters.http_registry.session import requests
from manyfest.adapters.http_registry.session.error_responses import (
    MISREADINGS,
    TELLING_NOTHING,
    TRY_AGAIN,
    is_absence_after,
    not_found_text,
    passing_refusal,
    shows_misreading,
)
from manyfest.adapters.http_registry.session.requests import (
    Accept,
    RegistryRequest,
    repository_of,
)
from manyfest.adapters.http_registry.session.session import RegistrySession
from manyfest.adapters.http_registry.session.session_pool import SessionPool
from manyfest.adapters.http_registry.session.transport_errors import translating_transport_errors
from manyfest.adapters.http_registry.transport import bodies
from manyfest.adapters.http_registry.transport.slim_httpx import httpx
from manyfest.adapters.registry_parts import received_manifest
from manyfest.domain import manifests, media_types
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest, verified
from manyfest.domain.errors import (
    DigestMismatchError,
    DocumentError,
    InvalidDigestError,
    ManifestUnknownError,
    ManyfestError,
    ProtocolError,
    UnauthorizedError,
)
from manyfest.domain.expectations import Expectation
from manyfest.domain.lists.referrers import referrers_tag, with_referrer
from manyfest.domain.manifests import Manifest
from manyfest.domain.ports.registry import ManifestReader, ManifestWriter
from manyfest.domain.references import Reference
from manyfest.domain.values import frozen

# Seconds before each further attempt to read back a manifest.
_READ_BACK_DELAYS = (0.2, 0.5, 1.0, 2.0)


@frozen
class _PutOutcome:
    """A registry's answer to a PUT.

    ``is_confirmed`` only for 201: captive portals and proxies answer other 2xx.
    ``is_subject_noted`` if the registry lists the manifest as a referrer itself (``OCI-Subject``).
    """

    is_confirmed: bool
    is_subject_noted: bool


class HttpManifests(ManifestReader, ManifestWriter):
    """The port's roles for manifests."""

    def __init__(self, sessions: SessionPool) -> None:
        self._sessions = sessions
        self._referrers_tag_lock = threading.Lock()
        self._accepts: dict[str, Accept] = {}

    def get_manifest(self, reference: Reference) -> Manifest:
        """One GET on the usual path, more where a server misreads ``Accept``; see the port."""
        accept = self._accept_of(reference)
        try:
            return self._sessions.with_retries(lambda: self._get(reference, accept))
        except MISREADINGS as error:
            if not shows_misreading(error):
                raise
            return self._ask_otherwise(reference, accept, error)

    def head_manifest(self, reference: Reference) -> Descriptor:
        """One HEAD on the usual path, and a GET where that does not tell; see the port."""
        with contextlib.suppress(ManifestUnknownError, UnauthorizedError, ProtocolError):
            if found := self._sessions.with_retries(lambda: self._head(reference)):
                return found
        return self.get_manifest(reference).descriptor()

    def probe_manifest(self, reference: Reference) -> Descriptor | None:
        """One HEAD, and a GET where its answer is neither 200 nor 404 nor 401; see the port.

        A GET would be refused for 401 as well, and each refusal counts as a failed login.
        """
        try:
            found = self._sessions.with_retries(lambda: self._head(reference))
            return found or self.get_manifest(reference).descriptor()
        except TELLING_NOTHING:
            return None

    def is_manifest(self, reference: Reference) -> bool:
        """One HEAD, and a GET if that is not 200, as some registries know no HEAD; see the port.

        Neither is repeated: distribution answers 500 for a blob.
        """
        asks = requests.head_manifest(reference), requests.get_manifest(reference)
        return any(self._is_ok(reference, ask) for ask in asks)

    def _is_ok(self, reference: Reference, ask: RegistryRequest) -> bool:
        try:
            with self._session(reference).exchange(ask) as response:
                return response.status_code == HTTPStatus.OK
        except TransientError:
            return False

    def put_manifest(
        self, reference: Reference, manifest: Manifest, expected: Expectation | None = None
    ) -> None:
        """One PUT on the usual path, and one for a referrers tag where needed; see the port."""
        if reference.digest is not None:
            verified(manifest.data, reference.digest, None, str(reference))
        is_noted = self._put_with_retries(reference, manifest, expected)
        if manifest.subject is not None and not is_noted:
            self._update_referrers_tag(reference.at(manifest.subject.digest), manifest)

    def _ask_otherwise(
        self, reference: Reference, misread: Accept, first: ManyfestError
    ) -> Manifest:
        """Ask with the same types in other lines, then for one type at a time; or raise ``first``.

        Lines that a host reads are kept: the next manifest there costs one request again.
        """
        for accept in requests.OTHER_ACCEPTS:
            if accept == misread:
                continue
            try:
                manifest = self._sessions.with_retries(partial(self._get, reference, accept))
            except MISREADINGS as error:
                if is_absence_after(first, error):
                    raise
                continue
            if len(accept) > 1:
                self._accepts[self._session(reference).name] = accept
            return manifest
        raise first

    def _accept_of(self, reference: Reference) -> Accept:
        return self._accepts.get(self._session(reference).name, requests.ACCEPT)

    def _get(self, reference: Reference, accept: Accept) -> Manifest:
        subject, session = str(reference), self._session(reference)
        with session.exchange(requests.get_manifest(reference, accept)) as response:
            if response.status_code == HTTPStatus.NOT_FOUND:
                raise ManifestUnknownError(subject, not_found_text(response, session.secrets()))
            if response.status_code != HTTPStatus.OK:
                raise session.error_for(response, subject)
            bodies.require_identity_encoding(response, session.name, subject)
            data = bodies.read_document(response, subject)
        content_type = response.headers.get("content-type", "")
        if media_types.without_parameters(content_type) in media_types.SCHEMA_1:
            raise DocumentError(subject, manifests.SCHEMA_1_REASON)  # converted, of another digest
        announced = reference.digest or announced_digest(response, session.name, subject)
        if announced is not None:
            verified(data, announced, None, subject)
        algorithm = announced.algorithm if announced else "sha256"
        return received_manifest(data, content_type, subject, algorithm)

    def _head(self, reference: Reference) -> Descriptor | None:
        """Return None if the answer is no refusal to be repeated and lacks any of the facts.

        A refusal of a HEAD has no reason, and may be meant for the method (405, 501) or for a URL
        of a storage that is signed for GET (403).
        """
        subject, session = str(reference), self._session(reference)
        request = requests.head_manifest(reference, self._accept_of(reference))
        with session.exchange(request) as response:
            if response.status_code == HTTPStatus.NOT_FOUND:
                raise ManifestUnknownError(subject)
            if response.status_code in TRY_AGAIN:
                raise session.error_for(response, subject)
            if response.status_code != HTTPStatus.OK:
                return None
            digest = announced_digest(response, session.name, subject)
        size = bodies.announced_size(response)
        media_type = media_types.without_parameters(response.headers.get("content-type", ""))
        if digest is None or size is None or reference.digest not in (None, digest):
            return None
        if media_types.is_blob(media_type) or size > manifests.SIZE_LIMIT:
            return None
        if media_type in media_types.SCHEMA_1:  # converted for a client that takes nothing else
            return None
        return Descriptor(media_type, digest, size)

    def _put_with_retries(
        self, reference: Reference, manifest: Manifest, expected: Expectation | None = None
    ) -> bool:
        """Put and confirm; return whether the registry lists the manifest as a referrer itself."""
        outcome = self._sessions.with_retries(lambda: self._put(reference, manifest, expected))
        if not outcome.is_confirmed:
            self._confirm(reference, manifest)
        return outcome.is_subject_noted

    def _put(
        self, reference: Reference, manifest: Manifest, expected: Expectation | None
    ) -> _PutOutcome:
        subject, session = str(reference), self._session(reference)
        with session.exchange(requests.put_manifest(reference, manifest, expected)) as response:
            if response.status_code == HTTPStatus.PRECONDITION_FAILED and expected is not None:
                return self._resolve_412(reference, manifest, expected)
            if not response.is_success:
                raise passing_refusal(session.error_for(response, subject))
            is_confirmed = response.status_code == HTTPStatus.CREATED
            digest = announced_digest(response, session.name, subject) if is_confirmed else None
        if digest is not None:
            check_confirmed(manifest, digest, subject)
        return _PutOutcome(is_confirmed, "oci-subject" in response.headers)

    def _resolve_412(
        self, reference: Reference, manifest: Manifest, expected: Expectation
    ) -> _PutOutcome:
        """Raise for a tag that moved, unless an earlier attempt of ours moved it."""
        try:
            current = self.head_manifest(reference).digest
        except ManifestUnknownError:
            current = None
        if current != manifest.digest:
            expected.check(reference, current)
            host = self._session(reference).name
            raise ProtocolError(host, f"{reference}: {host} refuses a condition that is met (412)")
        return _PutOutcome(is_confirmed=True, is_subject_noted=False)

    def _confirm(self, reference: Reference, manifest: Manifest) -> None:
        """Read the manifest back: another 2xx than 201 may be a captive portal's."""
        subject, session = str(reference), self._session(reference)
        try:
            read_back = self._read_back(reference)
        except (ManifestUnknownError, DocumentError, ProtocolError) as error:
            reason = "answers success but does not give back what was pushed"
            raise ProtocolError(session.name, f"{subject}: {session.name} {reason}") from error
        if read_back.data != manifest.data:
            raise DigestMismatchError(subject, str(manifest.digest), str(read_back.digest))

    def _read_back(self, reference: Reference) -> Manifest:
        """Repeat the GET for registries that take a moment to show what was put."""
        for seconds in _READ_BACK_DELAYS:
            try:
                return self.get_manifest(reference)
            except ManifestUnknownError:
                with translating_transport_errors(self._session(reference).name, str(reference)):
                    self._sessions.deadline.sleep(seconds)
        return self.get_manifest(reference)

    def _update_referrers_tag(self, subject: Reference, referrer: Manifest) -> None:
        """List the referrer under its subject's referrers tag, in place of the registry.

        One thread at a time, because the list is read, extended and put back.
        """
        tag = referrers_tag(subject)
        with self._referrers_tag_lock:
            current = self._get_if_present(tag)
            extended = with_referrer(current, referrer, tag)
            if extended is not current:
                self._put_with_retries(tag, extended)

    def _get_if_present(self, tag: Reference) -> Manifest | None:
        try:
            return self.get_manifest(tag)
        except ManifestUnknownError:
            return None

    def _session(self, reference: Reference) -> RegistrySession:
        return self._sessions.session_for(repository_of(reference))


def announced_digest(response: httpx.Response, host: str, subject: str) -> Digest | None:
    """Parse ``Docker-Content-Digest``; None if it is missing, or its algorithm is unknown to us.

    A proxy that adds the header to one that is there says the same twice.
    """
    lines = response.headers.get_list("docker-content-digest")
    text = ", ".join(dict.fromkeys(line.strip() for line in lines))
    if not text:
        return None
    try:
        return Digest.parse(text)
    except InvalidDigestError as error:
        if error.reason == "unsupported digest algorithm":
            return None
        raise ProtocolError(host, f"{subject}: {host} announces an {error}") from error


def check_confirmed(manifest: Manifest, digest: Digest, subject: str) -> None:
    """Compare by the registry's algorithm, which may not be ours (distribution-spec, 2025)."""
    ours = Digest.of(manifest.data, digest.algorithm)
    if digest != ours:
        raise DigestMismatchError(subject, str(ours), str(digest))
