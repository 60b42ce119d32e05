"""Rows and columns of a table as ``--filter``, ``--sort``, ``--columns`` and ``-q`` choose them."""

import re
from collections.abc import Callable, Iterable, Sequence
from fnmatch import fnmatchcase
from typing import Any, Protocol, TypeVar

from manyfest.domain.errors import InputError
from manyfest.domain.values import frozen

T = TypeVar("T")

_FILTER = re.compile(r"([^=!]+)(!?=)(.*)", re.DOTALL)


class Compared(Protocol):
    """The facts about a column by which rows are chosen (``table.Column``)."""

    @property
    def heading(self) -> str:
        """The text above it, which options name."""

    @property
    def text(self) -> Callable[[Any], str]:
        """The text of a cell."""

    @property
    def key(self) -> Callable[[Any], Any] | None:
        """The value of a cell that is compared, if it is not the text."""


C = TypeVar("C", bound=Compared)


@frozen
class _Filter:
    """A pattern that a column's text, or one of its items, must match, or must not."""

    column: Compared
    pattern: str
    excludes: bool

    def __call__(self, item: Any) -> bool:
        text = self.column.text(item).casefold()
        matches = any(fnmatchcase(part, self.pattern) for part in (text, *text.split(", ")))
        return matches is not self.excludes


def items_selected(
    items: Iterable[T], columns: Sequence[Compared], filters: Sequence[str], sort: str | None
) -> Iterable[T]:
    """Return the items that match all filters, sorted by a column if one is named.

    Raises InputError: a column is unknown, or a filter is malformed.
    """
    tests = [_filter(text, columns) for text in filters]
    found = (item for item in items if all(test(item) for test in tests))
    if sort is None:
        return found
    column = _column(sort.removeprefix("-"), columns, "--sort")
    key = column.key or (lambda item: column.text(item).casefold())
    return sorted(found, key=key, reverse=sort.startswith("-"))


def columns_named(names: str, columns: Sequence[C]) -> Sequence[C]:
    """Return the columns with these names, separated by commas, in that order.

    Raises InputError: a column is unknown.
    """
    return [_column(name, columns, "--columns") for name in names.split(",")]


def _filter(text: str, columns: Sequence[Compared]) -> _Filter:
    parts = _FILTER.fullmatch(text)
    if parts is None:
        raise InputError(f"--filter wants COLUMN=PATTERN, not {text!r}")
    name, operator, pattern = parts.groups()
    if pattern.startswith("sha256:"):  # as a terminal shows digests: their beginnings
        pattern += "*"
    return _Filter(_column(name, columns, "--filter"), pattern.casefold(), operator == "!=")


def _column(name: str, columns: Sequence[C], option: str) -> C:
    """Find a column by its heading, or by the first letters of exactly one."""
    wanted = name.strip().casefold().replace("-", " ")
    fitting = [column for column in columns if column.heading.casefold().startswith(wanted)]
    exact = [column for column in fitting if column.heading.casefold() == wanted]
    if len(exact or fitting) != 1 or not wanted:
        known = ", ".join(column.heading.lower().replace(" ", "-") for column in columns)
        raise InputError(f"{option}: there is no column {name!r}; there are {known}")
    return (exact or fitting)[0]
