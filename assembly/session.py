"""The composition root: makes the ports of a session from adapters and store."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from manyfest.assembly.settings import Hooks, Settings
from manyfest.domain.errors import StoreError
from manyfest.store.store import open_store

# Ports are only types here. Adapters are imported inside the functions that make them, so that a
# command imports just those it uses (ADR 0009): an HTTP client takes longer than all of ``ls``.
if TYPE_CHECKING:
    from manyfest.adapters.deadline import Deadline
    from manyfest.assembly.http_registries import HttpRegistries
    from manyfest.assembly.registries import RegistryFactory
    from manyfest.assembly.unconfirmed import UnconfirmedAnswers
    from manyfest.domain.events import Event, OnEvent
    from manyfest.domain.history.observation import Observation
    from manyfest.domain.ports.content_store import ContentStore
    from manyfest.domain.ports.draft_book import DraftBook
    from manyfest.domain.ports.fan_out import FanOut, Item
    from manyfest.domain.ports.layer_store import LayerStore
    from manyfest.domain.ports.registry import Registry
    from manyfest.domain.ports.registry_access import TagRecords
    from manyfest.domain.ports.store import Store
    from manyfest.domain.references import Home, Reference, Repository

_NOWHERE = Path("/nonexistent/manyfest/store.db")  # no file, so an empty store


class Session:
    """The ports of one command (``domain.ports.Ports``), made of adapters and the store.

    A port is made, and its adapters are imported, when it is first used. The deadline starts with
    the first use of a registry.
    """

    def __init__(self, resources: "Resources", store: "Store", stack: ExitStack) -> None:
        self._began = datetime.now(UTC)
        self._settings = resources.settings
        self.offline = self._settings.offline
        self.records_reads = not self.offline
        self._resources = resources
        self._store = store
        self._stack = stack
        self._load: Callable[[], object] = lambda: None

    @property
    def now(self) -> datetime:
        """The time (UTC) at which the command began, by the clocks of the registries it asked."""
        return self._began + self._clock_correction

    @cached_property
    def registry(self) -> "Registry":
        """The registry that serves every reference."""
        return self._registries.registry()

    @property
    def tag_records(self) -> "TagRecords":
        """The records that servers keep of the past of tags. Raises UnreachableError: offline."""
        return self._registries.tag_records(self.fan_out)

    @cached_property
    def origins(self) -> "Registry":
        """The registries themselves, without the store and mirrors, to prove what they have."""
        return self._registries.origins()

    def within_threads(self) -> "Session":
        """Return this session for calls from several threads: each makes its own in sequence.

        Work that they share is done once. Only the registry is shared, not the store's writes.
        """
        from manyfest.adapters.decorators.shared_work import SharedWork
        from manyfest.domain.ports.fan_out import sequential

        return self._with(registry=SharedWork(self.registry), fan_out=sequential)

    def through(self, mirror: "Repository") -> "Session":
        """Return this session with registries as ``mirror`` has them; their tags are no history."""
        return self._with(registry=self._registries.through(mirror), records_reads=False)

    def filling(self) -> "Session":
        """Return this session with a registry that is asked again for what it lacks."""
        from manyfest.adapters.decorators.through import FillingRegistry

        return self._with(registry=FillingRegistry(self.registry, self.pause))

    def _with(self, **ports: object) -> "Session":
        from copy import copy

        other = copy(self)
        other.__dict__ |= ports
        return other

    def connect_early(
        self, read: "Sequence[Reference]", written: "Sequence[Reference]" = ()
    ) -> None:
        """Begin to connect to the hosts that reads and writes of these references ask first.

        For a command that goes on with exactly these requests: connections are opened while it
        imports the rest, and nothing is sent (ADR 0042). A second call does nothing.
        """
        self._registries.connect_early(read, written)

    @property
    def pulls_left(self) -> "Mapping[str, tuple[str, str]]":
        """The pulls that hosts say are left, and their limits, as they send them."""
        return self._registries.pulls_left

    @cached_property
    def _registries(self) -> "RegistryFactory":
        from manyfest.assembly.registries import RegistryFactory

        ours = self._resources, self._store, self._stack
        return RegistryFactory(*ours, self._answers, self._began)

    @property
    def hooks(self) -> "Hooks":
        """The calls that tell the driver what is no result and no error."""
        return self._settings.hooks

    @property
    def drafts(self) -> "DraftBook":
        """The draft book of the store."""
        return self._store.drafts

    @property
    def layers(self) -> "LayerStore":
        """The layer store of the store."""
        return self._store.layers

    @cached_property
    def contents(self) -> "ContentStore":
        """The content store; it ignores new observations of ``unconfirmed`` tags."""
        from manyfest.adapters.decorators.confirmed_observations import ConfirmedObservations

        return ConfirmedObservations(self._store.contents, self._answers.observations)

    @property
    def unconfirmed(self) -> "Mapping[Reference, Observation]":
        """The observations that answered in place of a registry so far, by reference."""
        return self._answers.observations

    @cached_property
    def fan_out(self) -> "FanOut":
        """The fan-out, with as many threads as there are jobs."""
        from manyfest.assembly.thread_pool import ThreadFanOut

        jobs, cancel = self._settings.jobs, self._deadline.cancel
        return ThreadFanOut(jobs, cancel, self.hooks.shield, lambda: self._load())  # noqa: PLW0108

    def load_while_waiting(self, load: "Callable[[], object]") -> None:
        """Have ``load`` import what a command needs later, while threads wait for registries."""
        self._load = load

    def pause(self, seconds: float) -> None:
        """Wait for a registry to show a write. Raises DeadlineError when no time is left."""
        from manyfest.adapters.deadline import deadline_errors

        with deadline_errors("what was put does not show"):
            self._deadline.sleep(seconds)

    def checking_deadline(self, on_event: "OnEvent") -> "OnEvent":
        """Wrap ``on_event`` to raise DeadlineError in a blob's transfer when time is up.

        A copy from file to file waits for no server, so no other check would ever end it.
        """
        from manyfest.domain.events import BlobMoved

        def checked(event: "Event") -> None:
            on_event(event)
            if isinstance(event, BlobMoved):
                self.check_deadline(str(event.blob))

        return checked

    def check_deadline(self, subject: str) -> None:
        """Raise DeadlineError about ``subject`` when the time that a user set is up."""
        from manyfest.adapters.deadline import deadline_errors

        with deadline_errors(subject):
            self._deadline.check_hard_limit()

    def on_unrecorded(self, error: StoreError) -> None:
        """Warn once that the store does not take what is read, and stop trying."""
        self.records_reads = False
        self.hooks.warn(f"not cached: {error}")

    def clock(self) -> datetime:
        """Return the current time (UTC), for observations late in a long command."""
        return datetime.now(UTC) + self._clock_correction

    def registry_clock(self, home: "Home") -> datetime:
        """Return the current time (UTC) by the clock of the home's registry, if it told it."""
        host = getattr(home, "registry", "")
        return datetime.now(UTC) + self._resources.clock_offsets.get(host, self._clock_correction)

    @property
    def _clock_correction(self) -> timedelta:
        if not self._resources.clock_offsets:
            return timedelta()
        from manyfest.domain.history.observation import clock_correction

        return clock_correction(tuple(self._resources.clock_offsets.values()))

    def restart_deadline(self) -> None:
        """Restart the deadline, unless it was given with ``--timeout``."""
        self._deadline.restart()

    def slices(self, items: "Sequence[Item]", size: int = 128) -> "Iterator[Sequence[Item]]":
        """Yield ``items`` in slices; the deadline restarts after the work on each."""
        for start in range(0, len(items), size):
            yield items[start : start + size]
            self.restart_deadline()

    @property
    def _deadline(self) -> "Deadline":
        return self._resources.deadline

    @cached_property
    def _answers(self) -> "UnconfirmedAnswers":
        from manyfest.assembly.unconfirmed import UnconfirmedAnswers

        return UnconfirmedAnswers(self._began, self.hooks.warn)


