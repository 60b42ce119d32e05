"""The sessions of one command: one for each registry and the policy of its endpoint."""

import contextlib
import threading
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from manyfest.adapters.address_policy import AddressPolicy
from manyfest.adapters.credentials.registry_auth import RegistryAuth
from manyfest.adapters.deadline import Deadline
from manyfest.adapters.endpoint import (
    SECURE,
    Certificates,
    ConnectionMode,
    Endpoint,
    EndpointFor,
)
from manyfest.adapters.http_registry.auth.masking import masked
from manyfest.adapters.http_registry.reliability.retry import (
    LONGEST_WAIT,
    OnPause,
    Reachability,
    RetryState,
    with_retries,
)
from manyfest.adapters.http_registry.reliability.throttle import Throttle
from manyfest.adapters.http_registry.session.host_facts import HostFactsLookup, usable_facts
from manyfest.adapters.http_registry.session.scheme_probe import SchemeProbe
from manyfest.adapters.http_registry.session.server_clock import OnClock
from manyfest.adapters.http_registry.session.session import RegistrySession
from manyfest.adapters.http_registry.transport import tls
from manyfest.adapters.http_registry.transport.early_connections import (
    Destination,
    EarlyConnections,
)
from manyfest.adapters.http_registry.transport.httpx_transport import (
    DeadlineTransport,
    new_client,
)
from manyfest.adapters.http_registry.transport.network_backend import TakeEarly, nothing_early
from manyfest.adapters.http_registry.transport.proxies import Proxies
from manyfest.adapters.http_registry.transport.slim_httpx import httpx
from manyfest.domain.errors import ManyfestError
from manyfest.domain.ports.host_book import HostFacts
from manyfest.domain.references import Repository

if TYPE_CHECKING:
    from manyfest.adapters.http_registry.session.warning_headers import WarningLog

Result = TypeVar("Result")

# Receives a host's ``RateLimit-Remaining`` and ``RateLimit-Limit``, as it sends them.
OnPullsLeft = Callable[[str, str, str], None]
_PULLS_LIMIT = 40  # characters of such a header


def ignore_pulls(host: str, left: str, limit: str) -> None:
    """Ignore how many pulls a host has left for us."""


