"""Single flight: one thread makes a call, and others share its result.

Theory of operation (named after Go's ``golang.org/x/sync/singleflight``). The first thread that
asks for a key puts a future under it and runs the call; threads that come meanwhile wait for that
future. The key is forgotten *before* the future is set, so a thread that got the result and asks
again starts a new call. An error, Ctrl-C included, is raised in every waiting thread. Nothing is
cached here.
"""

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Generic, TypeVar

Result = TypeVar("Result")


class SingleFlight(Generic[Result]):
    """Runs at most one call per key at a time.

    A caller that comes while it runs shares its outcome. With ``keeps_outcomes`` an outcome, result
    or error, is also shared by all later callers. Thread-safe.
    """

    def __init__(self, *, keeps_outcomes: bool = False) -> None:
        self._keeps_outcomes = keeps_outcomes
        self._lock = threading.Lock()
        self._flights: dict[Hashable, Future[Result]] = {}

    def do(self, key: Hashable, fetch: Callable[[], Result]) -> Result:
        """Return the result of ``fetch()``, or of the running call for ``key``.

        Raises what that call raises.
        """
        with self._lock:
            flight = self._flights.get(key)
            ours = flight is None
            if flight is None:
                flight = self._flights[key] = Future()
        if ours:
            self._run(key, flight, fetch)
        return flight.result()

    def _run(self, key: Hashable, flight: Future[Result], fetch: Callable[[], Result]) -> None:
        try:
            result = fetch()
        except BaseException as error:  # noqa: BLE001 - result() raises it, in every thread
            self._forget(key)
            flight.set_exception(error)
        else:
            self._forget(key)
            flight.set_result(result)

    def _forget(self, key: Hashable) -> None:
        if self._keeps_outcomes:
            return
        with self._lock:
            del self._flights[key]
