"""The two sides of a copy: their logins and connections."""

from collections.abc import Iterator
from typing import Any

from manyfest.assembly.references import reference
from manyfest.domain.references import Reference, Repository


def login(name: str, credentials: Any) -> Iterator[tuple[Repository, Any]]:
    """Yield the credentials with the repository of ``name``, if there are both."""
    home = reference(name.partition("@{")[0]).home
    if credentials is not None and isinstance(home, Repository):
        yield home, credentials


def is_same_host(source: Reference, target: Reference) -> bool:
    """Return whether the look at the target can follow the source's on the same connection."""
    source_host, target_host = (getattr(each.home, "registry", "") for each in (source, target))
    return bool(source_host == target_host)
