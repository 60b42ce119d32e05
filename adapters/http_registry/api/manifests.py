"""Manifests over HTTP: reading, looking, writing (distribution-spec, "Pulling manifests")."""

import threading
from http import HTTPStatus

from attrs import frozen

from manyfest.adapters.http_registry.auth.scope import pull, push
from manyfest.adapters.http_registry.session.repositories import repository_of
from manyfest.adapters.http_registry.session.requests import RegistryRequest
from manyfest.adapters.http_registry.session.session import RegistrySession
from manyfest.adapters.http_registry.session.session_pool import SessionPool
from manyfest.adapters.http_registry.session.transport_errors import translating_transport_errors
from manyfest.adapters.http_registry.transport import bodies
from manyfest.adapters.http_registry.transport.slim_httpx import httpx
from manyfest.domain import manifests, media_types
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest, verified
from manyfest.domain.errors import (
    DigestMismatchError,
    DocumentError,
    InvalidDigestError,
    ManifestUnknownError,
    ProtocolError,
)
from manyfest.domain.expectations import Expectation
from manyfest.domain.lists.referrers import referrers_tag, with_referrer
from manyfest.domain.manifests import Manifest
from manyfest.domain.ports.registry import ManifestReader, ManifestWriter
from manyfest.domain.references import Reference

# Seconds before each further look for what was put.
_READ_BACK_DELAYS = (0.2, 0.5, 1.0, 2.0)

# One header line: some proxies keep only the first of several.
_ACCEPT = {"Accept": ", ".join(media_types.ACCEPTED)}


@frozen
class _PutOutcome:
    """What a registry said to a PUT: whether it has these bytes, and noted who they refer to.

    It is not confirmed by the vaguer words that captive portals say, too.
    """

    is_confirmed: bool
    is_subject_noted: bool


class HttpManifests(ManifestReader, ManifestWriter):
    """The port's roles for manifests."""

    def __init__(self, hosts: SessionPool) -> None:
        self._hosts = hosts
        self._noting = threading.Lock()

    def get_manifest(self, reference: Reference) -> Manifest:
        """One GET on the usual path; see the port."""
        return self._hosts.with_retries(lambda: self._get(reference))

    def head_manifest(self, reference: Reference) -> Descriptor:
        """One HEAD on the usual path; see the port."""
        found = self._hosts.with_retries(lambda: self._head(reference))
        return found or self.get_manifest(reference).descriptor()

    def put_manifest(
        self, reference: Reference, manifest: Manifest, expected: Expectation | None = None
    ) -> None:
        """One PUT on the usual path, and one for a subject nobody else notes; see the port."""
        if reference.digest is not None:
            verified(manifest.data, reference.digest, None, str(reference))
        is_noted = self._put_with_retries(reference, manifest, expected)
        if manifest.subject is not None and not is_noted:
            self._update_referrers_tag(reference.at(manifest.subject.digest), manifest)

    def _get(self, reference: Reference) -> Manifest:
        subject, host = str(reference), self._host(reference)
        with host.exchange(_reading("GET", reference)) as response:
            if response.status_code == HTTPStatus.NOT_FOUND:
                raise ManifestUnknownError(subject)
            if response.status_code != HTTPStatus.OK:
                raise host.error_for(response, subject)
            bodies.require_identity_encoding(response, host.name, subject)
            data = _document(response, subject)
        announced = reference.digest or _announced_digest(response, host.name, subject)
        if announced is not None:
            verified(data, announced, None, subject)
        algorithm = announced.algorithm if announced else "sha256"
        return Manifest.received(data, response.headers.get("content-type", ""), subject, algorithm)

    def _head(self, reference: Reference) -> Descriptor | None:
        """None where the answer does not tell all: then a GET does."""
        subject, host = str(reference), self._host(reference)
        with host.exchange(_reading("HEAD", reference)) as response:
            if response.status_code == HTTPStatus.NOT_FOUND:
                raise ManifestUnknownError(subject)
            if response.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
                return None  # distribution-spec has it, and some registries do not
            if response.status_code != HTTPStatus.OK:
                raise host.error_for(response, subject)
            digest = _announced_digest(response, host.name, subject)
        size = bodies.announced_size(response)
        media_type = media_types.without_parameters(response.headers.get("content-type", ""))
        if digest is None or size is None or reference.digest not in (None, digest):
            return None
        if media_type not in media_types.ACCEPTED or size > manifests.SIZE_LIMIT:
            return None
        return Descriptor(media_type, digest, size)

    def _put_with_retries(
        self, reference: Reference, manifest: Manifest, expected: Expectation | None = None
    ) -> bool:
        """Whether the registry keeps book of the manifest's subject, if it has one."""
        receipt = self._hosts.with_retries(lambda: self._put(reference, manifest, expected))
        if not receipt.is_confirmed:
            self._confirm(reference, manifest)
        return receipt.is_subject_noted

    def _put(
        self, reference: Reference, manifest: Manifest, expected: Expectation | None
    ) -> _PutOutcome:
        subject, host = str(reference), self._host(reference)
        with host.exchange(_writing(reference, manifest, expected)) as response:
            if response.status_code == HTTPStatus.PRECONDITION_FAILED and expected is not None:
                return self._resolve_412(reference, manifest, expected)
            if not response.is_success:
                raise host.error_for(response, subject)
            is_confirmed = response.status_code == HTTPStatus.CREATED
            digest = _announced_digest(response, host.name, subject) if is_confirmed else None
        if digest is not None:
            _check_confirmed(manifest, digest, subject)
        return _PutOutcome(is_confirmed, "oci-subject" in response.headers)

    def _resolve_412(
        self, reference: Reference, manifest: Manifest, expected: Expectation
    ) -> _PutOutcome:
        """The tag is not where it was expected, unless an earlier try of ours has moved it."""
        try:
            standing = self.head_manifest(reference).digest
        except ManifestUnknownError:
            standing = None
        if standing != manifest.digest:
            expected.check(reference, standing)
            host = self._host(reference).name
            raise ProtocolError(host, f"{reference}: {host} refuses a condition that holds (412)")
        return _PutOutcome(is_confirmed=True, is_subject_noted=False)

    def _confirm(self, reference: Reference, manifest: Manifest) -> None:
        """Another 2xx than 201 may be a captive portal's: only what can be read back was stored."""
        subject, host = str(reference), self._host(reference)
        try:
            read_back = self._read_back(reference)
        except (ManifestUnknownError, DocumentError, ProtocolError) as error:
            reason = "answers success but does not give back what was pushed"
            raise ProtocolError(host.name, f"{subject}: {host.name} {reason}") from error
        if read_back.data != manifest.data:
            raise DigestMismatchError(subject, str(manifest.digest), str(read_back.digest))

    def _read_back(self, reference: Reference) -> Manifest:
        """With patience for registries that take a moment to show what was put."""
        for seconds in _READ_BACK_DELAYS:
            try:
                return self.get_manifest(reference)
            except ManifestUnknownError:
                with translating_transport_errors(self._host(reference).name, str(reference)):
                    self._hosts.deadline.sleep(seconds)
        return self.get_manifest(reference)

    def _update_referrers_tag(self, subject: Reference, referrer: Manifest) -> None:
        """Keep book in the registry's place. One at a time: the list is read, then put."""
        tag = referrers_tag(subject)
        with self._noting:
            listed = self._listed(tag)
            extended = with_referrer(listed, referrer)
            if extended is not listed:
                self._put_with_retries(tag, extended)

    def _listed(self, tag: Reference) -> Manifest | None:
        try:
            return self.get_manifest(tag)
        except ManifestUnknownError:
            return None

    def _host(self, reference: Reference) -> RegistrySession:
        return self._hosts.session_for(repository_of(reference))


