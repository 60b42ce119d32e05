"""Listings over HTTP: referrers and tags (distribution-spec, "Content Discovery")."""

from http import HTTPStatus

from manyfest.adapters.http_registry.api.pagination import Page, all_pages, next_url
from manyfest.adapters.http_registry.session import requests
from manyfest.adapters.http_registry.session.error_responses import presentable
from manyfest.adapters.http_registry.session.requests import RegistryRequest, repository_of
from manyfest.adapters.http_registry.session.session import RegistrySession
from manyfest.adapters.http_registry.session.session_pool import SessionPool
from manyfest.adapters.http_registry.transport import bodies
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.encoding.strict_json import parse_object
from manyfest.domain.errors import DocumentError, ManifestUnknownError
from manyfest.domain.lists.referrers import referrers_tag
from manyfest.domain.manifests import Manifest
from manyfest.domain.ports.registry import ManifestReader, ReferrerReader, TagReader
from manyfest.domain.references import Home, Reference, is_tag

# Answers of registries without the referrers endpoint (go-containerregistry, ``remote``).
_NO_ENDPOINT = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.METHOD_NOT_ALLOWED,
    HTTPStatus.NOT_ACCEPTABLE,
    HTTPStatus.NOT_IMPLEMENTED,
)


class HttpListings(TagReader, ReferrerReader):
    """The port's roles for listings; ``manifests`` reads the list under a referrers tag."""

    def __init__(self, sessions: SessionPool, manifests: ManifestReader) -> None:
        self._sessions = sessions
        self._manifests = manifests

    def tags(self, home: Home) -> tuple[str, ...]:
        """One GET per page; see the port (distribution-spec, "Listing Tags").

        What can be no tag is left out with a warning: it may lead to another repository.
        """
        reference = Reference(home)
        session = self._session(reference)
        found = all_pages(
            requests.list_tags(reference),
            lambda page: self._sessions.with_retries(lambda: read_tags(session, page)),
            repository_of(reference).registry,
        )
        listed = dict.fromkeys(found or ())
        tags = tuple(filter(is_tag, listed))
        if len(tags) < len(listed):
            self._warn_of([each for each in listed if not is_tag(each)], home)
        return tags

    def referrers(self, reference: Reference) -> tuple[Descriptor, ...]:
        """One GET per page; another for the referrers tag if there is no endpoint; see the port."""
        tag = referrers_tag(reference)
        found = self.listed_referrers(reference)
        return self._referrers_by_tag(tag) if found is None else found

    def listed_referrers(self, reference: Reference) -> tuple[Descriptor, ...] | None:
        """One GET per page; remembers whether there is such an endpoint; see the port."""
        session = self._session(reference)
        found = all_pages(
            requests.list_referrers(reference),
            lambda page: self._sessions.with_retries(lambda: _read_referrers(session, page)),
            repository_of(reference).registry,
        )
        session.referrers_api.answered(has_listed=found is not None)
        return None if found is None else tuple({entry.digest: entry for entry in found}.values())

    def lacks_referrers(self, home: Home) -> bool:
        """By what this command, or an earlier one, was answered; see the port."""
        return self._session(Reference(home)).referrers_api.is_missing

    def _referrers_by_tag(self, tag: Reference) -> tuple[Descriptor, ...]:
        try:
            return self._manifests.get_manifest(tag).entries
        except ManifestUnknownError:
            return ()

    def _warn_of(self, bad: list[str], home: Home) -> None:
        first = presentable(bad[0], ())
        text = f"left out {len(bad)} listed tags that can be none, the first of them {first}"
        self._sessions.warn(f"{home}: {text}")

    def _session(self, reference: Reference) -> RegistrySession:
        return self._sessions.session_for(repository_of(reference))


def read_tags(session: RegistrySession, request: RegistryRequest) -> Page[str] | None:
    """Return a page of tags; None: there is no such repository. Raises as ``HttpListings.tags``."""
    subject = f"tags of {request.subject}"
    with session.exchange(request) as response:
        if response.status_code == HTTPStatus.NOT_FOUND:
            return None
        if response.status_code != HTTPStatus.OK:
            raise session.error_for(response, request.subject)
        bodies.require_identity_encoding(response, session.name, subject)
        data = bodies.read_document(response, subject)
        tags = _tags_in(parse_object(data, subject).get("tags"), subject)
        return Page(tags, len(data), next_url(response, session, subject))


def _read_referrers(session: RegistrySession, request: RegistryRequest) -> Page[Descriptor] | None:
    subject = f"referrers of {request.subject}"
    with session.exchange(request) as response:
        if response.status_code in _NO_ENDPOINT or bodies.is_html(response):
            return None
        if response.status_code != HTTPStatus.OK:
            raise session.error_for(response, request.subject)
        bodies.require_identity_encoding(response, session.name, request.subject)
        data, media_type = (
            bodies.read_document(response, subject),
            response.headers.get("content-type", ""),
        )
        listed = Manifest.received(data, media_type, subject)
        return Page(listed.entries, len(data), next_url(response, session, request.subject))


def _tags_in(value: object, subject: str) -> tuple[str, ...]:
    """Check the tags; null counts as none, for some registries send it after the last tag went."""
    tags = [] if value is None else value
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise DocumentError(subject, "no list of tags")
    return tuple(tags)
