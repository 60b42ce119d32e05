"""For how long what was learnt about a host counts."""

from datetime import UTC, datetime, timedelta

import pytest

from manyfest.domain.ports.host_book import is_fresh

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("age", "counts"),
    {
        timedelta(): True,
        timedelta(hours=24) - MOMENT: True,
        timedelta(hours=24): False,
        timedelta(minutes=-5): True,  # the clock that dated it may be ahead of ours
        timedelta(minutes=-5) - MOMENT: False,
    }.items(),
    ids=str,
)
def test_facts_count_for_a_day_and_not_from_the_future(age: timedelta, counts: bool) -> None:  # noqa: FBT001
    assert is_fresh(NOW - age, NOW) is counts
