"""The stack of registry decorators for each kind of reference.

A host is served by HTTP, behind its mirrors and the cache; an OCI layout by its folder; an archive
by its file; any other scheme by a package's adapter behind the cache. ``--offline`` puts the store
in place of the hosts.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing, suppress
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from manyfest.adapters.decorators.base import LazyRegistry
from manyfest.adapters.decorators.routing import RoutingRegistry
from manyfest.assembly.settings import Settings
from manyfest.domain.errors import ManyfestError, UnreachableError
from manyfest.domain.ports.registry import Registry
from manyfest.domain.references import Reference, Repository

if TYPE_CHECKING:  # a command imports only those that it uses
    from manyfest.adapters.deadline import Deadline
    from manyfest.adapters.decorators.cache_decision import Freshness
    from manyfest.assembly.http_registries import HttpRegistries
    from manyfest.assembly.unconfirmed import UnconfirmedAnswers
    from manyfest.domain.ports.fan_out import FanOut
    from manyfest.domain.ports.registry_access import TagRecords
    from manyfest.domain.ports.store import Store


class Connections(Protocol):
    """The parts of a session that the next one uses again."""

    @property
    def settings(self) -> Settings:
        """The settings of both."""
        ...

    @property
    def deadline(self) -> "Deadline":
        """The deadline of the session."""
        ...

    @property
    def over_http(self) -> "HttpRegistries":
        """The registries over HTTP, with their connections."""
        ...


class RegistryFactory:
    """Makes registries when they are first used; closing ``stack`` closes them."""

    def __init__(
        self,
        resources: Connections,
        store: "Store",
        stack: ExitStack,
        unconfirmed: "UnconfirmedAnswers",
        now: datetime,
    ) -> None:
        self.settings = resources.settings
        self.resources = resources
        self.store = store
        self.stack = stack
        self.unconfirmed = unconfirmed
        self.now = now
        self._has_connected = False

    def registry(self) -> Registry:
        """Return the registry of all references; nothing is opened before it is used."""
        return RoutingRegistry(self._registries, self._layouts, self._external, self._archives)

    def origins(self) -> Registry:
        """Return the registries themselves: neither the store nor a mirror answers for them.

        For proofs of what they have. Offline, it is the registry of all references.
        """
        if self.settings.offline:
            return self.registry()
        return RoutingRegistry(self._origins, self._layouts, self._external, self._archives)

    def through(self, mirror: Repository) -> Registry:
        """Return the registry of all repositories as ``mirror`` has them, and of nothing else.

        Neither the hosts themselves nor the store answer, so no connection to a host is opened.
        """
        from manyfest.adapters.decorators.through import ThroughRegistry

        self._has_connected = True
        return ThroughRegistry(LazyRegistry(self._origins), mirror)

    def connect_early(self, read: Sequence[Reference], written: Sequence[Reference]) -> None:
        """Begin to connect to the servers that are asked first for these references, once.

        Layouts, archives and the store need no connection. What is wrong here is met again,
        and reported, by the requests themselves. Where threads are limited, all of them are
        left to these.
        """
        if self.settings.offline or self._has_connected:
            return
        self._has_connected = True
        with suppress(ManyfestError):
            asked = [each for each in _at_registries(read) if self._asks_registry(each)]
            targets = _at_registries(written)
            if (asked or targets) and not _are_threads_limited():
                self.resources.over_http.connect_early(asked, targets)

    @property
    def pulls_left(self) -> "Mapping[str, tuple[str, str]]":
        """The pulls that hosts say are left, and their limits, as they send them."""
        return self.resources.over_http.pulls_left

    def tag_records(self, fan_out: "FanOut") -> "TagRecords":
        """Return the records that servers keep of the past of tags. Raises UnreachableError."""
        if self.settings.offline:
            raise UnreachableError("", "offline: the records of servers are not asked for")
        return self.resources.over_http.tag_records(fan_out)

    def _registries(self) -> Registry:
        if self.settings.offline:
            return self._offline()
        return self._cached(LazyRegistry(self._http_registry), self._may_mirror)

    def _http_registry(self) -> Registry:
        if wrap := self.settings.wrap_registry:
            return wrap(lambda: self.resources.over_http.registry)
        return self.resources.over_http.registry

    def _origins(self) -> Registry:
        if self.settings.wrap_registry:
            return self._http_registry()
        return self.resources.over_http.origins()

    def _may_mirror(self, reference: Reference) -> bool:
        return self.resources.over_http.rules.may_mirror(reference)

    def _asks_registry(self, reference: Reference) -> bool:
        """Whether reading it takes a request, as far as that is sure (``cache_decision``)."""
        contents = self.store.contents
        if reference.digest is not None:
            return contents.manifest(reference.digest) is None
        if self.settings.max_age is None:
            return True
        observation = contents.last_observation(reference)
        return observation is None or not self._freshness.is_fresh(observation)

    @property
    def _freshness(self) -> "Freshness":
        from manyfest.adapters.decorators.cache_decision import Freshness

        return Freshness(self.settings.max_age, self.settings.stale_if_error, self.now)

    def _layouts(self) -> Registry:
        from manyfest.adapters.oci_layout.layout_with_history import LayoutWithHistory

        return LayoutWithHistory(self.store.contents, self.resources.deadline)

    def _archives(self) -> Registry:
        from manyfest.adapters.bundles.archive_registry import ArchiveRegistry

        return self.stack.enter_context(closing(ArchiveRegistry(self.resources.deadline)))

    def _external(self, scheme: str) -> Registry:
        """Return the registry that a package has for ``scheme``.

        Entry points are listed only when a reference needs one, because listing is slow.
        """
        from manyfest.assembly.plugins import REGISTRIES, factory_for

        make = factory_for(REGISTRIES, scheme)
        if self.settings.offline:
            return self._offline()
        made: Registry = make(scheme, self.settings)
        if callable(close := getattr(made, "close", None)):
            self.stack.callback(close)
        return self._cached(made, lambda _: False)

    def _cached(self, origin: Registry, may_mirror: Callable[[Reference], bool]) -> Registry:
        from manyfest.adapters.decorators.cached import CachedRegistry

        return CachedRegistry(
            origin,
            self.store.contents,
            self.store.layers,
            freshness=self._freshness,
            on_unconfirmed=self.unconfirmed.record,
            is_mirrored=may_mirror,
        )

    def _offline(self) -> Registry:
        from manyfest.adapters.decorators.offline import OfflineRegistry

        return OfflineRegistry(
            self.store.contents,
            self.store.layers,
            self.unconfirmed.record,
            self.unconfirmed.left_out,
        )


def _at_registries(references: Sequence[Reference]) -> list[Reference]:
    return [each for each in references if isinstance(each.home, Repository)]


def _are_threads_limited() -> bool:
    from manyfest.assembly.thread_pool import has_thread_limit

    return has_thread_limit()
