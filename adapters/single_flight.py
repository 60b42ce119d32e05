"""Single flight: of several threads that want the same thing, one fetches it and all get it."""

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Generic, TypeVar

Result = TypeVar("Result")


class SingleFlight(Generic[Result]):
    """Runs of which there is one at a time per key; who comes meanwhile shares its outcome."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._flights: dict[Hashable, Future[Result]] = {}

    def do(self, key: Hashable, fetch: Callable[[], Result]) -> Result:
        """What ``fetch()`` gives, or the run that is under way; raises what that raises."""
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
        with self._lock:
            del self._flights[key]
