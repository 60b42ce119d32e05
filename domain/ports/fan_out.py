"""Apply one function to many items, perhaps in parallel."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Generic, Protocol, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class FanOut(Protocol):
    """Applies a function to every item, perhaps in several threads.

    Returns the results in the order of the items. When one call fails, the others are cancelled,
    and its error is raised once no thread works any more.
    """

    def __call__(
        self, function: Callable[[Item], Result], items: Sequence[Item], /
    ) -> tuple[Result, ...]:
        """Return the results of ``function``, in the order of ``items``."""
        ...


def sequential(function: Callable[[Item], Result], items: Sequence[Item], /) -> tuple[Result, ...]:
    """Call ``function`` for one item after the other, in the calling thread."""
    return tuple(map(function, items))


class Remembered(Generic[Item, Result]):
    """A ``function`` of many items as ``calls``, to be made beside others, once each."""

    def __init__(self, function: Callable[[Item], Result], items: Sequence[Item]) -> None:
        self._results: dict[int, Result] = {}
        self.calls = [partial(self._call, function, *item) for item in enumerate(items)]

    @property
    def results(self) -> tuple[Result, ...]:
        """The results, in the order of the items, once all calls were made."""
        return tuple(self._results[number] for number in range(len(self.calls)))

    def _call(self, function: Callable[[Item], Result], number: int, item: Item) -> None:
        self._results[number] = function(item)
