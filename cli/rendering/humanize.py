"""Numbers, sizes, times and digests, as people read them."""

from datetime import UTC, datetime

from manyfest.domain.digests import Digest

_UNITS = ("B", "kB", "MB", "GB", "TB")
_STEP = 1000
_DIGITS = 12  # of a digest: enough to tell one from all others that a person meets


def counted(number: int, thing: str) -> str:
    """``1 layer``, ``2 layers``, ``1,000 layers``."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def amount(count: float) -> str:
    """So many bytes, in a unit of a thousand that suits: ``999 B``, ``1.2 GB``."""
    for unit in _UNITS:
        if count < _STEP or unit == _UNITS[-1]:
            break
        count /= _STEP
    is_short = unit != "B" and count < _STEP / 10
    return f"{count:.1f} {unit}" if is_short else f"{count:.0f} {unit}"


def seconds(moment: datetime) -> str:
    """``2026-05-01T12:00:00Z``, as ``REF@{…}`` takes it."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def short(digest: Digest) -> str:
    """``sha256:0123456789ab``, the beginning by which it can be named."""
    return f"{digest.algorithm}:{digest.hex[:_DIGITS]}"
