"""Repositories by the names under which they are served.

A name of the distribution-spec has no colon and no capital letters, so that

====================  ==============================================
repository            served as
====================  ==============================================
library/alpine        ``library/alpine``, ``docker.io/library/alpine``
ghcr.io/team/app      ``ghcr.io/team/app``
host:5000/app         ``host_5000/app``
====================  ==============================================

Hosts have no underscore, so a name means at most two repositories: one of the host in its first
part, and one of Docker Hub. With ``?ns=HOST``, as containerd asks a mirror, the host is given, and
the name is the path alone.
"""

import re
from collections.abc import Iterable, Iterator

from manyfest.domain.references import DEFAULT_REGISTRY, Repository, is_host, is_path

_WITH_PORT = re.compile(r"([a-z0-9.-]+)_([0-9]{1,5})", re.ASCII)
_HUB_HOSTS = frozenset({DEFAULT_REGISTRY, "index.docker.io", "registry-1.docker.io"})


def repositories_named(name: str, namespace: str = "") -> tuple[Repository, ...]:
    """Return the repositories that ``name`` may mean, for a request with ``?ns=namespace``.

    There is none of a namespace that is no host: ``oci:`` would lead to a layout.
    """
    if namespace:
        return (_repository(namespace, name),) if is_host(namespace) else ()
    first, _, path = name.partition("/")
    host, hub = _unescaped(first), _repository(DEFAULT_REGISTRY, name)
    is_named = path and _is_host(first) and is_host(host)
    return (_repository(host, path), hub) if is_named else (hub,)


def served_name(repository: Repository) -> str | None:
    """Return the name under which ``repository`` is listed; None if ``?ns=`` alone reaches it."""
    if repository.registry == DEFAULT_REGISTRY:
        return repository.path
    name = f"{repository.registry.replace(':', '_')}/{repository.path}"
    return name if is_path(name) and repository in repositories_named(name) else None


def collisions(
    repositories: Iterable[Repository],
) -> Iterator[tuple[Repository, Repository, str]]:
    """Yield repositories of Docker Hub whose names others have, too: both, and the name."""
    among = frozenset(repositories)
    for repository in sorted(among, key=str):
        name = served_name(repository)
        for other in repositories_named(name) if name else ():
            if repository.registry == DEFAULT_REGISTRY and other != repository and other in among:
                yield other, repository, str(name)


def _repository(host: str, path: str) -> Repository:
    if host not in _HUB_HOSTS:
        return Repository(host, path)
    return Repository(DEFAULT_REGISTRY, path if "/" in path else f"library/{path}")


def _is_host(component: str) -> bool:
    return "." in component or component == "localhost" or bool(_WITH_PORT.fullmatch(component))


def _unescaped(component: str) -> str:
    found = _WITH_PORT.fullmatch(component)
    return f"{found[1]}:{found[2]}" if found else component
