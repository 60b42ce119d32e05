"""Numbers, sizes, times and digests in the form that people read."""

from datetime import UTC, datetime

from manyfest.domain.digests import Digest

_UNITS = ("B", "kB", "MB", "GB", "TB")
_STEP = 1000
CLAIMED = " (claimed)"  # behind a time that a bundle claims, and that was not seen from here
_DIGITS = 12  # of a digest: enough to be unique among those that a person meets


def counted(number: int, thing: str) -> str:
    """Return a number with its noun: ``1 layer``, ``2 layers``, ``1,000 layers``."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


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
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def short_digest(digest: Digest) -> str:
    """Return a prefix that names the digest: ``sha256:0123456789ab``."""
    return f"{digest.algorithm}:{digest.hex[:_DIGITS]}"
