"""Registries asked through one mirror, and a mirror that fills while it is asked.

A pull-through cache takes what it is asked for, and no more. Under a tag that it has, images may be
missing, while it is filling or for ever. A client that falls back to the origin does not notice.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager

from attr import evolve

from manyfest.adapters.decorators.base import Call, RegistryDecorator, Result
from manyfest.domain.errors import BlobUnknownError, InputError, ManifestUnknownError
from manyfest.domain.ports.registry import Registry
from manyfest.domain.references import Reference, Repository

# Seconds to wait before each further look for what a mirror does not have yet.
_PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0)


class ThroughRegistry(RegistryDecorator):
    """Every repository as the mirror at ``place`` has it: under its path there, in ``registry``.

    Errors name the mirror's repository. The path of ``place`` may be empty. All calls raise
    InputError for what is in no registry, such as a layout: no mirror has it.
    """

    def __init__(self, registry: Registry, place: Repository) -> None:
        self._registry = registry
        self._place = place

    def _forward(self, reference: Reference, call: Call[Result]) -> Result:
        home = reference.home
        if not isinstance(home, Repository):
            raise InputError(f"{reference} is in no registry, so a mirror cannot be asked for it")
        path = f"{self._place.path}/{home.path}".lstrip("/")
        return call(self._registry, evolve(reference, home=evolve(self._place, path=path)))


class FillingRegistry(RegistryDecorator):
    """A registry that may not have everything yet: content by digest is asked for again.

    ``pause`` waits so many seconds. A tag is asked for once.
    """

    def __init__(self, registry: Registry, pause: Callable[[float], None]) -> None:
        self._registry = registry
        self._pause = pause

    def _forward(self, reference: Reference, call: Call[Result]) -> Result:
        for seconds in _PAUSES if reference.digest else ():
            try:
                return call(self._registry, reference)
            except (ManifestUnknownError, BlobUnknownError):
                self._pause(seconds)
        return call(self._registry, reference)

    def open_blob(self, reference: Reference, size: int) -> AbstractContextManager[Iterator[bytes]]:
        return self._opened(reference, lambda registry, at: registry.open_blob(at, size))

    def open_rest(
        self, reference: Reference, size: int, start: int, urls: tuple[str, ...] = ()
    ) -> AbstractContextManager[Iterator[bytes]]:
        return self._opened(reference, lambda there, at: there.open_rest(at, size, start, urls))

    @contextmanager
    def _opened(
        self, reference: Reference, call: Call[AbstractContextManager[Iterator[bytes]]]
    ) -> Iterator[Iterator[bytes]]:
        """Open what ``call`` gives, which fails on entering if it is not there."""
        with ExitStack() as stack:
            yield self._forward(
                reference, lambda registry, at: stack.enter_context(call(registry, at))
            )
