"""Keeping what a command has read or written, where the store can be written."""

from collections.abc import Iterable

from manyfest.cli.output import warn
from manyfest.cli.wiring import Session
from manyfest.domain.errors import StoreError
from manyfest.domain.operations.resolve import Resolved
from manyfest.domain.operations.steps.record import record


def record_reads(found: Iterable[Resolved], session: Session) -> bool:
    """``record_all`` of what was read, unless it came from the store."""
    return session.offline or record_all(found, session)


def record_all(found: Iterable[Resolved], session: Session) -> bool:
    """Keep ``found`` for ``--offline``; where that cannot be, say so, go on, and give False."""
    try:
        with session.contents.transaction():
            record(session.contents, found, session.now)
    except StoreError as error:
        warn(f"not kept for --offline: {error}")
        return False
    return True
