"""Token scopes of requests and challenges (distribution, token/scope.md)."""

from manyfest.domain.access import Scopes
from manyfest.domain.values import frozen

_TEXT_LIMIT = 2048


@frozen
class AccessRequest:
    """A request's need for permission: for which ``repository`` and which scopes.

    ``subject`` is the name in error messages: a reference, or the registry. ``repository`` is a
    path, empty if the request is about the registry as a whole.
    """

    subject: str
    repository: str = ""
    scopes: Scopes = frozenset()


def pull(repository: str) -> Scopes:
    """Scopes to read a repository."""
    return frozenset({(f"repository:{repository}", "pull")})


def push(repository: str) -> Scopes:
    """Scopes to write to a repository, which includes reading it."""
    return pull(repository) | {(f"repository:{repository}", "push")}


def delete(repository: str) -> Scopes:
    """Scopes to delete from a repository, which includes reading and writing it."""
    return push(repository) | {(f"repository:{repository}", "delete")}


def parse(text: str) -> Scopes:
    """Parse a challenge's ``scope``, and skip malformed words; empty if the text is too long."""
    words = text.split() if len(text) <= _TEXT_LIMIT else []
    split = (word.rpartition(":") for word in words)
    return frozenset(
        (resource, action)
        for resource, colon, actions in split
        for action in actions.split(",")
        if colon and resource and action
    )
