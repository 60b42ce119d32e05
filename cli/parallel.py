"""The fan-out of a command: the same function over many items in a few threads."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from attrs import frozen

from manyfest.domain.operations.each import Each, Item, Result, one_by_one

if TYPE_CHECKING:  # most commands do one thing at a time
    from concurrent.futures import Future, ThreadPoolExecutor


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
        from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait

        with ThreadPoolExecutor(min(self.jobs, len(items))) as pool:
            try:
                futures = _submitted(pool, function, items)
                wait(futures, return_when=FIRST_EXCEPTION)
                return tuple(_first_failure_or_results(futures))
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                self.cancel()
                raise


def _submitted(
    pool: "ThreadPoolExecutor", function: Callable[[Item], Result], items: Sequence[Item]
) -> "list[Future[Result]]":
    try:
        return [pool.submit(function, item) for item in items]
    except RuntimeError as error:  # the system has no process or no memory left for a thread
        raise OSError("no more threads can be started; --jobs 1 does with one") from error


def _first_failure_or_results(futures: "Sequence[Future[Result]]") -> list[Result]:
    for future in futures:
        if future.done() and (error := future.exception()) is not None:
            raise error
    return [future.result() for future in futures]
