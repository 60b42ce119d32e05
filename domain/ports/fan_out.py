"""Apply one function to many items, perhaps in parallel."""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

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
