"""Forgetting a draft."""

from manyfest.domain.errors import DraftUnknownError
from manyfest.domain.ports.draft_book import DraftBook
from manyfest.domain.references import Reference


def remove(name: Reference, drafts: DraftBook) -> None:
    """Forget the draft ``name``. Raises DraftUnknownError: there is none. StoreError."""
    with drafts.transaction():
        if drafts.find(name) is None:
            raise DraftUnknownError(str(name))
        drafts.remove(name)
