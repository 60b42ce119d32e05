"""Numbers, times and sizes as people write them, in options and variables."""

import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from manyfest.domain.errors import InputError

_LONGEST = 1e9  # seconds

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_PART = r"([0-9]{1,6})([smhd])"


def parse_age(text: str, name: str) -> timedelta:
    """Parse a duration: ``90s``, ``10m``, ``1h30m``, ``7d``. Raises InputError."""
    if not re.fullmatch(f"(?:{_PART})+", text):
        raise InputError(f"{name} wants a time such as 90s, 10m, 2h, 1d, not {text!r}")
    parts = (timedelta(**{_UNITS[unit]: int(count)}) for count, unit in re.findall(_PART, text))
    return sum(parts, timedelta())


def parse_since(text: str, name: str) -> datetime | timedelta:
    """Parse a date or a time, in UTC unless it has an offset, or a duration back from now.

    Raises InputError.
    """
    with suppress(InputError):
        return parse_age(text, name)
    with suppress(ValueError, OverflowError):
        time = datetime.fromisoformat(text)
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)
    form = "a date such as 2026-11-01, a time such as 2026-11-01T12:00Z or a duration such as 7d"
    raise InputError(f"{name} wants {form}, not {text!r}")


def parse_seconds(text: str, name: str) -> float:
    """Parse a positive number of seconds, or a duration such as ``2m``.

    Raises InputError: it is neither, as ``nan`` and ``inf``.
    """
    with suppress(ValueError):
        is_duration = re.fullmatch(f"(?:{_PART})+", text)
        seconds = parse_age(text, name).total_seconds() if is_duration else float(text)
        if 0 < seconds < _LONGEST:
            return seconds
    raise InputError(f"{name} wants seconds or a time such as 10s or 2m, not {text!r}")


def parse_size(text: str, name: str) -> int:
    """Parse a size: ``50MB``, ``64MiB``, ``1048576``; positive bytes. Raises InputError."""
    match = re.fullmatch(r"([0-9]{1,15})(?:([kmgt])(i?)b?|b)?", text.strip().lower())
    size = int(match[1]) if match else 0
    if match is None or not size:
        raise InputError(f"{name} wants a size such as 50MB or 64MiB, not {text!r}")
    power = "kmgt".index(match[2]) + 1 if match[2] else 0
    return size * int((1024 if match[3] else 1000) ** power)


def parse_whole(text: str, name: str, least: int, most: float = float("inf")) -> int:
    """Parse a whole number from ``least`` to ``most``. Raises InputError."""
    with suppress(ValueError):
        if least <= (number := int(text)) <= most:
            return number
    bounds = f"from {least} to {most}" if most < float("inf") else f"from {least} on"
    raise InputError(f"{name} wants a whole number {bounds}, not {text!r}")
