"""The composition root: what a command works with, made of adapters and the store."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import evolve

from manyfest.cli.output import warn
from manyfest.cli.settings import Settings
from manyfest.domain.errors import ConfigError, DeadlineError, UnreachableError
from manyfest.store.store import open_store

# Ports are types and nothing else here; a command imports only those adapters that it uses.
if TYPE_CHECKING:
    from manyfest.adapters.deadline import Deadline
    from manyfest.cli.assembly.unconfirmed import UnconfirmedAnswers
    from manyfest.domain.access import Credentials
    from manyfest.domain.errors import StoreError
    from manyfest.domain.events import Event, OnEvent
    from manyfest.domain.history.observation import Observation
    from manyfest.domain.ports.content_store import ContentStore
    from manyfest.domain.ports.draft_book import DraftBook
    from manyfest.domain.ports.fan_out import FanOut
    from manyfest.domain.ports.layer_store import LayerStore
    from manyfest.domain.ports.login_store import LoginStore
    from manyfest.domain.ports.registry import Registry
    from manyfest.domain.ports.registry_access import RegistryAccess
    from manyfest.domain.ports.store import Store
    from manyfest.domain.references import Reference
    from manyfest.store.maintenance.housekeeping import Housekeeping


_LONGEST_LOCK = 10.0  # seconds to wait for another process


@contextmanager
def _deadline_errors(subject: str) -> Iterator[None]:
    """Where time runs out it is a DeadlineError that names the subject."""
    from manyfest.adapters.deadline import DeadlineExceededError

    try:
        yield
    except DeadlineExceededError as error:
        raise DeadlineError("", f"{subject}: {error}") from error


class Session:
    """The ports of one command (``domain.ports.Ports``), made of adapters and the store.

    A port is made, and its adapters are imported, when it is first used. The time that a command
    may take begins when a registry is first asked for.
    """

    def __init__(self, settings: Settings, store: "Store", stack: ExitStack) -> None:
        self.now = datetime.now(UTC)
        self.offline = settings.offline
        self.records_reads = not settings.offline
        self.drafts: DraftBook = store.drafts
        self.layers: LayerStore = store.layers
        self._settings = settings
        self._store = store
        self._stack = stack

    @cached_property
    def registry(self) -> "Registry":
        """Serves every reference."""
        from manyfest.cli.assembly.registries import RegistryFactory

        routes = RegistryFactory(
            self._settings,
            lambda: self._deadline,
            self._store,
            self._stack,
            self._answers,
            self.now,
        )
        return routes.registry()

    @cached_property
    def contents(self) -> "ContentStore":
        """The content store; what is ``unconfirmed`` is not observed anew in it."""
        from manyfest.adapters.decorators.confirmed_observations import ConfirmedObservations

        return ConfirmedObservations(self._store.contents, self._answers.observations)

    @property
    def unconfirmed(self) -> "Mapping[Reference, Observation]":
        """What is known from the store alone; grows as things are read."""
        return self._answers.observations

    @cached_property
    def fan_out(self) -> "FanOut":
        """The fan-out, in threads."""
        from manyfest.cli.assembly.thread_pool import ThreadFanOut

        return ThreadFanOut(self._settings.jobs, self._deadline.cancel)

    def pause(self, seconds: float) -> None:
        """Wait so long for what was put to show. Raises DeadlineError when no time is left."""
        with _deadline_errors("what was put does not show"):
            self._deadline.sleep(seconds)

    def checking_deadline(self, on_event: "OnEvent") -> "OnEvent":
        """``on_event``, which also ends copies that no server could: raises DeadlineError in them.

        Threads that copy from file to file notice by nothing else that their work was given up.
        """
        from manyfest.domain.events import BlobMoved

        def heard(event: "Event") -> None:
            on_event(event)
            if isinstance(event, BlobMoved):
                with _deadline_errors(str(event.blob)):
                    self._deadline.check_hard_limit()

        return heard

    def on_unrecorded(self, error: "StoreError") -> None:
        """Warn once that the store does not take what is read, and stop trying."""
        self.records_reads = False
        warn(f"not kept for --offline: {error}")

    def clock(self) -> datetime:
        """The time (UTC), for what is seen long after the command began."""
        return datetime.now(UTC)

    def restart_deadline(self) -> None:
        """Give the command all of its time again, unless a person said how much there is."""
        self._deadline.restart()

    @cached_property
    def _deadline(self) -> "Deadline":
        from manyfest.adapters.deadline import Deadline

        return Deadline(self._settings.seconds, hard=self._settings.seconds_are_hard)

    @cached_property
    def _answers(self) -> "UnconfirmedAnswers":
        from manyfest.cli.assembly.unconfirmed import UnconfirmedAnswers

        return UnconfirmedAnswers()


@contextmanager
def open_session(settings: Settings) -> Iterator[Session]:
    """The ports as ``settings`` wish them; nothing is opened before it is used.

    Leaving it ends every connection; leaving it by an error or Ctrl-C ends them at once.
    Raises UnknownSchemeError, ConfigError: the store is an adapter's, and there is none.
    """
    with ExitStack() as stack:
        store = stack.enter_context(closing(_open_store(settings)))
        yield Session(settings, store, stack)


@contextmanager
def open_housekeeping(settings: Settings) -> Iterator["Housekeeping"]:
    """What looks after the store; nothing is opened before it is used.

    Raises ConfigError: the store is an adapter's, which looks after it in its own way.
    """
    from manyfest.store.maintenance.housekeeping import housekeeping_of

    if not isinstance(settings.store, Path):
        raise ConfigError("MANYFEST_STORE", f"{settings.store} is not looked after from here")
    patience = min(_LONGEST_LOCK, settings.seconds)
    seconds = settings.seconds if settings.seconds_are_hard else None
    with (
        closing(open_store(settings.store, patience)) as store,
        closing(housekeeping_of(store, patience, seconds)) as housekeeping,
    ):
        yield housekeeping


@contextmanager
def open_access(
    settings: Settings, credentials: "Credentials | None" = None
) -> Iterator["RegistryAccess"]:
    """Open access to registries with these credentials, else with those that are configured.

    Raises UnreachableError: ``settings`` say offline.
    """
    from manyfest.adapters.deadline import Deadline
    from manyfest.cli.assembly.registries import account_of, http_registry, rules_of

    if settings.offline:
        raise UnreachableError("", "offline: no registry can be asked how it lets us in")
    deadline = Deadline(settings.seconds, hard=settings.seconds_are_hard)
    account = account_of(settings, deadline)
    if credentials is not None:
        account = evolve(account, credentials_for=lambda _: credentials)
    with http_registry(settings, deadline, account, rules_of(settings).is_insecure) as registry:
        yield registry.access


def open_logins(settings: Settings) -> "LoginStore":
    """Open the login store: docker's configuration, and the credential helpers that it names."""
    from manyfest.adapters.credentials.credential_helper import Helpers
    from manyfest.adapters.credentials.docker_login import DockerLogins
    from manyfest.adapters.credentials.helper_process import HelperLimits
    from manyfest.cli.process.signals import ENDINGS

    limits = HelperLimits(shield=ENDINGS.shielded)
    return DockerLogins(settings.docker_config, Helpers(limits))


def _open_store(settings: Settings) -> "Store":
    if isinstance(settings.store, Path):
        return open_store(settings.store, min(_LONGEST_LOCK, settings.seconds))
    from manyfest.cli.assembly.plugins import STORES, factory_for

    scheme = settings.store.partition("://")[0]
    store: Store = factory_for(STORES, scheme)(settings.store, settings)
    return store