class SessionPool:
    """The sessions of one command, under its deadline. Thread-safe."""

    def __init__(  # noqa: PLR0913 - by keyword, as of ``HttpRegistry``
        self,
        deadline: Deadline,
        account: RegistryAuth,
        endpoint_for: EndpointFor,
        *,
        proxies: Proxies,
        connections: int,
        tries: int,
        chunk_size: int,
        known_of: HostFactsLookup,
        early: EarlyConnections | None,
        timeout: httpx.Timeout,
        transport: httpx.BaseTransport | None,
        on_clock: OnClock,
        on_warning: Callable[[str], None],
        on_pulls_left: OnPullsLeft,
        on_pause: OnPause,
    ) -> None:
        self.deadline = deadline
        self._account = account
        self._endpoint_for = endpoint_for
        self._known_of = known_of
        self._early = early
        self._on_clock = on_clock
        self._proxies = proxies
        self._connections = connections
        self._limit = tries
        self._on_pause = on_pause
        self._reachability = Reachability()
        self._chunk_size = chunk_size
        # With a single try (mirrors), ignore Retry-After and fall through to the next mirror.
        self._throttle = Throttle(deadline, LONGEST_WAIT if tries > 1 else 0.0)
        self._hosts: dict[Endpoint, RegistrySession] = {}
        self._cross_origin_clients: dict[tuple[Certificates, AddressPolicy], httpx.Client] = {}
        self._timeout = timeout
        self._on_warning = on_warning
        self._on_pulls_left = on_pulls_left
        self._warnings: WarningLog | None = None
        # One client for all hosts, since closing a client closes its transport.
        self._given_client = new_client(transport, timeout) if transport is not None else None
        self._lock = threading.Lock()

    def session_for(self, repository: Repository) -> RegistrySession:
        """Return the session of a repository: the same one for equal endpoints."""
        endpoint = self._endpoint_for(repository)
        with self._lock:
            if endpoint not in self._hosts:
                self._hosts[endpoint] = self._new_host(endpoint)
            return self._hosts[endpoint]

    @property
    def learnt(self) -> tuple[HostFacts, ...]:
        """Return the new facts that save requests next time, one per session."""
        facts = (host.learnt for host in self._hosts.values())
        return tuple(dict.fromkeys(each for each in facts if each is not None))

    def tries(self) -> RetryState:
        """Return the tries of one operation."""
        return RetryState(self.deadline, self._limit, self._reachability, self._on_pause)

    def with_retries(
        self, operation: Callable[[], Result], tries: RetryState | None = None
    ) -> Result:
        """Return the result of ``operation()``, retried as ``tries`` or the limit allows.

        Its errors show no secrets.
        """
        with self.masking():
            return with_retries(tries or self.tries(), operation)

    @contextlib.contextmanager
    def masking(self) -> Iterator[None]:
        """Take the secrets of all sessions out of an error's message: a server may echo them."""
        try:
            yield
        except ManyfestError as error:
            secrets = [secret for host in self._hosts.copy().values() for secret in host.secrets()]
            error.args = tuple(masked(str(argument), secrets) for argument in error.args)
            raise

    def warn(self, text: str) -> None:
        """Tell ``text``, which is about what a registry sends."""
        self._on_warning(text)

    def close(self) -> None:
        """Close all connections."""
        for host in self._hosts.values():
            host.close()
        for client in self._cross_origin_clients.values():
            client.close()

    def _new_host(self, endpoint: Endpoint) -> RegistrySession:
        known = usable_facts(endpoint, self._known_of)
        client_for = partial(self._new_client, endpoint.certificates)
        wire = SchemeProbe(endpoint, client_for, known.scheme if known else "")
        session = RegistrySession(
            endpoint,
            wire,
            self._cross_origin_client,
            self._account,
            known,
            self.deadline.clock,
            self._on_clock,
            self._tell_warnings,
            self._reachability,
        )
        session.chunks.choose(self._chunk_size)
        return session

    def _tell_warnings(self, host: str, response: httpx.Response, secrets: Iterable[str]) -> None:
        """Tell the pulls left and the warnings in a response.

        Most commands get no warnings, and do not load the log.
        """
        if (left := response.headers.get("ratelimit-remaining", "")) and len(left) < _PULLS_LIMIT:
            self._on_pulls_left(host, left, response.headers.get("ratelimit-limit", ""))
        if "warning" not in response.headers:
            return
        from manyfest.adapters.http_registry.session.warning_headers import WarningLog

        with self._lock:
            self._warnings = self._warnings or WarningLog(self._on_warning)
        self._warnings.tell(host, response, secrets)

    def _cross_origin_client(
        self, certificates: Certificates, policy: AddressPolicy
    ) -> httpx.Client:
        """Return the client for token servers and redirect targets, made when first needed."""
        key = certificates, policy
        with self._lock:
            if key not in self._cross_origin_clients:
                self._cross_origin_clients[key] = self._new_client(certificates, SECURE, policy)
            return self._cross_origin_clients[key]

    def _new_client(
        self,
        certificates: Certificates,
        contact: ConnectionMode,
        policy: AddressPolicy | None = None,
    ) -> httpx.Client:
        if self._given_client is not None:
            return self._given_client
        transport = DeadlineTransport(
            self.deadline,
            context=tls.context_for(contact, certificates),
            throttle=self._throttle,
            proxies=self._proxies,
            connections=self._connections,
            policy=policy,
            take_early=self._take_early(contact, certificates, policy),
        )
        return new_client(transport, self._timeout)

    def _take_early(
        self, mode: ConnectionMode, certificates: Certificates, policy: AddressPolicy | None
    ) -> TakeEarly:
        early = self._early
        if early is None:
            return nothing_early
        return lambda host, port: early.take(Destination(host, port, mode, certificates, policy))
