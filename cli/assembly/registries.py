"""The stack of registry decorators for each kind of reference.

A host is served by HTTP, behind its mirrors and the cache; an OCI layout by its folder; an archive
by its file; any other scheme by a package's adapter behind the cache. ``--offline`` puts the store
in place of the hosts.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from attr import evolve

from manyfest.adapters.decorators.routing import RoutingRegistry
from manyfest.cli.assembly.unconfirmed import UnconfirmedAnswers
from manyfest.cli.output import note, warn
from manyfest.cli.settings import Settings
from manyfest.domain.ports.registry import Registry
from manyfest.domain.ports.store import Store
from manyfest.domain.references import Reference, Repository
from manyfest.domain.values import frozen

if TYPE_CHECKING:  # a command imports only those that it uses
    from manyfest.adapters.credentials.registry_auth import RegistryAuth
    from manyfest.adapters.deadline import Deadline
    from manyfest.adapters.http_registry.registry import HttpRegistry
    from manyfest.adapters.registries_conf.rules import RegistryRules
    from manyfest.domain.errors import CredentialSourceError
    from manyfest.domain.ports.host_book import HostBook, HostFacts


class RegistryFactory:
    """Makes registries when they are first used; closing ``stack`` closes them."""

    def __init__(
        self,
        settings: Settings,
        deadline: "Callable[[], Deadline]",
        store: Store,
        stack: ExitStack,
        unconfirmed: UnconfirmedAnswers,
        now: datetime,
        clock_offsets: dict[str, timedelta],
    ) -> None:
        self.settings = settings
        self.deadline = deadline
        self.store = store
        self.stack = stack
        self.unconfirmed = unconfirmed
        self.now = now
        self.clock_offsets = clock_offsets

    def registry(self) -> Registry:
        """Return the registry of all references; nothing is opened before it is used."""
        return RoutingRegistry(self._registries, self._layouts, self._external, self._archives)

    def _registries(self) -> Registry:
        if self.settings.offline:
            return self._offline()
        rules = registry_rules(self.settings)
        return self._cached(self._mirrored(rules), rules.may_mirror)

    def _mirrored(self, rules: "RegistryRules") -> Registry:
        """Return the registries over HTTP, behind the mirrors of ``registries.conf``.

        ``--insecure`` applies to the registries that a command names, so never to mirrors. Nor do
        docker's configured headers.
        """
        from manyfest.cli.assembly.registry_clocks import recording_clocks

        account = auth_for(self.settings, self.deadline())
        on_clock = recording_clocks(self.clock_offsets)
        settings = with_hosts_of(rules, self.settings)
        origin = self._over_http(settings, account, rules.is_insecure, on_clock=on_clock)
        if not rules:
            return origin
        from manyfest.adapters.credentials.registry_auth import no_headers
        from manyfest.adapters.decorators.mirrored import MirroredRegistry

        settings = evolve(settings, insecure=False)
        account = evolve(account, headers=no_headers)
        mirrors = self._over_http(
            settings, account, rules.is_insecure_mirror, tries=1, on_clock=on_clock
        )
        return MirroredRegistry(origin, mirrors, rules.route, note)

    def _over_http(
        self,
        settings: Settings,
        account: "RegistryAuth",
        is_insecure: Callable[[Repository], bool],
        **options: Any,
    ) -> Registry:
        """Open HTTP registries until the stack closes.

        They learn host facts from our own store, and record them there; another package's store
        has none.
        """
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

    def _archives(self) -> Registry:
        from manyfest.adapters.bundles.archive_registry import ArchiveRegistry

        return self.stack.enter_context(closing(ArchiveRegistry(self.deadline())))

    def _external(self, scheme: str) -> Registry:
        """Return the registry that a package has for ``scheme``.

        Entry points are listed only when a reference needs one, because listing is slow.
        """
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
    """Host facts that a host book keeps from one command to the next.

    They are read at the first contact with a host, and written when the command succeeds.
    """

    book: "HostBook"
    now: datetime

    def known_of(self, host: str, /, *, insecure: bool) -> "HostFacts | None":
        """Return the facts that earlier commands learnt, if any are fresh."""
        return self.book.find(host, self.now, insecure=insecure)

    @contextmanager
    def recording(self, registry: "HttpRegistry") -> Iterator["HttpRegistry"]:
        """Close ``registry`` at the end; without an error, save the facts it learnt."""
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
    """Make the HTTP registries that ``settings`` describe; the caller closes them."""
    from manyfest.adapters.endpoint import Endpoint
    from manyfest.adapters.http_registry.registry import HttpRegistry
    from manyfest.adapters.http_registry.transport.proxies import Proxies
    from manyfest.adapters.registries_conf.certs_d import CertificateFolders

    certificates = CertificateFolders(settings.certificate_folders, warn)

    def endpoint_for(repository: Repository) -> Endpoint:
        host = repository.registry
        trusted = certificates.certificates_for(host)
        return Endpoint(host, is_insecure(repository), trusted, settings.private_hosts)

    return HttpRegistry(
        deadline,
        account=account,
        endpoint_for=endpoint_for,
        insecure=settings.insecure,
        proxies=Proxies.from_variables(settings.proxies),
        connections=settings.jobs,
        on_warning=warn,
        **options,
    )


def with_hosts_of(rules: "RegistryRules", settings: Settings) -> Settings:
    """Let registries send us to the hosts that the rules name, too: a person wrote them there."""
    return evolve(settings, private_hosts=settings.private_hosts | rules.hosts)


def registry_rules(settings: Settings) -> "RegistryRules":
    """Read the rules of ``registries.conf``. Raises ConfigError: a file cannot be used."""
    from manyfest.adapters.registries_conf.conf_files import read_rules

    return read_rules(settings.registries_conf, settings.containers_folders)


def auth_for(settings: Settings, deadline: "Deadline") -> "RegistryAuth":
    """Chain the credential sources: docker's before those of containers (ADR 0012)."""
    from manyfest.adapters.credentials.auth_json import AuthJson
    from manyfest.adapters.credentials.credential_helper import Helpers
    from manyfest.adapters.credentials.docker_config import DockerConfig, EnvironmentAuths
    from manyfest.adapters.credentials.helper_process import HelperLimits
    from manyfest.adapters.credentials.registry_auth import RegistryAuth, chained
    from manyfest.cli.process.signals import SIGNAL_HANDLER

    helpers = Helpers(HelperLimits(deadline.check, shield=SIGNAL_HANDLER.shielded))
    docker = DockerConfig(settings.docker_config, helpers)
    chosen = settings.auth_file
    credentials_for = chained(
        EnvironmentAuths(settings.docker_auths).credentials_for,
        docker.credentials_for,
        *(
            AuthJson(path, helpers, must_exist=path == chosen).credentials_for
            for path in ([chosen] if chosen else settings.auth_files)
        ),
    )
    warnings = CredentialWarnings()
    return RegistryAuth(credentials_for, docker.headers, settings.auth_realms, warnings.warn_once)


class CredentialWarnings:
    """Warns of sources of credentials that fail, once of each. Thread-safe."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._warned: set[str] = set()

    def warn_once(self, error: "CredentialSourceError") -> None:
        """Write the warning, unless there was one of the same source."""
        with self._lock:
            is_new = error.source not in self._warned
            self._warned.add(error.source)
        if is_new:
            warn(f"{error}; continuing without credentials")
