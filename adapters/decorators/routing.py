"""A registry that sends each call to the adapter of the reference's home."""

from collections.abc import Callable
from threading import Lock

from manyfest.adapters.decorators.base import Call, RegistryDecorator, Result
from manyfest.domain.ports.registry import Registry
from manyfest.domain.references import Archive, External, Home, Layout, Reference, Repository


class RoutingRegistry(RegistryDecorator):
    """``registries`` makes the adapter of repositories, ``layouts`` that of layout directories.

    ``externals`` makes that of another scheme (ADR 0026), ``archives`` that of tar files. Each is
    made once, at its first use: a command that names only layouts loads no HTTP client.
    """

    def __init__(
        self,
        registries: Callable[[], Registry],
        layouts: Callable[[], Registry],
        externals: Callable[[str], Registry],
        archives: Callable[[], Registry],
    ) -> None:
        self._registries = registries
        self._layouts = layouts
        self._externals = externals
        self._archives = archives
        self._made: dict[str, Registry] = {}
        self._lock = Lock()

    def _forward(self, reference: Reference, call: Call[Result]) -> Result:
        return call(self._registry_for(reference.home), reference)

    def _registry_for(self, home: Home) -> Registry:
        kind = home.scheme if isinstance(home, External) else type(home).__name__
        with self._lock:
            if kind not in self._made:
                self._made[kind] = self._factory_for(home)()
            return self._made[kind]

    def _factory_for(self, home: Home) -> Callable[[], Registry]:
        match home:
            case Repository():
                return self._registries
            case Layout():
                return self._layouts
            case Archive():
                return self._archives
            case External(scheme):
                return lambda: self._externals(scheme)
