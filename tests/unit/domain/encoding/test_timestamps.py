"""Times as text: in UTC wherever the machine stands, and of one width."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest

from manyfest.domain.encoding.timestamps import format_utc, parse_utc

MOMENT = datetime(2026, 5, 1, 12, tzinfo=UTC)
TEXT = "2026-05-01T12:00:00.000000+00:00"


@pytest.fixture(params=["UTC0", "FAR-9"], autouse=True)
def _where(request, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", request.param)
        time.tzset()
        yield
    time.tzset()


@pytest.mark.parametrize("offset", [0, 2, -11])
def test_a_time_is_written_in_utc(offset: int) -> None:
    assert format_utc(MOMENT.astimezone(timezone(timedelta(hours=offset)))) == TEXT


@pytest.mark.parametrize("text", [TEXT, "2026-05-01T12:00Z", "2026-05-01T21:00:00+09:00"])
def test_a_time_is_read_as_one_in_utc(text: str) -> None:
    assert parse_utc(text) == MOMENT
    assert str(parse_utc(text)) == "2026-05-01 12:00:00+00:00"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("soon", "soon"),
        ("2026-05-01T12:00", "a time without a zone: 2026-05-01T12:00"),
        ("0001-01-01T00:00+01:00", "before the first year or after the last: 0001-01-01T00:00"),
    ],
)
def test_what_is_no_time_is_refused(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_utc(text)
