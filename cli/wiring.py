"""The composition root: the only place where adapters and the store meet the domain's ports."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from manyfest.adapters.cached import CachedRegistry
from manyfest.adapters.http_registry.budget import Budget
from manyfest.adapters.offline import OfflineRegistry
from manyfest.adapters.routing import RoutingRegistry
from manyfest.cli.output import note, warn
from manyfest.cli.parallel import Threads
from manyfest.cli.settings import Settings
from manyfest.domain.operations.each import Each
from manyfest.domain.ports.content_store import ContentStore
from manyfest.domain.ports.draft_book import DraftBook
from manyfest.domain.ports.layer_store import LayerStore
from manyfest.domain.ports.registry import Registry
from manyfest.domain.references import Repository
from manyfest.store.store import Store, open_store

if TYPE_CHECKING:  # most commands do without
    from manyfest.adapters.containers.registry_rules import RegistryRules
    from manyfest.adapters.docker.logins import DockerLogins
    from manyfest.adapters.http_registry.access import HttpAccess
    from manyfest.adapters.http_registry.client import HttpRegistry
    from manyfest.adapters.http_registry.credentials import Account


@frozen
class Session:
    """What one command works with: the ports, the fan-out, and the moment it runs at (UTC)."""

    registry: Registry
    contents: ContentStore
    drafts: DraftBook
    layers: LayerStore
    each: Each
    now: datetime
    pause: Callable[[float], None]
    offline: bool


@contextmanager
def open_session(settings: Settings) -> Iterator[Session]:
    """The ports as ``settings`` wish them; nothing is opened before it is used.

    Leaving it ends every connection; leaving it by an error or Ctrl-C ends them at once.
    """
    budget = Budget(settings.seconds, hard=settings.seconds_are_hard)
    with ExitStack() as stack:
        store = stack.enter_context(
            closing(open_store(settings.store, patience=min(10.0, settings.seconds)))
        )
        yield Session(
            registry=_routes(settings, budget, store, stack),
            contents=store.contents,
            drafts=store.drafts,
            layers=store.layers,
            each=Threads(settings.jobs, budget.cancel),
            now=datetime.now(UTC),
            pause=budget.sleep,
            offline=settings.offline,
        )


@contextmanager
def open_access(settings: Settings, login: tuple[str, str] | None = None) -> Iterator["HttpAccess"]:
    """Asks registries how they let us in: with this name and password, or what is configured."""
    budget = Budget(settings.seconds, hard=settings.seconds_are_hard)
    account = _account(settings, budget)
    if login is not None:
        from manyfest.adapters.http_registry.credentials import Credentials

        account = evolve(account, credentials_for=lambda _: Credentials(*login))
    with _http(settings, budget, account, _rules(settings).is_insecure) as registry:
        yield registry


def open_logins(settings: Settings) -> "DockerLogins":
    """Where logins are kept."""
    from manyfest.adapters.docker.helpers import Helpers
    from manyfest.adapters.docker.logins import DockerLogins

    return DockerLogins(settings.docker_config, Helpers())


def _routes(settings: Settings, budget: Budget, store: Store, stack: ExitStack) -> Registry:
    """Folders are always at hand; registries are asked for what is not held, or not at all."""

    def registries() -> Registry:
        if settings.offline:
            return OfflineRegistry(store.contents, store.layers)
        origin = _registries(settings, budget, stack)
        return CachedRegistry(origin, store.contents, store.layers)

    def layouts() -> Registry:
        from manyfest.adapters.oci_layout.layout import LayoutRegistry

        return LayoutRegistry()

    return RoutingRegistry(registries, layouts)


def _registries(settings: Settings, budget: Budget, stack: ExitStack) -> Registry:
    """Registries over HTTP, behind their mirrors where a person has some.

    ``--insecure`` is for the registries that a command names, and these are not the mirrors.
    """
    account, rules = _account(settings, budget), _rules(settings)
    origin = stack.enter_context(_http(settings, budget, account, rules.is_insecure))
    if not rules:
        return origin
    from manyfest.adapters.http_registry.credentials import no_headers
    from manyfest.adapters.mirrored import MirroredRegistry

    settings, account = evolve(settings, insecure=False), evolve(account, headers=no_headers)
    mirrors = _http(settings, budget, account, rules.is_insecure_mirror, tries=1)
    return MirroredRegistry(origin, stack.enter_context(mirrors), rules.route, note)


def _http(
    settings: Settings,
    budget: Budget,
    account: "Account",
    is_insecure: Callable[[Repository], bool],
    **options: int,
) -> "HttpRegistry":
    from manyfest.adapters.certificates_d import CertificateFolders
    from manyfest.adapters.http_registry.client import HttpRegistry
    from manyfest.adapters.http_registry.endpoints import Endpoint
    from manyfest.adapters.http_registry.proxies import Proxies

    certificates = CertificateFolders(settings.certificate_folders, warn)

    def endpoint_for(repository: Repository) -> Endpoint:
        host = repository.registry
        return Endpoint(host, is_insecure(repository), certificates.certificates_for(host))

    return HttpRegistry(
        budget,
        account=account,
        endpoint_for=endpoint_for,
        insecure=settings.insecure,
        proxies=Proxies.from_variables(settings.proxies),
        connections=settings.jobs,
        **options,
    )


def _rules(settings: Settings) -> "RegistryRules":
    from manyfest.adapters.containers.registries_conf import read_rules

    return read_rules(settings.registries_conf, settings.containers_folders)


def _account(settings: Settings, budget: Budget) -> "Account":
    """Docker's credentials before those of containers (ADR 0012)."""
    from manyfest.adapters.containers.auth_json import AuthJson
    from manyfest.adapters.docker.config import DockerConfig, EnvironmentAuths
    from manyfest.adapters.docker.helpers import Helpers
    from manyfest.adapters.http_registry.credentials import Account, first_of

    helpers = Helpers(budget.check)
    docker = DockerConfig(settings.docker_config, helpers)
    credentials_for = first_of(
        EnvironmentAuths(settings.docker_auths).credentials_for,
        docker.credentials_for,
        *(AuthJson(path, helpers).credentials_for for path in settings.auth_files),
    )
    return Account(credentials_for, docker.headers, settings.auth_realms)
