"""Collecting garbage: what is no draft's, and was neither seen at a tag nor asked for lately."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from attrs import evolve, frozen

from manyfest.domain.digests import Digest
from manyfest.domain.drafts.draft import Draft
from manyfest.domain.errors import InvalidDigestError
from manyfest.domain.ports.draft_book import DraftBook
from manyfest.domain.ports.garbage import Garbage, GarbageCollector

DEFAULT_KEEP = timedelta(days=30)

# A layer is written before the manifest that names it is kept: by who takes longer, it is lost.
_GRACE = timedelta(days=1)


@frozen
class Retention:
    """What was seen or asked for by digest within ``keep`` before ``now`` (UTC) stays."""

    keep: timedelta
    now: datetime

    @property
    def before(self) -> datetime:
        """What was seen last before this moment goes."""
        return _earlier(self.now, self.keep)

    @property
    def files_before(self) -> datetime:
        """Files that nobody names go if they were written before this moment."""
        return _earlier(self.now, min(self.keep, _GRACE))


def find_garbage(store: GarbageCollector, drafts: DraftBook, retention: Retention) -> Garbage:
    """What ``collect_garbage`` would take away now.

    Raises DamagedStoreError: a draft cannot be read, so that nobody knows what it needs.
    """
    with store.snapshot():
        return _found(store, drafts, retention)


def collect_garbage(store: GarbageCollector, drafts: DraftBook, retention: Retention) -> Garbage:
    """Take away what neither a draft, a tag nor somebody by digest needed lately; what went.

    Rows go in one transaction, in which they were found, so that what others keep or draft
    meanwhile stays. Layers go after it: a kill in between leaves some for the next time.
    Raises as ``find_garbage`` does, and StoreError; then nothing went but perhaps layers.
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
    """A list's own members come verbatim from lists that were taken apart."""
    subject = draft.index_members.get("subject")
    digest = subject.get("digest") if isinstance(subject, dict) else None
    if isinstance(digest, str):
        try:
            yield Digest.parse(digest)
        except InvalidDigestError:
            return


def _earlier(now: datetime, by: timedelta) -> datetime:
    """Before the beginning of time is as good as then."""
    try:
        return now - by
    except OverflowError:
        return datetime.min.replace(tzinfo=now.tzinfo)
