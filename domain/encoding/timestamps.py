"""Timestamps as text: RFC 3339 in UTC, of one width, so that texts sort."""

from datetime import UTC, datetime


def format_utc(time: datetime) -> str:
    """Format ``time`` in UTC, to the microsecond."""
    return time.astimezone(UTC).isoformat(timespec="microseconds")


def utc_or_none(time: datetime | None) -> str | None:
    """Format ``time`` as ``format_utc`` does; None stays None."""
    return None if time is None else format_utc(time)


def parse_utc(text: str) -> datetime:
    """Parse an RFC 3339 time with zone. Raises ValueError, TypeError."""
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        raise ValueError(f"a time without a zone: {text}")
    try:
        return time.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"before the first year or after the last: {text}") from error
