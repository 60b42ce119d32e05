"""The button that fetches what is not cached: the one thing that asks a registry.

Credentials of the person are used for it. So it asks only registries from which the store has read
something before, or that were named when the explorer was started: no link, and no name that a
bundle brought, leads to another.
"""

from attr import evolve

from manyfest.assembly.settings import Settings
from manyfest.cli.explorer.library import exactly, open_library
from manyfest.cli.explorer.pages.references import reference_in
from manyfest.cli.wiring import open_session
from manyfest.domain.errors import InputError
from manyfest.domain.operations.content.fetch import fetch
from manyfest.domain.operations.content.fetch_attached import fetch_attached
from manyfest.domain.references import Reference, Repository

_SECONDS = 60.0


def fetchable(text: str, settings: Settings, named: frozenset[str]) -> Reference | None:
    """Return the reference if its registry may be asked; ``named`` are registries of the start.

    Raises InvalidReferenceError, NeverSeenError.
    """
    with open_library(settings) as library:
        reference = reference_in(text, library)
        if settings.offline or not isinstance(reference.home, Repository):
            return None
        registry = reference.home.registry
        if registry in named:
            return reference
        seen = (one for one in library.catalogue.repositories(f"{exactly(registry)}/*"))
        return reference if any(not one.is_only_claimed for one in seen) else None


def fetch_missing(
    text: str, settings: Settings, named: frozenset[str], *, with_attached: bool = False
) -> None:
    """Fetch a reference and its images, and what is attached to it if ``with_attached``.

    Raises InputError: its registry may not be asked; what fetching raises.
    """
    reference = fetchable(text, settings, named)
    if reference is None:
        raise InputError(f"{text}: only registries that the store knows are asked from a page")
    limited = evolve(settings, seconds=_SECONDS, seconds_are_hard=True, jobs=1)
    with open_session(limited) as session:
        fetched = fetch([reference], ports=session)
        for error in fetched.failures.values():
            raise error
        if with_attached:
            for error in fetch_attached(fetched.found, ports=session).failures:
                raise error
