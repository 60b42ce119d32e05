"""A registry with mirrors: reads try these first, all else goes to the origin."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from tempfile import SpooledTemporaryFile
from typing import TypeVar

from attrs import evolve

from manyfest.adapters.decorators.mirror_log import MirrorLog, reason_text
from manyfest.adapters.mirrors import Route, RouteFor
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.errors import (
    BlobUnknownError,
    ConfigError,
    ManifestUnknownError,
    ManyfestError,
    UnavailableError,
    UnreachableError,
    shortened,
)
from manyfest.domain.expectations import Expectation
from manyfest.domain.manifests import Manifest
from manyfest.domain.ports.registry import BlobSource, Registry
from manyfest.domain.references import Home, Reference, Repository

_CHUNK = 1024 * 1024
_IN_MEMORY = 4 * 1024 * 1024  # what is larger is a layer

_REASON_LIMIT = 100

Result = TypeVar("Result")
Read = Callable[[Registry, Reference], Result]


class MirroredRegistry(Registry):
    """Manifests and blobs are read from mirrors, else from the origin; callers see their own names.

    The head of anything goes to the origin, too: it asks whether something is *there*. ``mirrors``
    is another object than ``origin``, since nothing that was allowed for the one (insecurity, many
    tries) holds for the other. All references are of repositories.

    ``tell`` hears, once for each mirror, that it answers for tags, and why it could not.
    """

    def __init__(
        self, origin: Registry, mirrors: Registry, route_for: RouteFor, tell: Callable[[str], None]
    ) -> None:
        self._origin = origin
        self._mirrors = mirrors
        self._route_for = route_for
        self._log = MirrorLog(tell)

    def get_manifest(self, reference: Reference) -> Manifest:
        def read(registry: Registry, there: Reference) -> Manifest:
            return registry.get_manifest(there)

        return self._read(reference, read, read)

    def head_manifest(self, reference: Reference) -> Descriptor:
        return self._at_origin(reference, self._origin.head_manifest)

    def put_manifest(
        self, reference: Reference, manifest: Manifest, expected: Expectation | None = None
    ) -> None:
        put = partial(self._origin.put_manifest, manifest=manifest, expected=expected)
        self._at_origin(reference, put)

    def tags(self, home: Home) -> tuple[str, ...]:
        """Those of the origin: a mirror has those only that somebody asked it for."""
        return self._at_origin(Reference(home), lambda there: self._origin.tags(there.home))

    def referrers(self, reference: Reference) -> tuple[Descriptor, ...]:
        """A mirror without any might just not have copied them: the origin knows."""
        return self._at_origin(reference, self._origin.referrers)

    def head_blob(self, reference: Reference) -> int:
        return self._at_origin(reference, self._origin.head_blob)

    @contextmanager
    def open_blob(self, reference: Reference, size: int) -> Iterator[Iterator[bytes]]:
        """What a mirror sends is read to its end before any of it is handed out.

        Only then is it known to be right, and until then another host can take its place.
        """
        with ExitStack() as stack:

            def fetch(registry: Registry, there: Reference) -> Iterator[bytes]:
                with registry.open_blob(there, size) as chunks:
                    return stack.enter_context(_spooled(chunks))

            def stream(registry: Registry, there: Reference) -> Iterator[bytes]:
                return stack.enter_context(registry.open_blob(there, size))

            yield self._read(reference, fetch, stream)

    def mount_blob(self, reference: Reference, origin: Home) -> bool:
        source = self._route_for(origin).origin if isinstance(origin, Repository) else origin
        return self._at_origin(reference, partial(self._origin.mount_blob, origin=source))

    def write_blob(self, reference: Reference, size: int, source: BlobSource) -> None:
        write = partial(self._origin.write_blob, size=size, source=source)
        self._at_origin(reference, write)

    def _read(
        self, reference: Reference, from_mirror: Read[Result], from_origin: Read[Result]
    ) -> Result:
        failures: dict[str, ManyfestError] = {}
        for mirror in self._route(reference).mirrors:
            host, there = mirror.home.registry, evolve(reference, home=mirror.home)
            if not mirror.may_serve(reference):
                continue
            if failure := self._log.failure_of(host):
                failures[host] = failure
                continue
            try:
                found = from_mirror(self._mirrors, there)
            except ConfigError:
                raise
            except ManyfestError as error:
                self._log.failed(host, error)
                failures[host] = error
            else:
                self._log.answered(host, reference)
                return found
        return self._at_origin(reference, partial(from_origin, self._origin), failures)

    def _at_origin(
        self,
        reference: Reference,
        act: Callable[[Reference], Result],
        failures: Mapping[str, ManyfestError] | None = None,
    ) -> Result:
        there = evolve(reference, home=self._route(reference).origin)
        try:
            return act(there)
        except (ManifestUnknownError, BlobUnknownError) as error:
            raise type(error)(str(reference)) from error
        except UnavailableError as error:
            if not failures:
                raise
            everyone = {**failures, error.host: error}
            raise UnreachableError(error.host, _all_failed_text(reference, everyone)) from error

    def _route(self, reference: Reference) -> Route:
        assert isinstance(reference.home, Repository)  # noqa: S101 - layouts are routed elsewhere
        return self._route_for(reference.home)


@contextmanager
def _spooled(chunks: Iterable[bytes]) -> Iterator[Iterator[bytes]]:
    """All chunks, read now, and given again from memory or a temporary file."""
    with SpooledTemporaryFile(_IN_MEMORY) as spool:
        spool.writelines(chunks)
        spool.seek(0)
        yield iter(partial(spool.read, _CHUNK), b"")


def _all_failed_text(reference: Reference, failures: Mapping[str, ManyfestError]) -> str:
    """Every host, and then why: of a long line the end may be cut."""
    reasons = (shortened(reason_text(error), _REASON_LIMIT) for error in failures.values())
    hosts = " nor ".join(failures)
    return f"{reference}: neither {hosts} can serve it: {'; '.join(reasons)}"
