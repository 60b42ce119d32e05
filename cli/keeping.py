"""Keeping what a command that only looks has read, where the store can be written."""

from collections.abc import Iterable

from manyfest.cli.output import warn
from manyfest.cli.wiring import Session
from manyfest.domain.errors import StoreError
from manyfest.domain.operations.remember import remember
from manyfest.domain.operations.resolve import Resolved


def keep(found: Iterable[Resolved], session: Session) -> None:
    """Keep ``found`` for ``--offline``; where that cannot be, say so and go on."""
    if session.offline:
        return
    try:
        with session.contents.transaction():
            remember(session.contents, found, session.now)
    except StoreError as error:
        warn(f"not kept for --offline: {error}")
