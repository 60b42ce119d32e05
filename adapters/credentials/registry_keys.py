"""Keys of registries in docker's files and credential helpers."""

import re
from collections.abc import Iterable

from manyfest.domain.errors import InvalidReferenceError
from manyfest.domain.references import Reference, Repository

HUB = "docker.io"

# docker/cli, cli/command/registry.go: docker's key for the hub is this historical URL; other
# programs write one of the hub's names.
_HUB_KEY = "https://index.docker.io/v1/"
# Of a URL with an authority: the host and the port, without user and password (RFC 3986).
_AUTHORITY = re.compile(
    r"[A-Za-z][A-Za-z0-9+.-]*://(?:[^/?#]*@)?(?P<name>\[[^]/?#]+\]|[^/?#@]+?)(?::(?P<port>[0-9]*))?(?=[/?#]|$)"
)

_HUB_NAMES = frozenset({HUB, "index.docker.io", "registry-1.docker.io"})


def canonical(host: str) -> str:
    """Return a registry's name in lower case, ``docker.io`` for each of the hub's names."""
    name = host.lower()
    return HUB if name in _HUB_NAMES else name


def server_address(host: str) -> str:
    """Return docker's key for a registry: the host, or the hub's URL."""
    return _HUB_KEY if canonical(host) == HUB else host


def to_hostname(key: str) -> str:
    """Return the ``host[:port]`` of a key or URL (docker/cli, ``ConvertToHostname``).

    A URL may have any scheme, and an IPv6 address without brackets gets them.
    """
    first = key.partition("/")[0]
    authority = _AUTHORITY.match(key)
    if authority is None:
        return first
    name, port = authority["name"], authority["port"]
    bracketed = f"[{name}]" if ":" in name and not name.startswith("[") else name
    return f"{bracketed}:{port}" if port else bracketed


def registry_of_argument(text: str) -> str:
    """Return the registry that an argument of ``login`` names.

    It is a host or a URL of it, as in docker. Raises InvalidReferenceError: the text names no
    registry.
    """
    host = canonical(to_hostname(text))
    home = Reference.parse(f"{host}/repository").home
    if not isinstance(home, Repository) or home.registry != host:
        raise InvalidReferenceError(text, "not the name of a registry")
    return host


def key_for(host: str, keys: Iterable[str]) -> str | None:
    """Return a registry's key: docker's own, else the first of the same host, else None."""
    known = list(keys)
    exact = [key for key in known if key == server_address(host)]
    return next(iter([*exact, *keys_of(host, known)]), None)


def keys_of(host: str, keys: Iterable[str]) -> list[str]:
    """Return all keys for a registry."""
    return [key for key in keys if canonical(to_hostname(key)) == canonical(host)]
