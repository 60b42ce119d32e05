"""The integrity port: finding damage in the store, and quarantining it.

A store of an installed adapter may serve it as ``integrity`` (ADR 0026). All methods may raise
StoreError and DamagedStoreError.
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from enum import Enum
from typing import Protocol

from manyfest.domain.values import frozen


class ContentKind(Enum):
    """Kinds of content, in the order of checking and of quarantine."""

    FILE = "file"
    MANIFEST = "manifest"
    CONFIG = "config"
    LAYER = "layer"
    STATE = "tag"
    DRAFT = "draft"


@frozen
class Damage:
    """Damaged content: its name (digest, reference, path) and the reason.

    The name is given as far as it can be read. ``row`` is its place in the store, for the
    implementation only.
    """

    kind: ContentKind
    name: str
    reason: str
    row: int = 0


class Integrity(Protocol):
    """Reads every byte. A missing store is intact, and is not created."""

    def check(self, kind: ContentKind) -> Iterator[Damage | None]:
        """Yield the damage of each item of this kind, or None if it is intact.

        Never all in memory, without a lock between two; concurrent writes may be included or not.
        Works if the store cannot be written. For the one file, yields an item for each fault that
        SQLite finds in its structure.
        """
        ...

    def transaction(self) -> AbstractContextManager[None]:
        """The transaction of the content store of the same store."""
        ...

    def quarantine(self, damaged: Sequence[Damage], now: datetime) -> tuple[str, ...]:
        """Move what is still damaged into the quarantine, where nothing reads it.

        An observation of a tag moves with its manifest, and older ones with it, because an older
        one must not pass for the last. Returns the names of the tags that lost observations. Call
        within ``transaction``. Raises DamagedStoreError: its structure is beyond repair.
        """
        ...
