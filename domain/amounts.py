"""Amounts: how many things, and how many bytes they are together."""

from collections.abc import Iterable

from attrs import frozen


@frozen
class Amount:
    """So many things, of so many bytes together."""

    number: int = 0
    size: int = 0

    @classmethod
    def of(cls, sizes: Iterable[int]) -> "Amount":
        """As many as there are ``sizes``."""
        all_sizes = tuple(sizes)
        return cls(len(all_sizes), sum(all_sizes))

    def __add__(self, other: "Amount") -> "Amount":
        return Amount(self.number + other.number, self.size + other.size)
