"""Deleting tags and manifests over HTTP (distribution-spec, "Content Management").

``DELETE /v2/<name>/manifests/<tag>`` deletes the tag alone, in registries that know it: zot, Quay,
GitLab, Google, distribution from version 3 on. Others answer 400 (distribution 2, Harbor) or 405
(deletion is off, GHCR), and hosts that have no DELETE at all 404. ADR 0060 has the sources.
"""

import secrets
from http import HTTPStatus

from manyfest.adapters.http_registry.session import requests
from manyfest.adapters.http_registry.session.requests import RegistryRequest, repository_of
from manyfest.adapters.http_registry.session.session_pool import SessionPool
from manyfest.domain.digests import Digest
from manyfest.domain.errors import ManifestUnknownError
from manyfest.domain.expectations import Expectation
from manyfest.domain.ports.registry import ManifestReader, TagRemover
from manyfest.domain.references import Home, Reference

_DONE = (HTTPStatus.OK, HTTPStatus.ACCEPTED, HTTPStatus.NO_CONTENT)
_NO = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.METHOD_NOT_ALLOWED,
    HTTPStatus.NOT_ACCEPTABLE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HTTPStatus.NOT_IMPLEMENTED,
)


class HttpDeletions(TagRemover):
    """The port's role of taking tags away; ``reader`` tells where a tag is that moved."""

    def __init__(self, sessions: SessionPool, reader: ManifestReader) -> None:
        self._sessions = sessions
        self._reader = reader

    def delete_tag(self, reference: Reference, expected: Expectation) -> bool:
        """One DELETE; see the port."""
        status = self._answer(
            requests.delete_manifest(reference, expected),
            reference,
            (*_DONE, *_NO, HTTPStatus.PRECONDITION_FAILED),
        )
        if status == HTTPStatus.PRECONDITION_FAILED:
            expected.check(reference, self._reader.head_manifest(reference).digest)
            return False
        return status in _DONE

    def deletes_manifests(self, home: Home) -> bool:
        """One DELETE of a random digest: a registry that deletes answers 404; see the port."""
        unknown = Reference(home, None, Digest.of(secrets.token_bytes(32)))
        status = self._answer(requests.delete_manifest(unknown), unknown, (*_DONE, *_NO))
        return status in {*_DONE, HTTPStatus.NOT_FOUND}

    def delete_manifest(self, reference: Reference) -> None:
        """One DELETE; see the port."""
        wanted = (*_DONE, HTTPStatus.NOT_FOUND)
        status = self._answer(requests.delete_manifest(reference), reference, wanted)
        if status == HTTPStatus.NOT_FOUND:
            raise ManifestUnknownError(str(reference))

    def _answer(
        self, request: RegistryRequest, reference: Reference, known: tuple[HTTPStatus, ...]
    ) -> int:
        """Return the status, if it is a ``known`` one; else raise the error that it means."""
        session = self._sessions.session_for(repository_of(reference))

        def ask() -> int:
            with session.exchange(request) as response:
                if response.status_code not in known:
                    raise session.error_for(response, str(reference))
                return response.status_code

        return self._sessions.with_retries(ask)
