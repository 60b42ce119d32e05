"""The fan-out of a command: the same function over many items in a few threads."""

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait

from attrs import frozen

from manyfest.domain.operations.each import Each, Item, Result, one_by_one


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
        with ThreadPoolExecutor(min(self.jobs, len(items))) as pool:
            futures = [pool.submit(function, item) for item in items]
            try:
                wait(futures, return_when=FIRST_EXCEPTION)
                return tuple(_first_failure_or_results(futures))
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                self.cancel()
                raise


def _first_failure_or_results(futures: Sequence[Future[Result]]) -> list[Result]:
    for future in futures:
        if future.done() and (error := future.exception()) is not None:
            raise error
    return [future.result() for future in futures]
