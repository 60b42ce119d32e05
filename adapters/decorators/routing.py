"""A registry that sends each call to the one its home asks for: registries, layouts, others."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from threading import Lock

from manyfest.domain.descriptors import Descriptor
from manyfest.domain.expectations import Expectation
from manyfest.domain.manifests import Manifest
from manyfest.domain.ports.registry import BlobSource, Registry
from manyfest.domain.references import External, Home, Layout, Reference, Repository


class RoutingRegistry(Registry):
    """Repositories are served by what ``registries`` makes, layout directories by ``layouts``.

    Homes of other schemes by what ``externals`` makes for the scheme. Each is made once, when it is
    first needed: no HTTP client where only layouts are named.
    """

    def __init__(
        self,
        registries: Callable[[], Registry],
        layouts: Callable[[], Registry],
        externals: Callable[[str], Registry],
    ) -> None:
        self._registries = registries
        self._layouts = layouts
        self._externals = externals
        self._made: dict[str, Registry] = {}
        self._lock = Lock()

    def get_manifest(self, reference: Reference) -> Manifest:
        return self._serving(reference.home).get_manifest(reference)

    def head_manifest(self, reference: Reference) -> Descriptor:
        return self._serving(reference.home).head_manifest(reference)

    def put_manifest(
        self, reference: Reference, manifest: Manifest, expected: Expectation | None = None
    ) -> None:
        self._serving(reference.home).put_manifest(reference, manifest, expected)

    def tags(self, home: Home) -> tuple[str, ...]:
        return self._serving(home).tags(home)

    def referrers(self, reference: Reference) -> tuple[Descriptor, ...]:
        return self._serving(reference.home).referrers(reference)

    def head_blob(self, reference: Reference) -> int:
        return self._serving(reference.home).head_blob(reference)

    def open_blob(self, reference: Reference, size: int) -> AbstractContextManager[Iterator[bytes]]:
        return self._serving(reference.home).open_blob(reference, size)

    def mount_blob(self, reference: Reference, origin: Home) -> bool:
        return self._serving(reference.home).mount_blob(reference, origin)

    def write_blob(self, reference: Reference, size: int, source: BlobSource) -> None:
        self._serving(reference.home).write_blob(reference, size, source)

    def _serving(self, home: Home) -> Registry:
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
            case External(scheme):
                return lambda: self._externals(scheme)
