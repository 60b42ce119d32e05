"""Doing the same for many: the form of the fan-out that operations are handed."""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class FanOut(Protocol):
    """Applies a function to every item, perhaps in several threads.

    Gives the results in the order of the items. When one fails, the others are given up and its
    error is raised, once no thread is at work any more.
    """

    def __call__(
        self, function: Callable[[Item], Result], items: Sequence[Item], /
    ) -> tuple[Result, ...]:
        """The results of ``function``, in the order of ``items``."""
        ...


def sequential(function: Callable[[Item], Result], items: Sequence[Item], /) -> tuple[Result, ...]:
    """The plain way, in the calling thread."""
    return tuple(map(function, items))
