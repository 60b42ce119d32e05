"""A registry with mirrors: they are tried first for reads of content.

Theory of operation. A ``Route`` (from registries.conf(5)) gives, for the repository that a person
names, its origin and the mirrors in the order to try them. Three names of one repository are in
play: the named one, the origin's and each mirror's. Callers use the first: references are rewritten
on the way out, and an error that something is not found is raised again with the named one.

- *Reads of content* (manifests, blobs) go to the mirrors first. Every failure of a mirror but
  ConfigError, which is a mistake of the person's, leads to the next one, and at last to the origin.
  Mirrors get a single try without waiting. One that cannot be reached is skipped for the rest of
  the command.
- *Digests first.* A mirror may be stale for tags, so each mirror says whether it may serve tags,
  digests or both. Content by digest is verified, so any mirror will do.
- *Everything else* goes to the origin alone. Heads ask whether something exists at the origin, and
  a write must reach it. A mirror lists only the tags that it was once asked for, and may have the
  image without its referrers.
- *Blobs from a mirror are spooled*, in memory or a temporary file, before the first byte is handed
  out: only then is their digest confirmed, and the next host can still take over. The origin's
  blobs stream, since nothing comes after it.
- *A mirror gets nothing that is meant for the origin*: ``mirrors`` is another object than
  ``origin``, because headers, insecurity and the number of tries of the one are not the other's.

If mirrors failed and the origin is unavailable, the error names every host, each with its reason.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from tempfile import SpooledTemporaryFile

from manyfest.adapters.decorators.base import Call, RegistryDecorator, Result
from manyfest.adapters.decorators.mirror_log import MirrorLog
from manyfest.adapters.mirrors import Route, RouteFor
from manyfest.domain.digests import CHUNK_SIZE, without_first
from manyfest.domain.errors import (
    BlobUnknownError,
    ConfigError,
    ManifestUnknownError,
    ManyfestError,
    UnavailableError,
    UnreachableError,
    reason_text,
    shortened,
)
from manyfest.domain.manifests import Manifest
from manyfest.domain.ports.registry import Registry
from manyfest.domain.references import Home, Reference, Repository

_IN_MEMORY = 4 * 1024 * 1024  # bytes; a larger blob is a layer, and spooled to a file

_REASON_LIMIT = 100  # characters


class OriginRegistry(RegistryDecorator):
    """The ``origin`` alone, under the caller's names. All references are of repositories."""

    def __init__(self, origin: Registry, route_for: RouteFor) -> None:
        self._origin = origin
        self._route_for = route_for

    def _forward(self, reference: Reference, call: Call[Result]) -> Result:
        return self._at_origin(reference, call, {})

    def _at_origin(
        self, reference: Reference, call: Call[Result], failures: Mapping[str, ManyfestError]
    ) -> Result:
        """Make ``call`` at the origin; ``failures`` are those of the mirrors, by host."""
        at = self._route(reference).at_origin(reference)
        try:
            return call(self._origin, at)
        except (ManifestUnknownError, BlobUnknownError) as error:
            raise type(error)(str(reference), error.reason) from error
        except UnavailableError as error:
            if not failures:
                raise
            everyone = {**failures, error.host: error}
            raise UnreachableError(error.host, _all_failed_text(reference, everyone)) from error

    def _route(self, reference: Reference) -> Route:
        assert isinstance(reference.home, Repository)  # noqa: S101 - layouts are routed elsewhere
        return self._route_for(reference)


class MirroredRegistry(OriginRegistry):
    """Manifests and blobs come from ``mirrors``, else from ``origin``, under the caller's names.

    All references are of repositories. ``on_notice`` receives a sentence for people, once for each
    mirror: that it answers for tags, or why it could not serve.
    """

    def __init__(
        self,
        origin: Registry,
        mirrors: Registry,
        route_for: RouteFor,
        on_notice: Callable[[str], None],
    ) -> None:
        super().__init__(origin, route_for)
        self._mirrors = mirrors
        self._log = MirrorLog(on_notice)

    def get_manifest(self, reference: Reference) -> Manifest:
        def read(registry: Registry, at: Reference) -> Manifest:
            return registry.get_manifest(at)

        return self._read(reference, read, read)

    @contextmanager
    def open_blob(self, reference: Reference, size: int) -> Iterator[Iterator[bytes]]:
        with ExitStack() as stack:

            def fetch(registry: Registry, at: Reference) -> Iterator[bytes]:
                with registry.open_blob(at, size) as chunks:
                    return stack.enter_context(_spooled(chunks))

            def stream(registry: Registry, at: Reference) -> Iterator[bytes]:
                return stack.enter_context(registry.open_blob(at, size))

            yield self._read(reference, fetch, stream)

    def open_rest(
        self, reference: Reference, size: int, start: int, urls: tuple[str, ...] = ()
    ) -> AbstractContextManager[Iterator[bytes]]:
        """Read the rest at the origin; a mirror's blob is verified, and so read whole."""
        if urls:
            return super().open_rest(reference, size, start, urls)
        return self._open_rest(reference, size, start)

    @contextmanager
    def _open_rest(self, reference: Reference, size: int, start: int) -> Iterator[Iterator[bytes]]:
        with ExitStack() as stack:

            def fetch(registry: Registry, at: Reference) -> Iterator[bytes]:
                with registry.open_blob(at, size) as chunks:
                    return without_first(start, stack.enter_context(_spooled(chunks)))

            def stream(registry: Registry, at: Reference) -> Iterator[bytes]:
                return stack.enter_context(registry.open_rest(at, size, start))

            yield self._read(reference, fetch, stream)

    def mount_blob(self, reference: Reference, origin: Home) -> bool:
        source = self._route_for(origin).origin if isinstance(origin, Repository) else origin
        return super().mount_blob(reference, source)

    def _read(
        self, reference: Reference, from_mirror: Call[Result], from_origin: Call[Result]
    ) -> Result:
        failures: dict[str, ManyfestError] = {}
        for mirror in self._route(reference).mirrors:
            host, at = mirror.home.registry, mirror.holding(reference)
            if not mirror.may_serve(reference):
                continue
            if failure := self._log.failure_of(host):
                failures[host] = failure
                continue
            try:
                found = from_mirror(self._mirrors, at)
            except ConfigError:
                raise
            except ManyfestError as error:
                self._log.failed(host, error)
                failures[host] = error
            else:
                self._log.answered(host, reference)
                return found
        return self._at_origin(reference, from_origin, failures)


@contextmanager
def _spooled(chunks: Iterable[bytes]) -> Iterator[Iterator[bytes]]:
    """Read all chunks now, and give them again from memory or a temporary file."""
    with SpooledTemporaryFile(_IN_MEMORY) as spool:
        spool.writelines(chunks)
        spool.seek(0)
        yield iter(partial(spool.read, CHUNK_SIZE), b"")


def _all_failed_text(reference: Reference, failures: Mapping[str, ManyfestError]) -> str:
    """Name every host before the reasons, since the end of a long line may be cut."""
    reasons = (shortened(reason_text(error), _REASON_LIMIT) for error in failures.values())
    hosts = " nor ".join(failures)
    return f"{reference}: neither {hosts} can serve it: {'; '.join(reasons)}"
