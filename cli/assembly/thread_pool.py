"""The fan-out of a command: the same function over many items in a few threads."""

from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import TYPE_CHECKING

from attrs import frozen

from manyfest.cli.process.signals import ENDINGS
from manyfest.domain.ports.fan_out import FanOut, Item, Result, sequential

if TYPE_CHECKING:  # most commands do one thing at a time
    from concurrent.futures import Future, ThreadPoolExecutor

_TURN = 0.1  # seconds


@frozen
class ThreadFanOut(FanOut):
    """Up to ``jobs`` threads at a time; ``cancel`` ends what they wait for when one has failed.

    A single item is done in the calling thread, where Ctrl-C arrives by itself.
    """

    jobs: int
    cancel: Callable[[], None]

    def __call__(
        self, function: Callable[[Item], Result], items: Sequence[Item], /
    ) -> tuple[Result, ...]:
        """As ``Each`` promises."""
        if min(self.jobs, len(items)) <= 1:
            return sequential(function, items)
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(min(self.jobs, len(items))) as pool:
            try:
                # A thread whose start a signal broke into would be joined by nobody.
                futures = ENDINGS.shielded(partial(_submitted, pool, function, items))
                _await(futures)
                return tuple(_first_failure_or_results(futures))
            except BaseException:
                ENDINGS.shielded(partial(self._give_up, pool))
                raise

    def _give_up(self, pool: "ThreadPoolExecutor") -> None:
        pool.shutdown(wait=False, cancel_futures=True)
        self.cancel()


def _submitted(
    pool: "ThreadPoolExecutor", function: Callable[[Item], Result], items: Sequence[Item]
) -> "list[Future[Result]]":
    """Raises OSError if the system has no process or no memory left for a thread."""
    try:
        return [pool.submit(function, item) for item in items]
    except RuntimeError as error:
        raise OSError("no more threads can be started; --jobs 1 does with one") from error


def _await(futures: "Sequence[Future[Result]]") -> None:
    """Until all are done, or one has failed; a signal just before a turn is seen after it."""
    from concurrent.futures import FIRST_EXCEPTION, wait

    going_on: Collection[Future[Result]] = futures
    while going_on:
        done, going_on = wait(going_on, _TURN, FIRST_EXCEPTION)
        if any(future.exception() for future in done):
            return


def _first_failure_or_results(futures: "Sequence[Future[Result]]") -> list[Result]:
    for future in futures:
        if future.done() and (error := future.exception()) is not None:
            raise error
    return [future.result() for future in futures]
