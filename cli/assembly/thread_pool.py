"""The fan-out of a command: one function over many items in a few threads."""

import sys
from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import TYPE_CHECKING

from manyfest.cli.process.signals import SIGNAL_HANDLER
from manyfest.domain.ports.fan_out import FanOut, Item, Result, sequential
from manyfest.domain.values import frozen

if TYPE_CHECKING:  # imported with the first pool; most commands need none
    from concurrent.futures import Future, ThreadPoolExecutor

_POLL_SECONDS = 0.1

# Address space in bytes: of a thread (its stack, and the arena that the C library reserves), and of
# the program without threads.
_PER_THREAD = 72 * 1024 * 1024
_WITHOUT_THREADS = 192 * 1024 * 1024


@frozen
class ThreadFanOut(FanOut):
    """Runs up to ``jobs`` threads; ``cancel`` ends their waiting when one of them fails.

    A single item is processed in the calling thread, where Ctrl-C arrives by itself. Where the
    address space is limited (``ulimit -v``), there are fewer threads: a thread that has no memory
    for its first steps leaves the one that starts it waiting for ever (CPython, ``Thread.start``).
    """

    jobs: int
    cancel: Callable[[], None]

    def __call__(
        self, function: Callable[[Item], Result], items: Sequence[Item], /
    ) -> tuple[Result, ...]:
        """See ``FanOut``."""
        threads = min(self.jobs, len(items))
        if threads > 1:
            threads = min(threads, _affordable_threads())
        if threads <= 1:
            return sequential(function, items)
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(threads) as pool:
            try:
                # The pool cannot join a thread whose start a signal interrupted.
                futures = SIGNAL_HANDLER.shielded(partial(_submitted, pool, function, items))
                _await(futures)
                return tuple(_first_failure_or_results(futures))
            except BaseException:
                SIGNAL_HANDLER.shielded(partial(self._give_up, pool))
                raise

    def _give_up(self, pool: "ThreadPoolExecutor") -> None:
        pool.shutdown(wait=False, cancel_futures=True)
        self.cancel()


def has_thread_limit() -> bool:
    """Return whether the address space is limited, and so the number of threads."""
    return _affordable_threads() < sys.maxsize


def _affordable_threads() -> int:
    """Return how many threads the limit of the address space has room for; at least one."""
    import resource

    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit == resource.RLIM_INFINITY:
        return sys.maxsize
    return max(1, (limit - _WITHOUT_THREADS) // _PER_THREAD)


def _submitted(
    pool: "ThreadPoolExecutor", function: Callable[[Item], Result], items: Sequence[Item]
) -> "list[Future[Result]]":
    """Submit all items. Raises OSError: the system cannot start another thread."""
    try:
        return [pool.submit(function, item) for item in items]
    except RuntimeError as error:
        raise OSError("no more threads can be started; --jobs 1 does with one") from error


def _await(futures: "Sequence[Future[Result]]") -> None:
    """Wait until all are done or one has failed.

    Polls, because Python handles signals only between waits.
    """
    from concurrent.futures import FIRST_EXCEPTION, wait

    pending: Collection[Future[Result]] = futures
    while pending:
        done, pending = wait(pending, _POLL_SECONDS, FIRST_EXCEPTION)
        if any(future.exception() for future in done):
            return


def _first_failure_or_results(futures: "Sequence[Future[Result]]") -> list[Result]:
    for future in futures:
        if future.done() and (error := future.exception()) is not None:
            raise error
    return [future.result() for future in futures]
