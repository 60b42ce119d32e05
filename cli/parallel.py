"""The fan-out of a command: the same function over many items in a few threads."""

from collections.abc import Callable, Collection, Sequence
from functools import partial
from signal import SIG_BLOCK, SIG_SETMASK, pthread_sigmask
from typing import TYPE_CHECKING

from attrs import frozen

from manyfest.cli.endings import SIGNALS
from manyfest.domain.operations.each import Each, Item, Result, one_by_one

if TYPE_CHECKING:  # most commands do one thing at a time
    from concurrent.futures import Future, ThreadPoolExecutor

_TURN = 0.1  # seconds


@frozen
class Threads(Each):
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
            return one_by_one(function, items)
        from concurrent.futures import ThreadPoolExecutor

        # Threads inherit what is blocked where they are started, and programs from them.
        hear_as_before = partial(pthread_sigmask, SIG_SETMASK, pthread_sigmask(SIG_BLOCK, ()))
        with ThreadPoolExecutor(min(self.jobs, len(items)), initializer=hear_as_before) as pool:
            try:
                futures = _submitted(pool, function, items)
                _await(futures)
                return tuple(_first_failure_or_results(futures))
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                self.cancel()
                raise


def _submitted(
    pool: "ThreadPoolExecutor", function: Callable[[Item], Result], items: Sequence[Item]
) -> "list[Future[Result]]":
    """Signals wait meanwhile: a thread whose start they broke into would be joined by nobody."""
    mask = pthread_sigmask(SIG_BLOCK, SIGNALS)
    try:
        return [pool.submit(function, item) for item in items]
    except RuntimeError as error:  # the system has no process or no memory left for a thread
        raise OSError("no more threads can be started; --jobs 1 does with one") from error
    finally:
        pthread_sigmask(SIG_SETMASK, mask)


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
