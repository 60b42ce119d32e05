"""The client: every command of manyfest as a method that returns values."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

from manyfest.assembly.settings import MOST_JOBS, Hooks, settings_of
from manyfest.domain.access import Credentials
from manyfest.domain.errors import InputError, InvalidReferenceError
from manyfest.domain.events import OnEvent, ignore
from manyfest.domain.references import Reference, Repository
from manyfest.library import inputs
from manyfest.library.access import Access
from manyfest.library.attachments import Attachments
from manyfest.library.cache import Cache
from manyfest.library.calls import Calls, passing_errors
from manyfest.library.copying import Copying
from manyfest.library.images import Image
from manyfest.library.inputs import Name, PlatformName
from manyfest.library.publishing import Publishing
from manyfest.library.views import Views

if TYPE_CHECKING:
    import httpx

    from manyfest.domain.ports.registry import Registry

# Gets the registries over HTTP, made when they are called for, and returns one in their place.
RegistryWrapper = Callable[[Callable[[], "Registry"]], "Registry"]

Login = Credentials | tuple[str, str]


class Client(Views, Attachments, Publishing, Copying, Access):
    """A store, and connections to registries, for as many calls as you like.

    One client serves many threads: each call has a session of its own, over connections that the
    client keeps (``library/calls``). Close it, or use it as a context manager.

    What is not given, or None, comes from the environment, as for the program: ``MANYFEST_…``,
    ``DOCKER_CONFIG`` and the like, proxies; then from docker's and podman's files: credentials,
    certificates, mirrors; then from defaults. Without ``trust_env``, no variable is read but
    ``HOME`` and ``XDG_…``, which say where these files are.

    - ``store``: a file, or the URL of another package's store.
    - ``offline``: use only cached data. ``max_age``: reuse a cached tag that is younger. This and
      ``timeout`` are seconds, or a timedelta.
      ``stale_if_error``: use the cached tag if a registry is unreachable.
    - ``insecure``: allow unverified TLS and plain HTTP, for all hosts or for those named.
    - ``credentials``: name and password by host or repository, before all others. ``authfile``: a
      file of logins, in place of all others.
    - ``jobs``: the most requests in parallel, for each call (default: 32). ``timeout``: seconds for
      all of a call (default: 120 s without layers). ``chunk_size``: upload larger blobs in chunks,
      in bytes (0: whole).
    - ``transport``: an httpx transport that sends all requests; it is not closed.
    - ``registry``: a registry in memory, or another, in place of all hosts; or a function that
      wraps them.
    - ``on_event``: gets progress as values of ``manyfest.events``, from several threads at once;
      keep it quick. What it raises ends the call, and comes out of it.

    Warnings go to the logger ``manyfest``; nothing is printed. Raises ConfigError: the environment
    cannot be used; InputError: an argument cannot be; StoreError: when the store is used.
    """

    def __init__(
        self,
        *,
        store: str | Path | None = None,
        offline: bool | None = None,
        insecure: bool | str | Iterable[str] = False,
        max_age: timedelta | float | None = None,
        stale_if_error: bool | None = None,
        credentials: Mapping[str, Login] | None = None,
        authfile: str | Path | None = None,
        jobs: int | None = None,
        timeout: timedelta | float | None = None,
        chunk_size: int | None = None,
        transport: "httpx.BaseTransport | None" = None,
        registry: "Registry | RegistryWrapper | None" = None,
        on_event: OnEvent = ignore,
        trust_env: bool = True,
    ) -> None:
        environment = inputs.variables(trust_env=trust_env)
        given = inputs.call_settings(
            environment,
            store=None if store is None else _store(store),
            offline=offline,
            max_age=None if max_age is None else _duration(max_age),
            stale_if_error=stale_if_error,
            jobs=_checked_jobs(jobs),
            seconds=_checked_seconds(timeout),
            chunk_size=_checked_size(chunk_size),
        )
        settings = settings_of(
            environment,
            **given,
            insecure=insecure is True,
            insecure_hosts=_hosts(insecure),
            logins=tuple(_login(name, login) for name, login in (credentials or {}).items()),
            only_auth_file=_file(authfile),
            transport=transport,
            wrap_registry=_wrapper(registry),
            hooks=Hooks(_logged_warning, _logged_note),
        )
        self._calls = Calls(settings, passing_errors(on_event))

    def __repr__(self) -> str:
        from manyfest.domain.encoding.shown_urls import safe_url

        store = self._calls.settings.store
        return f"<Client {store if isinstance(store, Path) else safe_url(store)}>"

    @cached_property
    def cache(self) -> Cache:
        """The store's own methods."""
        return Cache(self._calls)

    def close(self) -> None:
        """Close all connections and the store; calls that run in other threads finish first."""
        self._calls.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def inspect(
    name: Name,
    platform: PlatformName | None = None,
    *,
    store: str | Path | None = None,
    offline: bool | None = None,
    insecure: bool | str | Iterable[str] = False,
) -> Image:
    """Read the image or list ``name`` by a client of its own, which keeps no connection.

    For more than one call, make a ``Client``. Raises as ``Client.inspect``.
    """
    client = Client(store=store, offline=offline, insecure=insecure)
    client._calls.keeps = False  # noqa: SLF001 - nothing would close it
    return client.inspect(name, platform)


