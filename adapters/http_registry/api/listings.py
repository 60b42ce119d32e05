"""Listings over HTTP: referrers and tags (distribution-spec, "Content Discovery")."""

from http import HTTPStatus

from manyfest.adapters.http_registry.api.pagination import Page, all_pages, next_url
from manyfest.adapters.http_registry.auth.scope import pull
from manyfest.adapters.http_registry.session.repositories import repository_of
from manyfest.adapters.http_registry.session.requests import RegistryRequest
from manyfest.adapters.http_registry.session.session import RegistrySession
from manyfest.adapters.http_registry.session.session_pool import SessionPool
from manyfest.adapters.http_registry.transport import bodies
from manyfest.adapters.http_registry.transport.slim_httpx import httpx
from manyfest.domain import manifests, media_types
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.encoding.strict_json import parse_object
from manyfest.domain.errors import DocumentError, ManifestUnknownError
from manyfest.domain.lists.referrers import referrers_tag
from manyfest.domain.manifests import Manifest
from manyfest.domain.ports.registry import ManifestReader, ReferrerReader, TagReader
from manyfest.domain.references import Home, Reference

_TAGS_A_PAGE = 1000
_ACCEPT = {"Accept": media_types.OCI_INDEX}

# What registries answer that never heard of the endpoint (go-containerregistry, ``remote``).
_UNHEARD_OF = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.METHOD_NOT_ALLOWED,
    HTTPStatus.NOT_ACCEPTABLE,
)


class HttpListings(TagReader, ReferrerReader):
    """The port's roles for listings; ``tagged`` reads what is listed under a referrers tag."""

    def __init__(self, hosts: SessionPool, tagged: ManifestReader) -> None:
        self._hosts = hosts
        self._tagged = tagged

    def tags(self, home: Home) -> tuple[str, ...]:
        """One GET a page (distribution-spec, "Listing Tags")."""
        reference = Reference(home)
        repository = repository_of(reference)
        found = all_pages(
            f"/v2/{repository.path}/tags/list?n={_TAGS_A_PAGE}",
            lambda url: self._hosts.with_retries(lambda: self._tags(reference, url)),
            repository.registry,
            str(home),
        )
        return tuple(dict.fromkeys(found or ()))

    def referrers(self, reference: Reference) -> tuple[Descriptor, ...]:
        """One GET a page; where there is no such endpoint, another for the referrers tag."""
        tag, repository = referrers_tag(reference), repository_of(reference)
        found = all_pages(
            f"/v2/{repository.path}/referrers/{reference.digest}",
            lambda url: self._hosts.with_retries(lambda: self._referrers(reference, url)),
            repository.registry,
            str(reference),
        )
        if found is None:
            return self._referrers_by_tag(tag)
        return tuple({entry.digest: entry for entry in found}.values())

    def _referrers_by_tag(self, tag: Reference) -> tuple[Descriptor, ...]:
        try:
            return self._tagged.get_manifest(tag).entries
        except ManifestUnknownError:
            return ()

    def _tags(self, reference: Reference, url: str) -> Page[str] | None:
        host, subject = self._host(reference), f"tags of {reference}"
        with host.exchange(_get(url, reference)) as response:
            if response.status_code == HTTPStatus.NOT_FOUND:
                return None
            if response.status_code != HTTPStatus.OK:
                raise host.error_for(response, str(reference))
            bodies.require_identity_encoding(response, host.name, subject)
            data = _body(response, subject)
            tags = _texts(parse_object(data, subject).get("tags"), subject)
            return Page(tags, len(data), next_url(response, host, subject))

    def _referrers(self, reference: Reference, url: str) -> Page[Descriptor] | None:
        host, subject = self._host(reference), f"referrers of {reference}"
        with host.exchange(_get(url, reference, _ACCEPT)) as response:
            if response.status_code in _UNHEARD_OF or bodies.is_html(response):
                return None
            if response.status_code != HTTPStatus.OK:
                raise host.error_for(response, str(reference))
            bodies.require_identity_encoding(response, host.name, str(reference))
            data, said = _body(response, subject), response.headers.get("content-type", "")
            listed = Manifest.received(data, said, subject)
            return Page(listed.entries, len(data), next_url(response, host, str(reference)))

    def _host(self, reference: Reference) -> RegistrySession:
        return self._hosts.session_for(repository_of(reference))


def _get(url: str, reference: Reference, headers: dict[str, str] | None = None) -> RegistryRequest:
    path = repository_of(reference).path
    return RegistryRequest("GET", url, str(reference), path, pull(path), headers or {})


def _body(response: httpx.Response, subject: str) -> bytes:
    try:
        return bodies.read_limited(response, manifests.SIZE_LIMIT)
    except bodies.TooLargeError as error:
        raise DocumentError(subject, f"larger than {manifests.SIZE_LIMIT} bytes") from error


def _texts(value: object, subject: str) -> tuple[str, ...]:
    """Null is what some registries say of a repository whose last tag went."""
    tags = [] if value is None else value
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise DocumentError(subject, "no list of tags")
    return tuple(tags)
