"""Logins, and the access of registries, without a session."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from attr import evolve

from manyfest.assembly.settings import Settings
from manyfest.domain.errors import UnreachableError

if TYPE_CHECKING:
    from manyfest.adapters.http_registry.registry import HttpRegistry
    from manyfest.adapters.mirrors import Route
    from manyfest.domain.access import AuthExplanation, Credentials
    from manyfest.domain.ports.host_book import HostFacts
    from manyfest.domain.ports.login_store import LoginStore
    from manyfest.domain.ports.registry_access import RegistryAccess, RegistryExaminer
    from manyfest.domain.references import Reference, Repository


@contextmanager
def open_access(
    settings: Settings, credentials: "Credentials | None" = None
) -> Iterator["RegistryAccess"]:
    """Open access to registries with these credentials, else with those that are configured.

    Raises UnreachableError: ``settings`` say offline.
    """
    with _opened(settings, credentials) as registry:
        yield registry.access


def explain_access(settings: Settings, name: "Reference") -> "AuthExplanation":
    """Explain the access to ``name`` at the registry that ``registries.conf`` gives it.

    Raises InvalidReferenceError for a layout; as ``open_access``; BlockedError, ConfigError;
    UnavailableError.
    """
    from manyfest.adapters.http_registry.session.requests import repository_of
    from manyfest.assembly.http_registries import certificate_folders, endpoints, registry_rules

    repository_of(name)
    rules = registry_rules(settings)
    route = rules.route(name)
    with open_access(settings) as access:
        explanation = access.explain(route.at_origin(name))
    endpoint_for = endpoints(settings, certificate_folders(settings), rules.is_insecure)
    mirrors = tuple(str(mirror.holding(name)) for mirror in route.mirrors if mirror.may_serve(name))
    return evolve(
        explanation,
        origin=str(route.at_origin(name)),
        mirrors=mirrors,
        is_insecure=endpoint_for(route.origin).insecure,
    )


@contextmanager
def open_examiner(settings: Settings) -> Iterator["RegistryExaminer"]:
    """Open what finds out the abilities of registries. Raises as ``open_access``."""
    with _opened(settings) as registry:
        yield registry.examiner


@contextmanager
def _opened(
    settings: Settings, credentials: "Credentials | None" = None
) -> Iterator["HttpRegistry"]:
    from manyfest.adapters.deadline import Deadline
    from manyfest.assembly.credential_sources import auth_for
    from manyfest.assembly.http_registries import (
        certificate_folders,
        endpoints,
        http_registry,
        registry_rules,
        with_hosts_of,
    )

    if settings.offline:
        raise UnreachableError("", "offline: registries cannot be asked for their authentication")
    deadline = Deadline(settings.seconds, hard=settings.seconds_are_hard)
    account = auth_for(settings, deadline)
    if credentials is not None:
        account = evolve(account, credentials_for=lambda _: credentials)
    rules = registry_rules(settings)
    settings = with_hosts_of(rules, settings)
    endpoint_for = endpoints(settings, certificate_folders(settings), rules.is_insecure)
    with http_registry(settings, deadline, account, endpoint_for) as registry:
        yield registry


def remembered_facts(settings: Settings, registry: str) -> "HostFacts | None":
    """Return what earlier commands learnt of a registry, if the store keeps that."""
    if not isinstance(settings.store, Path):
        return None
    from manyfest.store.host_book import SqliteHostBook

    with closing(SqliteHostBook(settings.store)) as book:
        return book.find(registry, datetime.now(UTC), insecure=settings.insecure)


def route_of(settings: Settings, named: "Repository | Reference") -> "Route":
    """Return the origin and the mirrors of a name. Raises BlockedError, ConfigError."""
    from manyfest.assembly.http_registries import registry_rules

    return registry_rules(settings).route(named)


def open_logins(settings: Settings) -> "LoginStore":
    """Open the login store: docker's configuration, and the credential helpers that it names.

    Its helpers may take as long as ``settings`` allow a command from now on.
    """
    from manyfest.adapters.credentials.credential_helper import Helpers
    from manyfest.adapters.credentials.docker_login import DockerLogins
    from manyfest.adapters.credentials.helper_process import HelperLimits
    from manyfest.adapters.deadline import Deadline

    deadline = Deadline(settings.seconds, hard=settings.seconds_are_hard)
    limits = HelperLimits(deadline.check, shield=settings.hooks.shield)
    return DockerLogins(settings.docker_config, Helpers(limits))
