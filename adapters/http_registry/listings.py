"""Listings over HTTP: the referrers of a manifest (distribution-spec, "Listing Referrers")."""

import re
from http import HTTPStatus

from attrs import frozen

from manyfest.adapters.http_registry import bodies, redirects
from manyfest.adapters.http_registry.hosts import Host, Hosts
from manyfest.adapters.http_registry.messages import Message
from manyfest.adapters.http_registry.repositories import repository_of
from manyfest.adapters.http_registry.scopes import pull
from manyfest.adapters.http_registry.slim_httpx import httpx
from manyfest.domain import manifests, media_types
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.errors import DocumentError, ManifestUnknownError, ProtocolError
from manyfest.domain.manifests import Manifest
from manyfest.domain.ports.registry import ManifestReader, ReferrerReader
from manyfest.domain.references import Reference
from manyfest.domain.referrers import referrers_tag

_PAGES = 100
_ACCEPT = {"Accept": media_types.OCI_INDEX}

# What registries answer that never heard of the endpoint (go-containerregistry, ``remote``).
_UNHEARD_OF = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.METHOD_NOT_ALLOWED,
    HTTPStatus.NOT_ACCEPTABLE,
)
_NEXT = re.compile(r'<([^<>]+)>[^,<>]*;\s*rel="?next\b', re.IGNORECASE)


@frozen
class _Page:
    """A part of a listing, and the URL of the next one."""

    entries: tuple[Descriptor, ...]
    following: str | None


class HttpListings(ReferrerReader):
    """The port's role for listings; ``tags`` reads what is listed under a tag instead."""

    def __init__(self, hosts: Hosts, tags: ManifestReader) -> None:
        self._hosts = hosts
        self._tags = tags

    def referrers(self, reference: Reference) -> tuple[Descriptor, ...]:
        """One GET a page; where there is no such endpoint, another for the referrers tag."""
        tag, path = referrers_tag(reference), repository_of(reference).path
        page = self._page(reference, f"/v2/{path}/referrers/{reference.digest}")
        if page is None:
            return self._tagged(tag)
        found, pages = list(page.entries), 1
        while page.following is not None:
            page, pages = self._page(reference, page.following), pages + 1
            if page is None or pages > _PAGES:
                host = self._host(reference).name
                raise ProtocolError(host, f"{reference}: {host} does not end its list of referrers")
            found += page.entries
        return tuple({entry.digest: entry for entry in found}.values())

    def _tagged(self, tag: Reference) -> tuple[Descriptor, ...]:
        try:
            return self._tags.get_manifest(tag).entries
        except ManifestUnknownError:
            return ()

    def _page(self, reference: Reference, url: str) -> _Page | None:
        """None where nobody knows of such pages."""
        return self._hosts.persistently(lambda: self._read(reference, url))

    def _read(self, reference: Reference, url: str) -> _Page | None:
        subject, host = str(reference), self._host(reference)
        path = repository_of(reference).path
        with host.answer(Message("GET", url, subject, path, pull(path), _ACCEPT)) as response:
            if response.status_code in _UNHEARD_OF or bodies.is_html(response):
                return None
            if response.status_code != HTTPStatus.OK:
                raise host.refusal(response, subject)
            bodies.check_plain(response, host.name, subject)
            following = _following(response, host, subject)
            return _Page(_entries(response, f"referrers of {subject}"), following)

    def _host(self, reference: Reference) -> Host:
        return self._hosts.host(repository_of(reference))


def _entries(response: httpx.Response, subject: str) -> tuple[Descriptor, ...]:
    try:
        data = bodies.whole(response, manifests.SIZE_LIMIT)
    except bodies.TooLargeError as error:
        raise DocumentError(subject, f"larger than {manifests.SIZE_LIMIT} bytes") from error
    return Manifest.received(data, response.headers.get("content-type", ""), subject).entries


def _following(response: httpx.Response, host: Host, subject: str) -> str | None:
    """Where ``Link`` leads, which must be the same origin (RFC 8288; see GHSA-vh4v-2xq2-g5cg)."""
    link = _NEXT.search(response.headers.get("link", ""))
    if link is None:
        return None
    here = response.request.url
    url = here.join(link[1])
    if not redirects.same_origin(here, url) or url.userinfo:
        raise ProtocolError(host.name, f"{subject}: {host.name} continues its list elsewhere")
    return str(url)
