"""The fan-out of a command: one function over many items in a few threads."""

import sys
import time
from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Generic

from manyfest.assembly.settings import unshielded
from manyfest.domain.ports.fan_out import FanOut, Item, Result, sequential
from manyfest.domain.values import frozen

if TYPE_CHECKING:  # imported with the first pool; most commands need none
    from concurrent.futures import Future, ThreadPoolExecutor

_POLL_SECONDS = 0.1

# Of many items, one thread begins. If it computes for this share of the time, and takes so many
# items in a second, they wait for nothing and are small: more threads would only take turns at
# Python's lock, and need twice the time. What hashes large blobs, or waits, gets them all.
_MANY = 256
_BUSY = 0.6
_QUICK = 500
_FIRST_LOOK = 0.002  # seconds; then twice as long each
_LOOKS = 3  # that find otherwise, one after the other: another process may have the processor
_FIRST_ITEM = 0.5  # seconds that it may take, as it imports, or reads what all others need

# Address space in bytes: of a thread (its stack, and the arena that the C library reserves), and of
# the program without threads.
_PER_THREAD = 72 * 1024 * 1024
_WITHOUT_THREADS = 192 * 1024 * 1024


class NoThreadError(OSError):
    """The system starts no thread more."""

    case = "no-thread"


def _nothing() -> None:
    """Do nothing."""


@frozen
class ThreadFanOut(FanOut):
    """Runs up to ``jobs`` threads; ``cancel`` ends their waiting when one of them fails.

    A single item is processed in the calling thread, where Ctrl-C arrives by itself. Where the
    address space is limited (``ulimit -v``), there are fewer threads: a thread that has no memory
    for its first steps leaves the one that starts it waiting for ever (CPython, ``Thread.start``).
    Many items that wait for nothing, as where files or the store are read, stay in one thread.
    ``shield`` keeps signals from the start and the end of threads. The calling thread does what
    ``meanwhile`` says before it waits for the others.
    """

    jobs: int
    cancel: Callable[[], None]
    shield: Callable[[Callable[[], Any]], Any] = unshielded
    meanwhile: Callable[[], object] = _nothing

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

        work = _Work(function, items)
        with ThreadPoolExecutor(threads) as pool:
            try:
                # The pool cannot join a thread whose start a signal interrupted.
                begun = threads if len(items) < _MANY else 1
                futures = self.shield(partial(_started, pool, work, begun))
                self.meanwhile()
                if begun < threads and not _is_enough_alone(work, futures[0]):
                    futures += self.shield(partial(_started, pool, work, threads - begun))
                _await(futures)
                return work.results()
            except BaseException:
                self.shield(partial(self._give_up, pool, work))
                raise

    def _give_up(self, pool: "ThreadPoolExecutor", work: "_Work[Any, Any]") -> None:
        work.stop()
        pool.shutdown(wait=False, cancel_futures=True)
        self.cancel()


class _Work(Generic[Item, Result]):
    """The items of one call. Its threads take the next one each, until one of them fails.

    A list may have 40,000 entries: a future for each would take more time and memory than most of
    what is done with it.
    """

    def __init__(self, function: Callable[[Item], Result], items: Sequence[Item]) -> None:
        self._function = function
        self._items = items
        self._next = iter(range(len(items)))  # a step of it is atomic
        self._results: dict[int, Result] = {}
        self._failures: dict[int, BaseException] = {}
        self._is_stopped = False

    def take_all(self, _: int) -> None:
        """Process items until there are none left; in each of the threads."""
        for number in self._next:
            if self._is_stopped:
                return
            try:
                self._results[number] = self._function(self._items[number])
            except BaseException as error:
                self._failures[number] = error
                self.stop()
                raise

    @property
    def finished(self) -> int:
        """The number of items that have results."""
        return len(self._results)

    def stop(self) -> None:
        """Take no further item."""
        self._is_stopped = True

    def results(self) -> tuple[Result, ...]:
        """Return the results in the order of the items. Raises the failure that comes first."""
        if self._failures:
            raise self._failures[min(self._failures)]
        return tuple(self._results[number] for number in range(len(self._items)))


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


def _started(
    pool: "ThreadPoolExecutor", work: _Work[Any, Any], threads: int
) -> "list[Future[None]]":
    """Start the threads. Raises NoThreadError: the system cannot start another one."""
    try:
        return [pool.submit(work.take_all, number) for number in range(threads)]
    except RuntimeError as error:
        raise NoThreadError("no more threads can be started") from error


def _is_enough_alone(work: _Work[Any, Any], only: "Future[None]") -> bool:
    """Wait while the only thread computes quick items; return False if it does not for a while."""
    from concurrent.futures import wait

    pause, failed, begin = _FIRST_LOOK, 0, time.monotonic()
    while True:
        finished, used = work.finished, time.process_time()
        wait([only], pause)
        if only.done():
            return True
        is_first = not work.finished and time.monotonic() - begin < _FIRST_ITEM
        is_quick = is_first or work.finished - finished >= _QUICK * pause
        is_enough = is_quick and time.process_time() - used >= _BUSY * pause
        failed = 0 if is_enough else failed + 1
        if failed == _LOOKS:
            return False
        pause = min(2 * pause, _POLL_SECONDS)


def _await(futures: "Sequence[Future[None]]") -> None:
    """Wait until all are done or one has failed.

    Polls, because Python handles signals only between waits.
    """
    from concurrent.futures import FIRST_EXCEPTION, wait

    pending: Collection[Future[None]] = futures
    while pending:
        done, pending = wait(pending, _POLL_SECONDS, FIRST_EXCEPTION)
        if any(future.exception() for future in done):
            return
