"""Numbers, sizes, times and digests, as people read them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from manyfest.cli.rendering.humanize import counted, format_size, format_time, short_digest
from manyfest.domain.digests import Digest


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (2.5e9, "2.5 GB"),
        (450e6, "450 MB"),
        (5e15, "5000 TB"),
    ],
)
def test_amounts_are_in_a_unit_that_suits(count: float, text: str) -> None:
    assert format_size(count) == text


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0 layers"), (1, "1 layer"), (2, "2 layers"), (1234, "1,234 layers")]
)
def test_one_thing_is_no_plural(number: int, text: str) -> None:
    assert counted(number, "layer") == text


def test_moments_are_told_in_utc() -> None:
    moment = datetime(2026, 5, 1, 12, 0, 0, 999, UTC)
    assert format_time(moment) == "2026-05-01T12:00:00Z"
    assert format_time(moment.astimezone(timezone(timedelta(hours=2)))) == "2026-05-01T12:00:00Z"


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_digests_are_told_by_what_names_them(algorithm: str) -> None:
    digest = Digest.of(b"", algorithm)
    assert short_digest(digest) == f"{algorithm}:{digest.hex[:12]}"
