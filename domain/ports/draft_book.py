"""The draft book port: drafts, by the reference they will be pushed to.

For the thread that made the object. All methods may raise StoreError and DamagedStoreError.
"""

from contextlib import AbstractContextManager
from typing import Protocol

from manyfest.domain.drafts.draft import Draft
from manyfest.domain.references import Reference


class DraftBook(Protocol):
    """Keeps whole drafts, one for each name."""

    def transaction(self) -> AbstractContextManager[None]:
        """The transaction of the content store of the same store, shared with it."""
        ...

    def find(self, name: Reference) -> Draft | None:
        """The draft of this name, if any; entries in the order of addition."""
        ...

    def drafts(self) -> tuple[Draft, ...]:
        """All drafts, by name."""
        ...

    def save(self, draft: Draft) -> None:
        """Keep ``draft``; replace any of its name. Call within ``transaction``."""
        ...

    def remove(self, name: Reference) -> None:
        """Remove the draft of this name, if any. Call within ``transaction``."""
        ...
