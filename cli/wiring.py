"""The command line's half of the composition root: sessions that talk to a terminal.

``manyfest.assembly`` makes the ports; what it warns of goes to stderr, and signals spare what it
shields.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import TYPE_CHECKING, TypeVar

from attr import evolve

from manyfest.assembly.session import Resources
from manyfest.assembly.session import Session as Session  # noqa: PLC0414 -- for annotations
from manyfest.assembly.settings import Hooks, Settings
from manyfest.cli.output import note, warn

if TYPE_CHECKING:
    from manyfest.domain.access import AuthExplanation, Credentials
    from manyfest.domain.ports.housekeeping import Housekeeping
    from manyfest.domain.ports.login_store import LoginStore
    from manyfest.domain.ports.registry_access import RegistryAccess
    from manyfest.domain.references import Reference

_T = TypeVar("_T")


def _shown_pause(message: str, seconds: float) -> AbstractContextManager[None]:
    """Show a pause before a retry; most commands have none, and do not load the display."""
    from manyfest.cli.rendering.progress import shown_pause

    return shown_pause(message, seconds)


def _shielded(action: Callable[[], _T]) -> _T:
    from manyfest.cli.process.signals import SIGNAL_HANDLER

    return SIGNAL_HANDLER.shielded(action)


TERMINAL = Hooks(warn, note, _shown_pause, _shielded)


@contextmanager
def open_session(settings: Settings) -> Iterator[Session]:
    """Open the ports that ``settings`` describe; each is opened when it is first used.

    The end of the block closes every connection, and an error or Ctrl-C aborts them.
    Raises UnknownSchemeError, ConfigError: no usable adapter serves the store's scheme.
    """
    with ExitStack() as stack:
        yield Resources(evolve(settings, hooks=TERMINAL), stack).session(stack)


@contextmanager
def open_reading_session(settings: Settings) -> Iterator[Session]:
    """As ``open_session``, for calls that can do without a store unless they are offline."""
    with ExitStack() as stack:
        yield Resources(evolve(settings, hooks=TERMINAL), stack).reading_session(stack)


def open_housekeeping(
    settings: Settings, command: str, query_seconds: float | None = None
) -> "AbstractContextManager[Housekeeping]":
    """As ``stores.open_housekeeping``, at the terminal."""
    from manyfest.assembly import stores

    return stores.open_housekeeping(evolve(settings, hooks=TERMINAL), command, query_seconds)


def open_access(
    settings: Settings, credentials: "Credentials | None" = None
) -> "AbstractContextManager[RegistryAccess]":
    """As ``access.open_access``, at the terminal."""
    from manyfest.assembly import access

    return access.open_access(evolve(settings, hooks=TERMINAL), credentials)


def explain_access(settings: Settings, name: "Reference") -> "AuthExplanation":
    """As ``access.explain_access``, at the terminal."""
    from manyfest.assembly import access

    return access.explain_access(evolve(settings, hooks=TERMINAL), name)


def open_logins(settings: Settings) -> "LoginStore":
    """As ``access.open_logins``, at the terminal."""
    from manyfest.assembly import access

    return access.open_logins(evolve(settings, hooks=TERMINAL))
