"""Repositories: the only homes that this adapter can reach."""

from manyfest.domain.errors import InvalidReferenceError
from manyfest.domain.references import Reference, Repository


def repository_of(reference: Reference) -> Repository:
    """The repository of ``reference``. Raises InvalidReferenceError for a layout."""
    if not isinstance(reference.home, Repository):
        raise InvalidReferenceError(str(reference), "not in a registry")
    return reference.home
