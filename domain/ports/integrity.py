"""The integrity port: what of the store is damaged, and setting it aside.

Asked of our own store alone: one from outside is not looked after from here (ADR 0026). All methods
may raise StoreError and DamagedStoreError.
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from enum import Enum
from typing import Protocol

from attrs import frozen


class Kind(Enum):
    """What can be damaged, in the order in which it is looked at and set aside."""

    FILE = "file"
    MANIFEST = "manifest"
    CONFIG = "config"
    LAYER = "layer"
    STATE = "tag"
    DRAFT = "draft"


@frozen
class Damage:
    """Something damaged: its name (digest, reference, path) as far as it can be read, and why.

    ``row`` is where the store has it, and means nothing to others.
    """

    kind: Kind
    name: str
    reason: str
    row: int = 0


class Integrity(Protocol):
    """Looks at every byte. A store that is not there is intact, and is not made."""

    def check(self, kind: Kind) -> Iterator[Damage | None]:
        """For each thing of this kind what is wrong with it, None when nothing is.

        Never all in memory; no lock is held between two, and what others do meanwhile may be seen
        or not. Works where the store cannot be written. The one file has something for each fault
        that SQLite finds in its structure.
        """
        ...

    def transaction(self) -> AbstractContextManager[None]:
        """As in the content store of the same store."""
        ...

    def quarantine(self, damaged: Sequence[Damage], now: datetime) -> tuple[str, ...]:
        """Move what is still damaged into the quarantine, where nothing reads it.

        A state of a tag goes with its manifest, and older ones with it: an older one must not pass
        for what was seen last. Gives the names of the tags that lost states. Call within
        ``transaction``. Raises DamagedStoreError: the structure of the file is beyond repair.
        """
        ...
