"""The draft book port: lists being assembled, by the name they will be pushed to.

For the thread that made the object. All methods may raise StoreError and DamagedStoreError.
"""

from contextlib import AbstractContextManager
from typing import Protocol

from manyfest.domain.drafts.draft import Draft
from manyfest.domain.references import Reference


class DraftBook(Protocol):
    """Keeps drafts, each whole; two names never share one."""

    def transaction(self) -> AbstractContextManager[None]:
        """As in the content store of the same store, with which it is shared."""
        ...

    def find(self, name: Reference) -> Draft | None:
        """The draft of this name, if any; its entries in the order in which they came."""
        ...

    def drafts(self) -> tuple[Draft, ...]:
        """All drafts, by name."""
        ...

    def save(self, draft: Draft) -> None:
        """Keep ``draft`` in the place of any other of its name. Call within ``transaction``."""
        ...

    def remove(self, name: Reference) -> None:
        """Forget the draft of this name, if there is one. Call within ``transaction``."""
        ...
