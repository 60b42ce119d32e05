"""Realm policy: which token server may be asked, and whether it gets credentials. Pure.

The registry names the server that gets the password, so a hostile or broken one names its own
(CVE-2026-48978, CVE-2026-33990, CVE-2019-10214 and many more). Therefore

- a realm that is a path, ``/token``, is the registry's own (RFC 3986 §4.2), and goes by the same
  rules; a path that does not begin with a slash is refused, since requests have many paths;
- a realm is https; http only where the registry itself is spoken to in plain HTTP;
- loopback addresses are for registries on loopback, and other addresses that are not public, or are
  written in an odd way, only for a registry on the very same host;
- credentials go to the registry's own host or its registrable domain; without credentials any other
  realm will do;
- a host that the user listed may have any address and gets credentials, over https.

Names are not resolved here: ``address_policy`` judges the address that they lead to.
"""

import functools
import re
from collections.abc import Collection
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from manyfest.adapters.address_policy import Space, is_numeric, space_of
from manyfest.adapters.endpoint import Endpoint, is_loopback
from manyfest.domain.errors import CredentialsError, shortened
from manyfest.domain.values import frozen

if TYPE_CHECKING:  # reading the list is slow, and most registries are their own token server
    from publicsuffixlist import PublicSuffixList

_LENGTH_LIMIT = 2048
_CHARACTERS = r"[!#-;=?-\[\]_a-z~]+"  # printable ASCII but blank " < > \ ^ ` { | }
_LABEL = r"[a-z0-9](?:[a-z0-9_-]*[a-z0-9])?"
_NAME = rf"{_LABEL}(?:\.{_LABEL})*"


@frozen
class Realm:
    """A token server's URL, checked, with its ``host[:port]`` in lower case, for messages."""

    url: str
    host: str


def validate_realm(
    realm: str,
    registry: Endpoint,
    *,
    registry_is_plain: bool,
    with_secret: bool,
    listed: Collection[str] = (),
) -> Realm:
    """Check the token server's URL. Raises CredentialsError, naming realm and host, if refused.

    ``listed`` are the hosts, in lower case, that the user trusts with credentials.
    """
    url = _absolute(realm, registry, "http" if registry_is_plain else "https")
    scheme, host = _parts(url)
    objection = _objection_to_url(scheme, host, registry_is_plain=registry_is_plain)
    if not objection and (scheme, host) not in {("https", name) for name in listed}:
        objection = _objection_to_host(host, registry)
        if with_secret and not objection:
            objection = _objection_to_secret(host, registry)
    if objection:
        shown = shortened(ascii(realm), 120)
        raise CredentialsError(f"{registry.host} names the token server {shown}: {objection}")
    return Realm(url, urlsplit(url).netloc.lower())


def _absolute(realm: str, registry: Endpoint, scheme: str) -> str:
    """Resolve a reference to a path, or to a server without a scheme, against the registry."""
    if realm.startswith("//"):
        return f"{scheme}:{realm}"
    return f"{scheme}://{registry.address}{realm}" if realm.startswith("/") else realm


def _parts(realm: str) -> tuple[str, str]:
    """Split off scheme and host; both empty if the text is no plain URL."""
    if len(realm) > _LENGTH_LIMIT or re.fullmatch(_CHARACTERS, realm.lower()) is None:
        return "", ""
    try:
        split = urlsplit(realm)
        _ = split.port
    except ValueError:
        return "", ""
    if split.username is not None or "#" in realm or "@" in split.netloc:
        return "", ""
    return split.scheme, split.hostname or ""


def _objection_to_url(scheme: str, host: str, *, registry_is_plain: bool) -> str:
    if scheme not in ("http", "https") or not host:
        return "not the URL of a token server"
    if scheme == "http" and not registry_is_plain:
        return "it is not asked over plain HTTP, since the registry is not either"
    return ""


def _objection_to_host(host: str, registry: Endpoint) -> str:
    if host == registry.name:
        return ""
    if is_loopback(host):
        return "" if registry.is_loopback else "it is on this machine, the registry is not"
    if is_numeric(host):
        return "" if _is_public(host) else "its address is not a public one"
    return "" if re.fullmatch(_NAME, host) else "not a host name"


def _objection_to_secret(host: str, registry: Endpoint) -> str:
    if host == registry.name or (is_loopback(host) and registry.is_loopback):
        return ""
    if not is_numeric(host) and not is_numeric(registry.name):
        domain = _registrable_domain(registry.name)
        if domain and domain == _registrable_domain(host):
            return ""
    reason = f"credentials for {registry.host} are not sent to {host}, which is not of its domain"
    return f"{reason} (MANYFEST_AUTH_REALMS={host} allows it)"


def _is_public(host: str) -> bool:
    try:
        return space_of(host) is Space.PUBLIC
    except ValueError:  # an odd form
        return False


@functools.cache
def _registrable_domain(name: str) -> str | None:
    return _public_suffixes().privatesuffix(name)


@functools.cache
def _public_suffixes() -> "PublicSuffixList":
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList()
