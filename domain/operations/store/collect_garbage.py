"""Collect garbage: what no draft needs, and no tag or person needed lately."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from attr import evolve

from manyfest.domain.digests import Digest
from manyfest.domain.drafts.draft import Draft
from manyfest.domain.errors import InvalidDigestError
from manyfest.domain.ports.draft_book import DraftBook
from manyfest.domain.ports.garbage import Garbage, GarbageCollector
from manyfest.domain.values import frozen

DEFAULT_KEEP = timedelta(days=30)

# A layer is written before the manifest that names it: a fetch that takes longer loses it.
_GRACE = timedelta(days=1)


@frozen
class Retention:
    """Keep what was observed or asked for by digest within ``keep`` before ``now`` (UTC)."""

    keep: timedelta
    now: datetime

    @property
    def before(self) -> datetime:
        """The time before which content must have been used last to be garbage."""
        return _earlier(self.now, self.keep)

    @property
    def files_before(self) -> datetime:
        """Unreferenced files written before this time are garbage."""
        return _earlier(self.now, min(self.keep, _GRACE))


def find_garbage(store: GarbageCollector, drafts: DraftBook, retention: Retention) -> Garbage:
    """Return what ``collect_garbage`` would remove now.

    Raises DamagedStoreError: a draft cannot be read, so its needs are unknown.
    """
    with store.snapshot():
        return _found(store, drafts, retention)


def collect_garbage(store: GarbageCollector, drafts: DraftBook, retention: Retention) -> Garbage:
    """Remove what no draft, tag or person needed lately; return what was removed.

    Rows are found and removed in one transaction, so that what other processes write meanwhile
    stays. Layer files are removed after it: a kill in between leaves some for the next time. Raises
    as ``find_garbage``, and StoreError; then nothing was removed but perhaps layers.
    """
    with store.transaction():
        garbage = _found(store, drafts, retention)
        store.remove(garbage, retention.before)
    gone = store.remove_files(garbage.layers, retention.before, retention.files_before)
    return evolve(garbage, layers=gone)


def _found(store: GarbageCollector, drafts: DraftBook, retention: Retention) -> Garbage:
    roots = {root for draft in drafts.drafts() for root in _roots(draft)}
    return store.find(sorted(roots), retention.before, retention.files_before)


def _roots(draft: Draft) -> Iterator[Digest]:
    for entry in draft.entries:
        yield entry.found.digest
        if entry.list_digest is not None:
            yield entry.list_digest
    if draft.pushed is not None:
        yield draft.pushed
    yield from _subject(draft)


def _subject(draft: Draft) -> Iterator[Digest]:
    """The subject of a draft: the list's own members come verbatim from flattened lists."""
    subject = draft.index_members.get("subject")
    digest = subject.get("digest") if isinstance(subject, dict) else None
    if isinstance(digest, str):
        try:
            yield Digest.parse(digest)
        except InvalidDigestError:
            return


def _earlier(now: datetime, by: timedelta) -> datetime:
    """``now - by``, or the beginning of time."""
    try:
        return now - by
    except OverflowError:
        return datetime.min.replace(tzinfo=now.tzinfo)
