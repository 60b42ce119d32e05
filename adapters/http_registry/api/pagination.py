"""Listings that come in pages: following ``Link`` to the end, within the registry."""

import re
from collections.abc import Callable
from typing import Generic, TypeVar

from attrs import frozen

from manyfest.adapters.http_registry.session import redirects
from manyfest.adapters.http_registry.session.session import RegistrySession
from manyfest.adapters.http_registry.transport.slim_httpx import httpx
from manyfest.domain import manifests
from manyfest.domain.errors import ProtocolError

Item = TypeVar("Item")

# What a listing may be. The bytes are those of all its pages, for their items stay in memory.
PAGES = 1000
SIZE_LIMIT = 4 * manifests.SIZE_LIMIT
_NEXT = re.compile(r'<([^<>]+)>[^,<>]*;\s*rel="?next\b', re.IGNORECASE)


@frozen
class Page(Generic[Item]):
    """A part of a listing, of ``size`` bytes, and the URL of the next one."""

    entries: tuple[Item, ...]
    size: int
    following: str | None


def all_pages(
    first: str, read: Callable[[str], Page[Item] | None], host: str, subject: str
) -> tuple[Item, ...] | None:
    """What ``read`` gives from the URL ``first`` on; None where it knows of no such listing.

    Raises ProtocolError: the listing never ends.
    """
    page = read(first)
    if page is None:
        return None
    found, pages, size = list(page.entries), 1, page.size
    while page.following is not None:
        page, pages = read(page.following), pages + 1
        size += page.size if page else 0
        if page is None or pages > PAGES or size > SIZE_LIMIT:
            raise ProtocolError(host, f"{subject}: {host} does not end its list")
        found += page.entries
    return tuple(found)


def next_url(response: httpx.Response, host: RegistrySession, subject: str) -> str | None:
    """Where ``Link`` leads, which must be the same origin (RFC 8288; see GHSA-vh4v-2xq2-g5cg)."""
    link = _NEXT.search(response.headers.get("link", ""))
    if link is None:
        return None
    here = response.request.url
    try:
        url = here.join(link[1])
    except (httpx.InvalidURL, ValueError):  # the latter for brackets of no IPv6 address
        url = httpx.URL()
    if not redirects.same_origin(here, url) or url.userinfo:
        raise ProtocolError(host.name, f"{subject}: {host.name} continues its list elsewhere")
    return str(url)