def _store(store: str | Path) -> str | Path:
    return store if isinstance(store, str) and "://" in store else Path(store).absolute()


def _hosts(insecure: bool | str | Iterable[str]) -> frozenset[str]:  # noqa: FBT001 -- a union
    if isinstance(insecure, bool):
        return frozenset()
    return frozenset((insecure,) if isinstance(insecure, str) else insecure)


def _login(name: str, login: Login) -> tuple[Repository, Credentials]:
    if isinstance(login, str):
        raise InputError(f"credentials: expected a pair of name and password for {name!r}")
    credentials = login if isinstance(login, Credentials) else Credentials(*login)
    if "/" not in name:
        return Repository(name, ""), credentials
    with suppress(InvalidReferenceError):
        home = Reference.parse(name).home
        if isinstance(home, Repository):
            return home, credentials
    raise InputError(f"credentials: {name!r} is neither a host nor a repository")


def _file(authfile: str | Path | None) -> Path | None:
    if authfile is not None and not Path(authfile).is_file():
        raise InputError(f"authfile: there is no file {authfile}")
    return None if authfile is None else Path(authfile)


def _checked_jobs(jobs: int | None) -> int | None:
    if jobs is not None and not 1 <= jobs <= MOST_JOBS:
        raise InputError(f"jobs: expected a number from 1 to {MOST_JOBS}, not {jobs!r}")
    return jobs


def _checked_seconds(timeout: timedelta | float | None) -> float | None:
    seconds = timeout.total_seconds() if isinstance(timeout, timedelta) else timeout
    if seconds is not None and not 0 < seconds < float("inf"):
        raise InputError(f"timeout: expected a positive number of seconds, not {timeout!r}")
    return seconds


def _duration(age: timedelta | float) -> timedelta:
    return age if isinstance(age, timedelta) else timedelta(seconds=age)


def _checked_size(chunk_size: int | None) -> int | None:
    if chunk_size is not None and chunk_size < 0:
        raise InputError(f"chunk_size: expected a number of bytes, not {chunk_size!r}")
    return chunk_size


def _wrapper(registry: "Registry | RegistryWrapper | None") -> RegistryWrapper | None:
    if registry is None or callable(registry):
        return registry
    return lambda _: registry


def _logged_warning(message: str) -> None:
    import logging

    logging.getLogger("manyfest").warning("%s", message)


def _logged_note(message: str) -> None:
    import logging

    logging.getLogger("manyfest").info("%s", message)
