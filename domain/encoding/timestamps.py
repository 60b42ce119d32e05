"""Times as text: RFC 3339 in UTC and of one width, so that texts sort as times do."""

from datetime import UTC, datetime


def format_utc(time: datetime) -> str:
    """``time`` in UTC, to the microsecond."""
    return time.astimezone(UTC).isoformat(timespec="microseconds")


def parse_utc(text: str) -> datetime:
    """The time in ``text``. Raises ValueError: not a time, or one without a zone; TypeError."""
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        raise ValueError(f"a time without a zone: {text}")
    try:
        return time.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"before the first year or after the last: {text}") from error
