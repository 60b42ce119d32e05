"""Routes of repositories: the origin, and the mirrors to try before it."""

from collections.abc import Callable

from attrs import frozen

from manyfest.domain.references import Reference, Repository


@frozen
class Mirror:
    """A copy of a repository, and the kinds of reference that may be read from it."""

    home: Repository
    by_tag: bool = True
    by_digest: bool = True

    def may_serve(self, reference: Reference) -> bool:
        """Whether the reference is of an allowed kind.

        With tag and digest, the digest decides.
        """
        return self.by_digest if reference.digest else self.by_tag


@frozen
class Route:
    """The origin of a repository, and its mirrors in the order to try them."""

    origin: Repository
    mirrors: tuple[Mirror, ...] = ()


# Returns the route for a repository as the user names it. May raise BlockedError and ConfigError.
RouteFor = Callable[[Repository], Route]
