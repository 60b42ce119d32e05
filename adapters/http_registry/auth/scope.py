"""Scopes: what a bearer token is good for, as sets of actions (distribution, token/scope.md).

``repository:x:pull,push`` is two of them, so that joining and covering are those of sets.
"""

from collections.abc import Iterable

Scopes = frozenset[tuple[str, str]]  # resource, action

_TEXT_LIMIT = 2048


def pull(repository: str) -> Scopes:
    """For reading a repository."""
    return frozenset({(f"repository:{repository}", "pull")})


def push(repository: str) -> Scopes:
    """For writing to a repository, which includes reading it."""
    return pull(repository) | {(f"repository:{repository}", "push")}


def parse(text: str) -> Scopes:
    """The scopes in a challenge's ``scope``, without words that are none; none if it is endless."""
    words = text.split() if len(text) <= _TEXT_LIMIT else []
    split = (word.rpartition(":") for word in words)
    return frozenset(
        (resource, action)
        for resource, colon, actions in split
        for action in actions.split(",")
        if colon and resource and action
    )


def texts(scopes: Scopes) -> Iterable[str]:
    """One text a resource, in order."""
    for resource in sorted({resource for resource, _ in scopes}):
        yield f"{resource}:{','.join(sorted(action for of, action in scopes if of == resource))}"
