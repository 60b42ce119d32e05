"""Registries over HTTP, with their mirrors, as settings, rules and credentials describe them.

A command may say early whom it asks (``connect_early``): this imports no HTTP client, which
``registry`` does.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from datetime import datetime, timedelta
from functools import cached_property, partial
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from attr import evolve

from manyfest.adapters.endpoint import Endpoint
from manyfest.assembly.settings import Settings
from manyfest.domain.errors import CredentialsError
from manyfest.domain.ports.registry import Registry
from manyfest.domain.references import Reference, Repository
from manyfest.domain.values import frozen

if TYPE_CHECKING:  # a command imports only those that it uses
    from manyfest.adapters.credentials.registry_auth import RegistryAuth
    from manyfest.adapters.deadline import Deadline
    from manyfest.adapters.endpoint import EndpointFor
    from manyfest.adapters.http_registry.registry import HttpRegistry
    from manyfest.adapters.http_registry.session.host_facts import HostFactsLookup
    from manyfest.adapters.http_registry.transport.early_connections import EarlyConnections
    from manyfest.adapters.registries_conf.certs_d import CertificateFolders
    from manyfest.adapters.registries_conf.rules import RegistryRules
    from manyfest.domain.errors import CredentialSourceError
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

    def registry(self) -> Registry:
        """Return the registries, behind the mirrors of ``registries.conf``.

        ``--insecure`` applies to the registries that a command names, so never to mirrors. Nor do
        docker's configured headers.
        """
        from manyfest.assembly.registry_clocks import recording_clocks

        account = auth_for(self._settings, self._deadline)
        on_clock = recording_clocks(self._clock_offsets, self._settings.hooks.warn)
        origin = self._opened(
            account, self._origins, on_clock=on_clock, on_pulls_left=self._keep_pulls_left
        )
        if not self.rules:
            return origin
        from manyfest.adapters.credentials.registry_auth import no_headers
        from manyfest.adapters.decorators.mirrored import MirroredRegistry

        account = evolve(account, headers=no_headers)
        mirrors = self._opened(account, self._mirrors, on_clock=on_clock, tries=1)
        return MirroredRegistry(origin, mirrors, self.rules.route, self._settings.hooks.note)

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
        insecure = settings.insecure or is_insecure(repository)
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
    """Chain the credential sources: docker's before those of containers (ADR 0012).

    Before all come those of the command itself. A file that it names is the only one, and a fault
    of it is an error: the user wants these credentials, or none.
    """
    from manyfest.adapters.credentials.auth_json import AuthJson
    from manyfest.adapters.credentials.credential_helper import Helpers
    from manyfest.adapters.credentials.docker_config import DockerConfig, EnvironmentAuths
    from manyfest.adapters.credentials.helper_process import HelperLimits
    from manyfest.adapters.credentials.registry_auth import RegistryAuth, chained, given

    helpers = Helpers(HelperLimits(deadline.check, shield=settings.hooks.shield))
    docker = DockerConfig(settings.docker_config, helpers)
    own = given(settings.logins)
    if only := settings.only_auth_file:
        file = AuthJson(only, helpers, must_exist=True).credentials_for
        return RegistryAuth(chained(own, file), docker.headers, settings.auth_realms, _fail)
    chosen = settings.auth_file
    credentials_for = chained(
        own,
        EnvironmentAuths(settings.docker_auths).credentials_for,
        docker.credentials_for,
        *(
            AuthJson(path, helpers, must_exist=path == chosen).credentials_for
            for path in ([chosen] if chosen else settings.auth_files)
        ),
    )
    warnings = CredentialWarnings(settings.hooks.warn)
    return RegistryAuth(credentials_for, docker.headers, settings.auth_realms, warnings.warn_once)


def _fail(error: "CredentialSourceError") -> None:
    raise CredentialsError(str(error))


class CredentialWarnings:
    """Warns of sources of credentials that fail, once of each. Thread-safe."""

    def __init__(self, warn: Callable[[str], None]) -> None:
        self._warn = warn
        self._lock = Lock()
        self._warned: set[str] = set()

    def warn_once(self, error: "CredentialSourceError") -> None:
        """Write the warning, unless there was one of the same source."""
        with self._lock:
            is_new = error.source not in self._warned
            self._warned.add(error.source)
        if is_new:
            self._warn(f"{error}; continuing without credentials")
