"""A gate that knows how many requests each round trip of a command has."""

import threading

from tests.support.http.http_messages import Answer, Request


class Rounds:
    """Answers the requests of a round once all of them are there; 404 if some do not come."""

    def __init__(self, sizes: tuple[int, ...]) -> None:
        self._lock = threading.Lock()
        self._left = [each for size in sizes for each in [threading.Barrier(size)] * size]

    def __call__(self, _request: Request) -> Answer | None:
        with self._lock:
            barrier = self._left.pop(0)
        try:
            barrier.wait(timeout=120)
        except threading.BrokenBarrierError:
            return Answer(404)
        return None
