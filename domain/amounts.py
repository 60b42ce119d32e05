"""Amounts: how many things, and how many bytes they are together."""

from collections.abc import Iterable

from attrs import frozen


@frozen
class CountAndBytes:
    """So many things, of so many bytes together."""

    number: int = 0
    size: int = 0

    @classmethod
    def of(cls, sizes: Iterable[int]) -> "CountAndBytes":
        """As many as there are ``sizes``."""
        all_sizes = tuple(sizes)
        return cls(len(all_sizes), sum(all_sizes))

    def __add__(self, other: "CountAndBytes") -> "CountAndBytes":
        return CountAndBytes(self.number + other.number, self.size + other.size)
