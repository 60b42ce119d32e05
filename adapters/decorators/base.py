"""The base of the registry decorators: the port's methods, each forwarded in one way."""

from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from functools import cached_property
from typing import TypeVar

from manyfest.domain.descriptors import Descriptor
from manyfest.domain.errors import UnavailableError
from manyfest.domain.expectations import Expectation
from manyfest.domain.history.observation import Observation
from manyfest.domain.manifests import Manifest
from manyfest.domain.ports.registry import BlobSource, Registry
from manyfest.domain.references import Home, Reference

Result = TypeVar("Result")

# One call of the port, as a registry behind the decorator gets it: with the reference it knows.
Call = Callable[[Registry, Reference], Result]

# Receives an observation that answered without the registry's confirmation; the error is set if
# the registry was asked and could not answer. May be called from several threads at once.
OnUnconfirmed = Callable[[Observation, UnavailableError | None], None]


def ignore(_observation: Observation, *_: object) -> None:
    """Drop the report of an unconfirmed answer."""


class RegistryDecorator(Registry):
    """A registry in front of others: every call goes through ``_forward``.

    A subclass implements ``_forward``, which chooses the registry and may rewrite the reference or
    translate errors, and overrides only the methods that do more than that.
    """

    @abstractmethod
    def _forward(self, reference: Reference, call: Call[Result]) -> Result:
        """Make ``call`` at the registry that serves ``reference``.

        For ``tags`` the reference is a home without tag and digest.
        """

    def get_manifest(self, reference: Reference) -> Manifest:
        return self._forward(reference, lambda registry, at: registry.get_manifest(at))

    def head_manifest(self, reference: Reference) -> Descriptor:
        return self._forward(reference, lambda registry, at: registry.head_manifest(at))

    def probe_manifest(self, reference: Reference) -> Descriptor | None:
        return self._forward(reference, lambda registry, at: registry.probe_manifest(at))

    def is_manifest(self, reference: Reference) -> bool:
        return self._forward(reference, lambda registry, at: registry.is_manifest(at))

    def put_manifest(
        self, reference: Reference, manifest: Manifest, expected: Expectation | None = None
    ) -> None:
        self._forward(reference, lambda registry, at: registry.put_manifest(at, manifest, expected))

    def takes_tags(self, home: Home) -> bool | None:
        return self._forward(Reference(home), lambda registry, at: registry.takes_tags(at.home))

    def put_with_tags(
        self, reference: Reference, manifest: Manifest, tags: Sequence[str]
    ) -> frozenset[str]:
        return self._forward(
            reference, lambda registry, at: registry.put_with_tags(at, manifest, tags)
        )

    def delete_tag(self, reference: Reference, expected: Expectation) -> bool:
        return self._forward(reference, lambda registry, at: registry.delete_tag(at, expected))

    def deletes_manifests(self, home: Home) -> bool:
        return self._forward(
            Reference(home), lambda registry, at: registry.deletes_manifests(at.home)
        )

    def delete_manifest(self, reference: Reference) -> None:
        self._forward(reference, lambda registry, at: registry.delete_manifest(at))

    def tags(self, home: Home) -> tuple[str, ...]:
        return self._forward(Reference(home), lambda registry, at: registry.tags(at.home))

    def referrers(self, reference: Reference) -> tuple[Descriptor, ...]:
        return self._forward(reference, lambda registry, at: registry.referrers(at))

    def listed_referrers(self, reference: Reference) -> tuple[Descriptor, ...] | None:
        return self._forward(reference, lambda registry, at: registry.listed_referrers(at))

    def lacks_referrers(self, home: Home) -> bool:
        return self._forward(
            Reference(home), lambda registry, at: registry.lacks_referrers(at.home)
        )

    def head_blob(self, reference: Reference) -> int:
        return self._forward(reference, lambda registry, at: registry.head_blob(at))

    def probe_blob(self, reference: Reference) -> int | None:
        return self._forward(reference, lambda registry, at: registry.probe_blob(at))

    def open_blob(self, reference: Reference, size: int) -> AbstractContextManager[Iterator[bytes]]:
        return self._forward(reference, lambda registry, at: registry.open_blob(at, size))

    def open_foreign_layer(
        self, reference: Reference, size: int, urls: tuple[str, ...]
    ) -> AbstractContextManager[Iterator[bytes]]:
        return self._forward(
            reference, lambda registry, at: registry.open_foreign_layer(at, size, urls)
        )

    def open_rest(
        self, reference: Reference, size: int, start: int, urls: tuple[str, ...] = ()
    ) -> AbstractContextManager[Iterator[bytes]]:
        return self._forward(
            reference, lambda registry, at: registry.open_rest(at, size, start, urls)
        )

    def mount_blob(self, reference: Reference, origin: Home) -> bool:
        return self._forward(reference, lambda registry, at: registry.mount_blob(at, origin))

    def write_blob(self, reference: Reference, size: int, source: BlobSource) -> None:
        self._forward(reference, lambda registry, at: registry.write_blob(at, size, source))


class LazyRegistry(RegistryDecorator):
    """The registry that ``make`` returns, made at the first call.

    Behind a cache that answers, none is made, and no HTTP client is imported.
    """

    def __init__(self, make: Callable[[], Registry]) -> None:
        self._make = make

    @cached_property
    def _registry(self) -> Registry:
        return self._make()

    def _forward(self, reference: Reference, call: Call[Result]) -> Result:
        return call(self._registry, reference)
