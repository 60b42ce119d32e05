"""Revisions: past states of a tag, written ``REF@{…}``.

``@{0}`` is the newest observation, ``@{1}`` the one before it, ``@{2}`` the one before that.
``@{2026-05-01T12:00}`` is the last observation at that time or before, in UTC unless an offset is
given. A less precise time means its end: a date is the end of that day. ``@{yesterday}`` and
``@{2 days ago}`` count back from now. The form is git's (gitrevisions(7)).
"""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from manyfest.domain.errors import (
    InvalidReferenceError,
    NeverSeenError,
    NoSuchStateError,
    OnlyClaimedError,
    RemovedStateError,
)
from manyfest.domain.history.observation import Observation
from manyfest.domain.references import Reference
from manyfest.domain.values import frozen

_IN_BRACES = re.compile(r"(.*)@\{([^{}]*)\}", re.DOTALL)
_NUMBER = re.compile(r"[0-9]{1,9}")
_DIGEST = re.compile(r"(?:sha256|sha512):[0-9a-f]{12,128}")  # tables show 12 digits
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"(?:[T ][0-9]{2}:[0-9]{2}(?P<second>:[0-9]{2}(?P<fraction>\.[0-9]{1,6})?)?"
    r"(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_AGO = re.compile(r"([0-9]{1,5})[ .](second|minute|hour|day|week)s?[ .]ago")

_REASON = "invalid reference format: in @{...} stands a number or a time like 2026-05-01T12:00"


@frozen
class StateSelector:
    """A selector of one state in a history: by number, time or digest.

    ``text`` is as written. ``value`` is the number of states back (int), the latest time that
    matches (datetime), or a prefix of the digest (str).
    """

    text: str
    value: int | datetime | str

    @classmethod
    def parse(cls, text: str) -> "StateSelector":
        """Parse a number, or a digest with at least 12 digits.

        Raises InvalidReferenceError: neither.
        """
        if _NUMBER.fullmatch(text):
            return cls(text, int(text))
        if _DIGEST.fullmatch(text):
            return cls(text, text)
        raise InvalidReferenceError(text, "neither a number of a state nor a digest")

    def __str__(self) -> str:
        return self.text if isinstance(self.value, str) else f"{{{self.text}}}"


@frozen
class PastState:
    """A past state of a tag; ``name`` is the tag as typed."""

    name: str
    selector: StateSelector


def parse_past(text: str, now: datetime) -> PastState | None:
    """Parse ``REF@{…}``; None for a plain reference without braces.

    ``now`` is in UTC. Raises InvalidReferenceError: neither a number nor a time in the braces.
    """
    parts = _IN_BRACES.fullmatch(text)
    if parts is None:
        return None
    name, inside = parts.groups()
    if _NUMBER.fullmatch(inside):
        return PastState(name, StateSelector(inside, int(inside)))
    try:
        return PastState(name, StateSelector(inside, _moment(inside, now)))
    except (ValueError, OverflowError) as error:
        raise InvalidReferenceError(text, _REASON) from error


def index_of(selector: StateSelector, reference: Reference, history: Sequence[Observation]) -> int:
    """Return the index in ``history`` of the state that ``selector`` selects.

    ``history`` has all observations of the tag ``reference``, newest first. Raises NeverSeenError:
    it is empty; NoSuchStateError: no observation matches; RemovedStateError.
    """
    if not history:
        raise NeverSeenError(str(reference))
    for number in _numbers(selector.value, history):
        if history[number].is_removal:
            raise RemovedStateError(f"{reference}@{selector}")
        return number
    raise _no_such_state(selector, reference, history)


def last_seen(history: Sequence[Observation]) -> Observation:
    """Return the newest state that was seen from here; the newest of all if none was.

    ``history`` has at least one state, newest first.
    """
    return next((state for state in history if not state.is_claimed), history[0])


def index_before(reference: Reference, history: Sequence[Observation]) -> int:
    """Return the index in ``history`` of the state before the one that was seen last.

    States that only a bundle claims do not count. Raises NeverSeenError: the history is empty;
    OnlyClaimedError, NoSuchStateError: no other state was seen; RemovedStateError: but the tag was
    taken away.
    """
    if not history:
        raise NeverSeenError(str(reference))
    present = last_seen(history).digest
    others = [
        number
        for number, state in enumerate(history)
        if state.digest != present and not state.is_removal
    ]
    for number in others:
        if number > history.index(last_seen(history)) and not history[number].is_claimed:
            return number
    if others:
        raise OnlyClaimedError(str(reference), others[0])
    for number, state in enumerate(history):
        if state.is_removal and number > history.index(last_seen(history)):
            raise RemovedStateError(f"{reference}@{{{number}}}")
    seen = [state for state in history if not state.is_removal]
    raise _no_such_state(StateSelector("1", 1), reference, seen[-1:] or history)


def _no_such_state(
    selector: StateSelector, reference: Reference, history: Sequence[Observation]
) -> NoSuchStateError:
    since = history[-1].first_seen.isoformat(timespec="seconds")
    return NoSuchStateError(f"{reference}@{selector}", len(history), since)


def _numbers(value: int | datetime | str, history: Sequence[Observation]) -> Iterator[int]:
    if isinstance(value, int):
        yield from range(len(history))[value : value + 1]
    for number, seen in enumerate(history):
        if isinstance(value, datetime) and seen.first_seen <= value:
            yield number
        if isinstance(value, str) and str(seen.digest).startswith(value):
            yield number


def _moment(text: str, now: datetime) -> datetime:
    """Return the latest time of ``text``. Raises ValueError, OverflowError."""
    if text == "yesterday":
        return now - timedelta(days=1)
    if ago := _AGO.fullmatch(text):
        return now - timedelta(**{f"{ago[2]}s": int(ago[1])})
    written = _MOMENT.fullmatch(text)
    if written is None:
        raise ValueError(text)
    begin = datetime.fromisoformat(text)
    return (begin if begin.tzinfo else begin.replace(tzinfo=UTC)) + _precision(written)


def _precision(written: re.Match[str]) -> timedelta:
    """Return the length of the written time's unit, less a microsecond."""
    if len(written[0]) == len("2026-05-01"):
        unit = timedelta(days=1)
    elif written["second"] is None:
        unit = timedelta(minutes=1)
    else:
        unit = timedelta(microseconds=1) if written["fraction"] else timedelta(seconds=1)
    return unit - timedelta(microseconds=1)
