"""Remove entries from a draft, or the draft itself."""

from collections.abc import Sequence

from manyfest.domain.drafts.draft import Draft
from manyfest.domain.drafts.entry_lookup import find_entry
from manyfest.domain.errors import DraftUnknownError
from manyfest.domain.ports import Ports
from manyfest.domain.ports.draft_book import DraftBook
from manyfest.domain.references import Reference


def drop(name: Reference, entries: Sequence[str], *, ports: Ports) -> Draft:
    """Save the draft ``name`` without the entries that ``entries`` find: all of them or none.

    The attestations of an entry go with it. Uses the ports drafts and now.
    Raises DraftUnknownError, EntryUnknownError, AmbiguousEntryError, StoreError.
    """
    with ports.drafts.transaction():
        draft = _existing(name, ports.drafts)
        remaining = draft.minus([find_entry(draft, entry) for entry in entries], ports.now)
        ports.drafts.save(remaining)
        return remaining


def remove(name: Reference, drafts: DraftBook) -> None:
    """Remove the draft ``name``. Raises DraftUnknownError, StoreError."""
    with drafts.transaction():
        _existing(name, drafts)
        drafts.remove(name)


def _existing(name: Reference, drafts: DraftBook) -> Draft:
    draft = drafts.find(name)
    if draft is None:
        raise DraftUnknownError(str(name))
    return draft
