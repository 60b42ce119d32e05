"""Registry names: which registry a key in docker's files is for, and what helpers are asked for."""

from collections.abc import Iterable

from manyfest.domain.errors import InvalidReferenceError
from manyfest.domain.references import Reference, Repository

HUB = "docker.io"

# docker/cli, cli/command/registry.go: the hub goes by this key, a URL of long ago; other programs
# write one of its names.
_HUB_KEY = "https://index.docker.io/v1/"
_HUB_NAMES = frozenset({HUB, "index.docker.io", "registry-1.docker.io"})


def canonical(host: str) -> str:
    """The one name of a registry: in lower case, and ``docker.io`` for all of the hub's."""
    name = host.lower()
    return HUB if name in _HUB_NAMES else name


def server_address(host: str) -> str:
    """The key docker keeps credentials under, and asks helpers for: the host, or the hub's URL."""
    return _HUB_KEY if canonical(host) == HUB else host


def to_hostname(key: str) -> str:
    """The ``host[:port]`` that a key is for: docker's ``ConvertToHostname``."""
    return key.removeprefix("http://").removeprefix("https://").partition("/")[0]


def registry_of_argument(text: str) -> str:
    """The registry that a person logs in to, named as docker takes it: a host, or a URL of it.

    Raises InvalidReferenceError.
    """
    host = canonical(to_hostname(text))
    home = Reference.parse(f"{host}/repository").home
    if not isinstance(home, Repository) or home.registry != host:
        raise InvalidReferenceError(text, "not the name of a registry")
    return host


def key_for(host: str, keys: Iterable[str]) -> str | None:
    """The key for a registry: docker's own first, else the first that comes down to the host."""
    known = list(keys)
    exact = [key for key in known if key == server_address(host)]
    return next(iter([*exact, *keys_of(host, known)]), None)


def keys_of(host: str, keys: Iterable[str]) -> list[str]:
    """All keys that are for a registry."""
    return [key for key in keys if canonical(to_hostname(key)) == canonical(host)]
