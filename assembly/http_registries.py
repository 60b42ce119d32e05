"""Registries over HTTP, with their mirrors, as settings, rules and credentials describe them.

A command may say early whom it asks (``connect_early``): this imports no HTTP client, which
``registry`` does.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from datetime import datetime, timedelta
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attr import evolve

from manyfest.adapters.endpoint import Endpoint
from manyfest.assembly.settings import Settings
from manyfest.domain.ports.registry import Registry
from manyfest.domain.references import Reference, Repository
from manyfest.domain.values import frozen

if TYPE_CHECKING:  # a command imports only those that it uses
    import httpx

    from manyfest.adapters.credentials.registry_auth import RegistryAuth
    from manyfest.adapters.deadline import Deadline
    from manyfest.adapters.endpoint import EndpointFor
    from manyfest.adapters.http_registry.registry import HttpRegistry
    from manyfest.adapters.http_registry.session.host_facts import HostFactsLookup
    from manyfest.adapters.http_registry.session.server_clock import OnClock
    from manyfest.adapters.http_registry.transport.early_connections import EarlyConnections
    from manyfest.adapters.registries_conf.certs_d import CertificateFolders
    from manyfest.adapters.registries_conf.rules import RegistryRules
    from manyfest.domain.ports.fan_out import FanOut
    from manyfest.domain.ports.host_book import HostBook, HostFacts
    from manyfest.domain.ports.registry_access import TagRecords


class HttpRegistries:
    """The registries over HTTP of one command; closing ``stack`` closes them.

    ``hosts`` is the host book of a store that a URL names, if it has one.
    """

    def __init__(
        self,
        settings: Settings,
        deadline: "Deadline",
        stack: ExitStack,
        now: datetime,
        clock_offsets: dict[str, timedelta],
        hosts: "HostBook | None" = None,
    ) -> None:
        self._settings = settings
        self._deadline = deadline
        self._stack = stack
        self._now = now
        self._clock_offsets = clock_offsets
        self._hosts = hosts
        self.pulls_left: dict[str, tuple[str, str]] = {}  # and the limit, as hosts send them

    @cached_property
    def rules(self) -> "RegistryRules":
        """The rules of ``registries.conf``. Raises ConfigError: a file cannot be used."""
        return registry_rules(self._settings)

    def connect_early(self, read: Sequence[Reference], written: Sequence[Reference]) -> None:
        """Begin to connect to the servers that are asked first for these references.

        Raises BlockedError, ConfigError, as the requests will.
        """
        from manyfest.assembly.first_connections import FirstConnections

        plan = FirstConnections(
            self._settings, self.rules.route, self._origins, self._mirrors, self._known_of
        )
        self._early.open(plan.plan(read, written))
        _ = self.registry  # the imports of HTTP, before threads contend for them

    @cached_property
    def registry(self) -> Registry:
        """The registries, behind the mirrors of ``registries.conf``.

        ``--insecure`` applies to the registries that a command names, so never to mirrors. Nor do
        docker's configured headers.
        """
        if not self.rules:
            return self._origin
        from manyfest.adapters.credentials.registry_auth import no_headers
        from manyfest.adapters.decorators.mirrored import MirroredRegistry

        account = evolve(self._account, headers=no_headers)
        mirrors = self._opened(account, self._mirrors, on_clock=self._on_clock, tries=1)
        return MirroredRegistry(self._origin, mirrors, self.rules.route, self._settings.hooks.note)

    def origins(self) -> Registry:
        """Return the registries without mirrors, on the connections of ``registry``."""
        if not self.rules:
            return self._origin
        from manyfest.adapters.decorators.mirrored import OriginRegistry

        return OriginRegistry(self._origin, self.rules.route)

    @cached_property
    def _origin(self) -> Registry:
        observers = {"on_clock": self._on_clock, "on_pulls_left": self._keep_pulls_left}
        return self._opened(self._account, self._origins, **observers)

    @cached_property
    def _account(self) -> "RegistryAuth":
        from manyfest.assembly.credential_sources import auth_for

        return auth_for(self._settings, self._deadline)

    @cached_property
    def _on_clock(self) -> "OnClock":
        from manyfest.assembly.registry_clocks import recording_clocks

        return recording_clocks(self._clock_offsets, self._settings.hooks.warn)

    def tag_records(self, fan_out: "FanOut") -> "TagRecords":
        """Return the records of servers, which are asked without credentials.

        The rules of ``registries.conf`` say where a server is, and whether it may be asked.
        """
        from manyfest.adapters.credentials.registry_auth import ANONYMOUS

        made = http_registry(self._settings, self._deadline, ANONYMOUS, self._origins)
        opened = self._stack.enter_context(made)
        return opened.tag_records(fan_out, lambda named: self.rules.route(named).origin)

    def _keep_pulls_left(self, host: str, left: str, limit: str) -> None:
        self.pulls_left[host] = left, limit

    def _opened(
        self, account: "RegistryAuth", endpoint_for: "EndpointFor", **options: Any
    ) -> Registry:
        """Open HTTP registries until the stack closes; then the facts they learnt are recorded."""
        make = partial(
            http_registry,
            self._settings,
            self._deadline,
            account,
            endpoint_for,
            early=self._early,
            **options,
        )
        facts = self._host_facts
        opened = make() if facts is None else facts.recording(make(known_of=facts.known_of))
        return self._stack.enter_context(opened)

    @cached_property
    def _early(self) -> "EarlyConnections":
        from manyfest.adapters.http_registry.transport.early_connections import EarlyConnections

        return self._stack.enter_context(closing(EarlyConnections(self._deadline)))

    @cached_property
    def _host_facts(self) -> "HostFactsCache | None":
        if not isinstance(self._settings.store, Path):
            return None if self._hosts is None else HostFactsCache(self._hosts, self._now)
        from manyfest.store.host_book import SqliteHostBook

        book = self._stack.enter_context(closing(SqliteHostBook(self._settings.store)))
        return HostFactsCache(book, self._now)

    @property
    def _known_of(self) -> "HostFactsLookup":
        from manyfest.adapters.http_registry.session.host_facts import nothing_known

        return self._host_facts.known_of if self._host_facts else nothing_known

    @cached_property
    def _certificates(self) -> "CertificateFolders":
        return certificate_folders(self._settings)

    @cached_property
    def _origins(self) -> "EndpointFor":
        settings = with_hosts_of(self.rules, self._settings)
        return endpoints(settings, self._certificates, self.rules.is_insecure)

    @cached_property
    def _mirrors(self) -> "EndpointFor":
        settings = evolve(with_hosts_of(self.rules, self._settings), insecure=False)
        return endpoints(settings, self._certificates, self.rules.is_insecure_mirror)


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


def endpoints(
    settings: Settings,
    certificates: "CertificateFolders",
    is_insecure: Callable[[Repository], bool],
) -> "EndpointFor":
    """Return the function that gives the endpoint of a repository by ``settings``."""

    def endpoint_for(repository: Repository) -> Endpoint:
        host = repository.registry
        named = settings.insecure or host in settings.insecure_hosts
        insecure = named or is_insecure(repository)
        trusted = certificates.certificates_for(host)
        return Endpoint(host, insecure, trusted, settings.private_hosts)

    return endpoint_for


def certificate_folders(settings: Settings) -> "CertificateFolders":
    """Open the certs.d folders, which warn of those that cannot be read."""
    from manyfest.adapters.registries_conf.certs_d import CertificateFolders

    return CertificateFolders(settings.certificate_folders, settings.hooks.warn)


def http_registry(
    settings: Settings,
    deadline: "Deadline",
    account: "RegistryAuth",
    endpoint_for: "EndpointFor",
    **options: Any,
) -> "HttpRegistry":
    """Make the HTTP registries that ``settings`` describe; the caller closes them."""
    from manyfest.adapters.http_registry.registry import HttpRegistry
    from manyfest.adapters.http_registry.transport.proxies import Proxies

    return HttpRegistry(
        deadline,
        account=account,
        endpoint_for=endpoint_for,
        proxies=Proxies.from_variables(settings.proxies),
        connections=settings.jobs,
        chunk_size=settings.chunk_size,
        on_warning=settings.hooks.warn,
        on_pause=settings.hooks.on_pause,
        transport=_lent(settings.transport),
        **options,
    )


def _lent(transport: "httpx.BaseTransport | None") -> "httpx.BaseTransport | None":
    if transport is None:
        return None
    from manyfest.adapters.http_registry.transport.lent_transport import LentTransport

    return LentTransport(transport)


def with_hosts_of(rules: "RegistryRules", settings: Settings) -> Settings:
    """Let registries send us to the hosts that the rules name, too: a person wrote them there."""
    return evolve(settings, private_hosts=settings.private_hosts | rules.hosts)


def registry_rules(settings: Settings) -> "RegistryRules":
    """Read the rules of ``registries.conf``. Raises ConfigError: a file cannot be used."""
    from manyfest.adapters.registries_conf.conf_files import read_rules

    return read_rules(settings.registries_conf, settings.containers_folders)
