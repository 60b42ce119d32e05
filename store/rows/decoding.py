"""How values stand in columns, and what it means when they cannot be read back."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from manyfest.domain.errors import DamagedStoreError, DocumentError, InputError
from manyfest.domain.references import Home, Reference

_UNREADABLE = (InputError, DocumentError, ValueError, TypeError, AttributeError)


def home_of(text: str) -> Home:
    """The home that ``text`` spells, which is its ``str()``. Raises InvalidReferenceError."""
    return Reference.parse(text).home


@contextmanager
def damage_if_unreadable(path: Path, what: str) -> Iterator[None]:
    """Inside, a value that does not parse is damage: only parsed ones were ever written.

    Raises DamagedStoreError, which names ``what``.
    """
    try:
        yield
    except _UNREADABLE as error:
        raise DamagedStoreError(str(path), f"{what} cannot be read") from error
