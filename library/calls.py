"""The sessions of a client's calls: one each, over connections that stay open.

Theory of operation. Each call gets a session of its own: its clock, its deadline, and its answers
(a tag is asked for again by each call). Under it are resources, a store and connections, which one
session at a time uses. A call takes idle resources, or opens new ones if other threads use them
all, and gives them back. So a client has as many as there were calls at once, and threads share
nothing but the list of what is idle. After a failure that cancelled the connections, as a parallel
read does, they are closed instead.

What the caller's ``on_event`` raises ends the call, and is raised from it. On the way it is no
``Exception``, so that no layer takes it for an error of its own: a ValueError in a transfer would
be that of an address, and one of many tags would fail and not the call.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from threading import Lock
from typing import TYPE_CHECKING

from attr import define, field

from manyfest.assembly.session import Resources, Session
from manyfest.assembly.settings import Settings

if TYPE_CHECKING:
    from manyfest.domain.events import Event, OnEvent


class _CallbackError(BaseException):
    """The ``error`` that ``on_event`` raised."""

    def __init__(self, error: Exception) -> None:
        super().__init__(error)
        self.error = error


def passing_errors(on_event: "OnEvent") -> "OnEvent":
    """Wrap ``on_event``, so that what it raises ends the call of a ``Calls``, and is raised."""

    def told(event: "Event") -> None:
        try:
            on_event(event)
        except Exception as error:
            raise _CallbackError(error) from error

    return told


@define
class _Kept:
    resources: Resources
    stack: ExitStack


@define
class Calls:
    """Opens sessions by ``settings``; progress goes to ``on_event``. Thread-safe.

    Without ``keeps``, connections are closed after each call.
    """

    settings: Settings
    on_event: "OnEvent"
    keeps: bool = True
    _idle: list[_Kept] = field(factory=list, init=False)
    _lock: Lock = field(factory=Lock, init=False)
    _is_closed: bool = field(default=False, init=False)

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Open a session for a call whose result is in the store. Raises RuntimeError: closed."""
        with self._taken() as kept, ExitStack() as stack:
            yield kept.resources.session(stack)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """As ``writing``, for a call that can do without a store. Raises RuntimeError: closed."""
        with self._taken() as kept, ExitStack() as stack:
            yield kept.resources.reading_session(stack)

    def close(self) -> None:
        """Close what is idle, and the rest when its calls end. A second time does nothing."""
        with self._lock:
            self._is_closed = True
            idle, self._idle = self._idle, []
        for kept in idle:
            kept.stack.close()

    @contextmanager
    def _taken(self) -> Iterator[_Kept]:
        kept = self._take()
        try:
            yield kept
        except BaseException as error:
            if not isinstance(error, Exception) or not kept.resources.renew():
                kept.stack.__exit__(type(error), error, error.__traceback__)
            else:
                self._give_back(kept)
            if isinstance(error, _CallbackError):
                raise error.error from None
            raise
        self._give_back(kept)

    def _take(self) -> _Kept:
        with self._lock:
            if self._is_closed:
                raise RuntimeError("this client is closed")
            if self._idle:
                return self._idle.pop()
        stack = ExitStack()
        return _Kept(Resources(self.settings, stack), stack)

    def _give_back(self, kept: _Kept) -> None:
        is_usable = kept.resources.renew()
        with self._lock:
            is_kept = self.keeps and is_usable and not self._is_closed
            if is_kept:
                self._idle.append(kept)
        if not is_kept:
            kept.stack.close()
