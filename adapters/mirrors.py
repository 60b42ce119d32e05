"""Routes of repositories: the origin, and the mirrors to try before it."""

from collections.abc import Callable

from attr import evolve

from manyfest.domain.references import Reference, Repository
from manyfest.domain.values import frozen


@frozen
class Mirror:
    """A copy of a repository, and the kinds of reference that may be read from it.

    Where ``tag`` is given, it takes the place of the reference's.
    """

    home: Repository
    by_tag: bool = True
    by_digest: bool = True
    tag: str = ""

    def may_serve(self, reference: Reference) -> bool:
        """Whether the reference is of an allowed kind.

        With tag and digest, the digest decides.
        """
        return self.by_digest if reference.digest else self.by_tag

    def holding(self, reference: Reference) -> Reference:
        """Return the reference under its name at this mirror."""
        return moved(reference, self.home, self.tag)


@frozen
class Route:
    """The origin of a name, and its mirrors in the order to try them; ``tag`` as of a mirror."""

    origin: Repository
    mirrors: tuple[Mirror, ...] = ()
    tag: str = ""

    def at_origin(self, reference: Reference) -> Reference:
        """Return the reference under its name at the origin."""
        return moved(reference, self.origin, self.tag)


def moved(reference: Reference, home: Repository, tag: str) -> Reference:
    """Return the reference in another home; ``tag``, if any, takes the place of its tag."""
    return evolve(reference, home=home, tag=(reference.tag and tag) or reference.tag)


# The name that a route is looked up for: a repository as typed, perhaps with tag and digest.
Named = Repository | Reference

# Returns the route for a name. May raise BlockedError and ConfigError.
RouteFor = Callable[[Named], Route]
