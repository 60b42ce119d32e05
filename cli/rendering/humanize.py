"""Numbers, sizes, times and digests in the form that people read, and the width of texts."""

from datetime import UTC, datetime
from unicodedata import combining, east_asian_width

from manyfest.cli.output import Screen
from manyfest.domain.digests import Digest

_UNITS = ("B", "kB", "MB", "GB", "TB")
_STEP = 1000
CLAIMED = " (claimed)"  # behind a time that a bundle claims, and that was not seen from here
# Seconds in a unit, and the least number of it that is shown, largest first.
_DAY = 86400
_AGES = (
    (365 * _DAY, 2, "year"),
    (30 * _DAY, 2, "month"),
    (7 * _DAY, 2, "week"),
    (_DAY, 1, "day"),
    (3600, 1, "hour"),
    (60, 1, "minute"),
    (1, 1, "second"),
)
_DIGITS = 12  # of a digest: enough to be unique among those that a person meets


def counted(number: int, thing: str, plural: str = "") -> str:
    """Return a number with its noun: ``1 layer``, ``2 layers``, ``1,000 layers``.

    ``plural`` is that of the noun, where it is not the noun with an s.
    """
    return f"{number:,} {thing if number == 1 else plural or f'{thing}s'}"


def format_size(count: float) -> str:
    """Return a number of bytes in decimal units: ``999 B``, ``1.2 GB``."""
    for unit in _UNITS:
        if count < _STEP or unit == _UNITS[-1]:
            break
        count /= _STEP
    is_short = unit != "B" and count < _STEP / 10
    return f"{count:.1f} {unit}" if is_short else f"{count:.0f} {unit}"


def format_time(moment: datetime) -> str:
    """Return a time in UTC as ``REF@{…}`` takes it: ``2026-05-01T12:00:00Z``."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def format_age(moment: datetime, now: datetime) -> str:
    """Return how long ago ``moment`` was, in one unit: ``3 hours ago``, ``just now``."""
    seconds = (now - moment).total_seconds()
    for length, least, unit in _AGES:
        if seconds >= length * least:
            return f"{counted(int(seconds // length), unit)} ago"
    return "just now"


def format_moment(moment: datetime, now: datetime, screen: Screen) -> str:
    """Return an age for a terminal, and the exact time for a file."""
    return format_time(moment) if screen.width is None else format_age(moment, now)


def short_digest(digest: Digest | str) -> str:
    """Return a prefix that names the digest, or its text: ``sha256:0123456789ab``."""
    algorithm, _, digits = str(digest).partition(":")
    return f"{algorithm}:{digits[:_DIGITS]}"


def digest_on(screen: Screen, digest: Digest) -> str:
    """Return the digest in full for a file, and shortened for a terminal."""
    return str(digest) if screen.width is None else short_digest(digest)


def columns_of(text: str) -> int:
    """Return the width on a terminal: wide characters count 2, accents 0."""
    if text.isascii():
        return len(text)
    return sum(1 + (east_asian_width(char) in "WF") for char in text if not combining(char))


def padded(text: str, width: int) -> str:
    """Pad ``text`` with blanks to ``width`` columns of a terminal."""
    return text + " " * (width - columns_of(text))
