"""Listings that come in pages: follow ``Link`` to the end, within the registry."""

import re
from collections.abc import Callable
from typing import Generic, TypeVar

from manyfest.adapters.http_registry.session import redirects, requests
from manyfest.adapters.http_registry.session.requests import RegistryRequest
from manyfest.adapters.http_registry.session.session import RegistrySession
from manyfest.adapters.http_registry.transport.slim_httpx import httpx
from manyfest.domain import manifests
from manyfest.domain.errors import ProtocolError
from manyfest.domain.values import frozen

Item = TypeVar("Item")

# Limits of a listing. The bytes are those of all its pages, because their items stay in memory.
PAGES = 1000
SIZE_LIMIT = 4 * manifests.SIZE_LIMIT

# Not ``httpx.Response.links``: it cuts a URL at ";", and finds no next page, so that part of a
# listing passes for all of it, in other headers that RFC 8288 allows: a parameter with "=" in its
# text or an empty one before ``rel``, ``REL``, and ``rel="next last"``.
_NEXT = re.compile(r'<([^<>]+)>[^,<>]*;\s*rel="?next\b', re.IGNORECASE)


@frozen
class Page(Generic[Item]):
    """One page of a listing, of ``size`` bytes, and the URL of the next page."""

    entries: tuple[Item, ...]
    size: int
    next_url: str | None


def all_pages(
    first: RegistryRequest,
    read: Callable[[RegistryRequest], Page[Item] | None],
    host: str,
) -> tuple[Item, ...] | None:
    """Read all pages from ``first`` on; None if ``read`` finds no such listing.

    Raises ProtocolError: a later page is missing, or the listing never ends.
    """
    page = read(first)
    if page is None:
        return None
    entries, pages, size = list(page.entries), 1, page.size
    while page.next_url is not None:
        page, pages = read(requests.next_page(first, page.next_url)), pages + 1
        size += page.size if page else 0
        if page is None or pages > PAGES or size > SIZE_LIMIT:
            raise ProtocolError(host, f"{first.subject}: {host} sends a list without end")
        entries += page.entries
    return tuple(entries)


def next_url(response: httpx.Response, session: RegistrySession, subject: str) -> str | None:
    """Return the URL of the next page from ``Link`` (RFC 8288); None at the last page.

    Raises ProtocolError: it is of another origin (see GHSA-vh4v-2xq2-g5cg).
    """
    link = _NEXT.search(response.headers.get("link", ""))
    if link is None:
        return None
    current = response.request.url
    url = redirects.joined(current, link[1])
    if not redirects.same_origin(current, url) or url.userinfo:
        raise ProtocolError(
            session.name, f"{subject}: {session.name} continues its list on another host"
        )
    return str(url)