def _reading(method: str, reference: Reference) -> RegistryRequest:
    path = repository_of(reference).path
    url = f"/v2/{path}/manifests/{reference.name}"
    return RegistryRequest(method, url, str(reference), path, pull(path), _ACCEPT)


def _writing(
    reference: Reference, manifest: Manifest, expected: Expectation | None
) -> RegistryRequest:
    path = repository_of(reference).path
    url = f"/v2/{path}/manifests/{reference.name}"
    headers = {"Content-Type": manifest.media_type} | _condition(expected)
    return RegistryRequest("PUT", url, str(reference), path, push(path), headers, manifest.data)


def _condition(expected: Expectation | None) -> dict[str, str]:
    """RFC 9110 §13.1; registries that have entity tags use the digest (distribution-spec)."""
    if expected is None:
        return {}
    digest = expected.digest
    return {"If-None-Match": "*"} if digest is None else {"If-Match": f'"{digest}"'}


def _document(response: httpx.Response, subject: str) -> bytes:
    try:
        return bodies.read_limited(response, manifests.SIZE_LIMIT)
    except bodies.TooLargeError as error:
        raise DocumentError(subject, f"larger than {manifests.SIZE_LIMIT} bytes") from error


def _announced_digest(response: httpx.Response, host: str, subject: str) -> Digest | None:
    """``Docker-Content-Digest``; None when there is none, or of an algorithm nobody here knows."""
    text = response.headers.get("docker-content-digest", "").strip()
    if not text:
        return None
    try:
        return Digest.parse(text)
    except InvalidDigestError as error:
        if error.reason == "unsupported digest algorithm":
            return None
        raise ProtocolError(host, f"{subject}: {host} announces an {error}") from error


def _check_confirmed(manifest: Manifest, digest: Digest, subject: str) -> None:
    """The registry may name another algorithm than the one pushed by (distribution-spec, 2025)."""
    ours = Digest.of(manifest.data, digest.algorithm)
    if digest != ours:
        raise DigestMismatchError(subject, str(ours), str(digest))
