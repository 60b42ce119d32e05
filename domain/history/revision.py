"""Past states of a tag: ``REF@{…}`` as people write it, and finding it in what was seen.

``REF@{1}`` is what the tag pointed to before what it points to now, ``@{2}`` what before that, and
``@{0}`` the newest seen. ``REF@{2026-05-01T12:00}`` is what was seen last at that moment or before,
in UTC unless an offset is given. What is written less exactly means its end: a date is the end of
that day. ``yesterday`` and ``2 days ago`` count back from now. The form is git's (gitrevisions(7)).
"""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from attrs import evolve, frozen

from manyfest.domain.errors import InvalidReferenceError, NeverSeenError, NoSuchStateError
from manyfest.domain.history.observation import Observation
from manyfest.domain.references import Reference

_IN_BRACES = re.compile(r"(.*)@\{([^{}]*)\}", re.DOTALL)
_NUMBER = re.compile(r"[0-9]{1,9}")
_DIGEST = re.compile(r"(?:sha256|sha512):[0-9a-f]{12,128}")  # 12 digits are what tables show
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"(?:[T ][0-9]{2}:[0-9]{2}(?P<second>:[0-9]{2}(?P<fraction>\.[0-9]{1,6})?)?"
    r"(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_AGO = re.compile(r"([0-9]{1,5})[ .](second|minute|hour|day|week)s?[ .]ago")

_REASON = "invalid reference format: in @{...} stands a number or a time like 2026-05-01T12:00"


@frozen
class StateSelector:
    """Which state of a tag, as ``text`` says: so many back, at a moment, or of a digest.

    ``value`` is the number, or the last moment that counts; a digest is given by its beginning.
    """

    text: str
    value: int | datetime | str

    @classmethod
    def parse(cls, text: str) -> "StateSelector":
        """A number, or a digest of which at least 12 digits are given.

        Raises InvalidReferenceError.
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
    """The ``selector``'s state of the tag that ``name``, as a person typed it, spells."""

    name: str
    selector: StateSelector


def parse_past(text: str, now: datetime) -> PastState | None:
    """The past state that ``text`` spells; None if it is a reference like others.

    ``now`` is in UTC. Raises InvalidReferenceError: the braces hold neither a number nor a time.
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


def index_of(wanted: StateSelector, place: Reference, history: Sequence[Observation]) -> int:
    """Which of ``history``, all that was seen at ``place``, newest first, is the ``wanted`` state.

    Raises NeverSeenError: nothing was seen there. NoSuchStateError: it is not among what was.
    """
    if not history:
        raise NeverSeenError(str(place))
    for number in _numbers(wanted.value, history):
        return number
    since = history[-1].first_seen.isoformat(timespec="seconds")
    raise NoSuchStateError(f"{place}@{wanted}", len(history), since)


def reference_to(
    past: StateSelector, place: Reference, history: Sequence[Observation]
) -> Reference:
    """The past state as a reference with tag and digest. Raises as ``index_of`` does."""
    return evolve(place, digest=history[index_of(past, place, history)].digest)


def _numbers(value: int | datetime | str, history: Sequence[Observation]) -> Iterator[int]:
    if isinstance(value, int):
        yield from range(len(history))[value : value + 1]
    for number, seen in enumerate(history):
        if isinstance(value, datetime) and seen.first_seen <= value:
            yield number
        if isinstance(value, str) and str(seen.digest).startswith(value):
            yield number


def _moment(text: str, now: datetime) -> datetime:
    """The last moment that ``text`` may mean. Raises ValueError, OverflowError."""
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
    """From the first moment that is meant to the last, in a clock of microseconds."""
    if len(written[0]) == len("2026-05-01"):
        unit = timedelta(days=1)
    elif written["second"] is None:
        unit = timedelta(minutes=1)
    else:
        unit = timedelta(microseconds=1) if written["fraction"] else timedelta(seconds=1)
    return unit - timedelta(microseconds=1)
