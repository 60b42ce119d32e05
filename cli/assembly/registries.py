"""Which registry serves what: hosts behind mirrors and cache, folders, adapters from outside."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import evolve, frozen

from manyfest.adapters.decorators.routing import RoutingRegistry
from manyfest.cli.assembly.unconfirmed import UnconfirmedAnswers
from manyfest.cli.output import note, warn
from manyfest.cli.settings import Settings
from manyfest.domain.ports.registry import Registry
from manyfest.domain.ports.store import Store
from manyfest.domain.references import Reference, Repository

if TYPE_CHECKING:  # most commands do without
    from manyfest.adapters.credentials.registry_auth import RegistryAuth
    from manyfest.adapters.deadline import Deadline
    from manyfest.adapters.http_registry.registry import HttpRegistry
    from manyfest.adapters.registries_conf.rules import RegistryRules
    from manyfest.domain.ports.host_book import HostBook, HostFacts


class RegistryFactory:
    """What registries are made with; those that were made are closed with ``stack``."""

    def __init__(
        self,
        settings: Settings,
        deadline: "Callable[[], Deadline]",
        store: Store,
        stack: ExitStack,
        unconfirmed: UnconfirmedAnswers,
        now: datetime,
    ) -> None:
        self.settings = settings
        self.deadline = deadline
        self.store = store
        self.stack = stack
        self.unconfirmed = unconfirmed
        self.now = now

    def registry(self) -> Registry:
        """Serves all references. Folders are always at hand; of the rest nothing is made yet."""
        return RoutingRegistry(self._registries, self._layouts, self._external)

    def _registries(self) -> Registry:
        if self.settings.offline:
            return self._offline()
        rules = rules_of(self.settings)
        return self._cached(self._mirrored(rules), rules.may_mirror)

    def _mirrored(self, rules: "RegistryRules") -> Registry:
        """Registries over HTTP, behind their mirrors where a person has some.

        ``--insecure`` is for the registries that a command names, and these are not the mirrors.
        """
        account = account_of(self.settings, self.deadline())
        origin = self._over_http(self.settings, account, rules.is_insecure)
        if not rules:
            return origin
        from manyfest.adapters.credentials.registry_auth import no_headers
        from manyfest.adapters.decorators.mirrored import MirroredRegistry

        settings = evolve(self.settings, insecure=False)
        account = evolve(account, headers=no_headers)
        mirrors = self._over_http(settings, account, rules.is_insecure_mirror, tries=1)
        return MirroredRegistry(origin, mirrors, rules.route, note)

    def _over_http(
        self,
        settings: Settings,
        account: "RegistryAuth",
        is_insecure: Callable[[Repository], bool],
        **options: Any,
    ) -> Registry:
        """To be closed with the stack; what it learns about hosts goes into our own store only."""
        make = partial(http_registry, settings, self.deadline(), account, is_insecure, **options)
        if not isinstance(settings.store, Path):
            return self.stack.enter_context(make())
        from manyfest.store.host_book import SqliteHostBook

        book = self.stack.enter_context(closing(SqliteHostBook(settings.store)))
        memory = HostFactsCache(book, self.now)
        return self.stack.enter_context(memory.recording(make(known_of=memory.known_of)))

    def _layouts(self) -> Registry:
        from manyfest.adapters.oci_layout.layout_with_history import LayoutWithHistory

        return LayoutWithHistory(self.store.contents)

    def _external(self, scheme: str) -> Registry:
        """Looked for only when a reference asks for it: what is installed takes time to list."""
        from manyfest.cli.assembly.plugins import REGISTRIES, factory_for

        make = factory_for(REGISTRIES, scheme)
        if self.settings.offline:
            return self._offline()
        made: Registry = make(scheme, self.settings)
        if callable(close := getattr(made, "close", None)):
            self.stack.callback(close)
        return self._cached(made, lambda _: False)

    def _cached(self, origin: Registry, may_mirror: Callable[[Reference], bool]) -> Registry:
        from manyfest.adapters.decorators.cache_decision import Freshness
        from manyfest.adapters.decorators.cached import CachedRegistry

        settings = self.settings
        return CachedRegistry(
            origin,
            self.store.contents,
            self.store.layers,
            freshness=Freshness(settings.max_age, settings.stale_if_error, self.now),
            on_unconfirmed=self.unconfirmed.record,
            is_mirrored=may_mirror,
        )

    def _offline(self) -> Registry:
        from manyfest.adapters.decorators.offline import OfflineRegistry

        return OfflineRegistry(self.store.contents, self.store.layers, self.unconfirmed.record)


@frozen
class HostFactsCache:
    """A book, read at first contact with a host and written when all went well."""

    book: "HostBook"
    now: datetime

    def known_of(self, host: str, /, *, insecure: bool) -> "HostFacts | None":
        """What earlier commands learnt."""
        return self.book.find(host, self.now, insecure=insecure)

    @contextmanager
    def recording(self, registry: "HttpRegistry") -> Iterator["HttpRegistry"]:
        """Close ``registry`` at the end; if that is no error, keep what it learnt."""
        with registry:
            yield registry
            self.book.keep(registry.facts_learnt, self.now)


def http_registry(
    settings: Settings,
    deadline: "Deadline",
    account: "RegistryAuth",
    is_insecure: Callable[[Repository], bool],
    **options: Any,
) -> "HttpRegistry":
    """Registries over HTTP, as ``settings`` say how to reach them; to be closed."""
    from manyfest.adapters.endpoint import Endpoint
    from manyfest.adapters.http_registry.registry import HttpRegistry
    from manyfest.adapters.http_registry.transport.proxies import Proxies
    from manyfest.adapters.registries_conf.certs_d import CertificateFolders

    certificates = CertificateFolders(settings.certificate_folders, warn)

    def endpoint_for(repository: Repository) -> Endpoint:
        host = repository.registry
        return Endpoint(host, is_insecure(repository), certificates.certificates_for(host))

    return HttpRegistry(
        deadline,
        account=account,
        endpoint_for=endpoint_for,
        insecure=settings.insecure,
        proxies=Proxies.from_variables(settings.proxies),
        connections=settings.jobs,
        **options,
    )


def rules_of(settings: Settings) -> "RegistryRules":
    """What ``registries.conf`` says. Raises ConfigError."""
    from manyfest.adapters.registries_conf.conf_files import read_rules

    return read_rules(settings.registries_conf, settings.containers_folders)


def account_of(settings: Settings, deadline: "Deadline") -> "RegistryAuth":
    """Docker's credentials before those of containers (ADR 0012)."""
    from manyfest.adapters.credentials.auth_json import AuthJson
    from manyfest.adapters.credentials.credential_helper import Helpers
    from manyfest.adapters.credentials.docker_config import DockerConfig, EnvironmentAuths
    from manyfest.adapters.credentials.helper_process import HelperLimits
    from manyfest.adapters.credentials.registry_auth import RegistryAuth, chained
    from manyfest.cli.process.signals import ENDINGS

    helpers = Helpers(HelperLimits(deadline.check, shield=ENDINGS.shielded))
    docker = DockerConfig(settings.docker_config, helpers)
    credentials_for = chained(
        EnvironmentAuths(settings.docker_auths).credentials_for,
        docker.credentials_for,
        *(AuthJson(path, helpers).credentials_for for path in settings.auth_files),
    )
    return RegistryAuth(credentials_for, docker.headers, settings.auth_realms)
