"""Token scopes of requests and challenges (distribution, token/scope.md)."""

from manyfest.domain.access import Scopes

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
