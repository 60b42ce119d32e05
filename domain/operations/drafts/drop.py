"""Taking entries out of a draft."""

from collections.abc import Sequence
from datetime import datetime

from manyfest.domain.drafts.draft import Draft
from manyfest.domain.drafts.entry_lookup import find_entry
from manyfest.domain.errors import DraftUnknownError
from manyfest.domain.ports.draft_book import DraftBook
from manyfest.domain.references import Reference


def drop(name: Reference, entries: Sequence[str], *, drafts: DraftBook, now: datetime) -> Draft:
    """The draft ``name`` without the entries that ``entries`` find, saved; all of them or none.

    What attests an entry goes with it. Raises DraftUnknownError, EntryUnknownError,
    AmbiguousEntryError, StoreError.
    """
    with drafts.transaction():
        draft = drafts.find(name)
        if draft is None:
            raise DraftUnknownError(str(name))
        remaining = draft.minus([find_entry(draft, entry) for entry in entries], now)
        drafts.save(remaining)
        return remaining