class Resources:
    """The store and the connections of one session after another; closing ``stack`` closes them.

    Two sessions at once need resources each: a deadline is one session's.
    """

    def __init__(self, settings: Settings, stack: ExitStack) -> None:
        self.settings = settings
        self.clock_offsets: dict[str, timedelta] = {}  # of the registries asked, by host
        self._stack = stack
        self._store = stack.enter_context(closing(open_store_of(settings)))

    @cached_property
    def deadline(self) -> "Deadline":
        """The deadline of the session; it starts when it is first used."""
        from manyfest.adapters.deadline import Deadline

        return Deadline(self.settings.seconds, hard=self.settings.seconds_are_hard)

    @cached_property
    def over_http(self) -> "HttpRegistries":
        """The registries over HTTP, with their connections."""
        from manyfest.assembly.http_registries import HttpRegistries

        ours = self.settings, self.deadline, self._stack
        hosts = getattr(self._store, "hosts", None)
        return HttpRegistries(*ours, datetime.now(UTC), self.clock_offsets, hosts)

    def renew(self) -> bool:
        """Give the next session all its time; return False if its connections are cancelled."""
        self.deadline.renew()
        return not self.deadline.is_cancelled

    def session(self, stack: ExitStack) -> Session:
        """Return a session; closing ``stack`` closes the archives that it opens."""
        return Session(self, self._store, stack)

    def reading_session(self, stack: ExitStack) -> Session:
        """As ``session``, but without a store that cannot be opened, unless it is offline.

        As in a container whose user does not own HOME: then a warning says so.
        """
        if self.settings.offline or not (fault := _fault_of(self._store)):
            return self.session(stack)
        is_file = isinstance(self.settings.store, Path)
        advice = " (set MANYFEST_STORE to a path that can be written)" if is_file else ""
        self.settings.hooks.warn(f"{fault}; continuing without it{advice}")
        session = Session(self, open_store(_NOWHERE), stack)
        session.records_reads = False
        return session


def _fault_of(store: "Store") -> StoreError | None:
    """Return the error of opening the store, if it can be checked and cannot be opened."""
    try:
        getattr(store, "check_opens", lambda: None)()
    except StoreError as error:
        return error
    return None


def open_store_of(settings: Settings) -> "Store":
    """Open the store that ``settings`` name. Raises UnknownSchemeError, ConfigError."""
    if isinstance(settings.store, Path):
        return open_store(settings.store, settings.lock_seconds)
    from manyfest.assembly.stores import open_url

    return open_url(settings.store, settings)
