"""Past states: how people write them, and which state of a history that is."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from manyfest.domain.digests import Digest
from manyfest.domain.errors import InvalidReferenceError, NeverSeenError, NoSuchStateError
from manyfest.domain.history.observation import Observation
from manyfest.domain.history.revision import (
    PastState,
    StateSelector,
    index_of,
    parse_past,
)
from manyfest.domain.references import Reference

NOW = datetime(2026, 6, 15, 12, 30, tzinfo=UTC)
APP = Reference.parse("r.example/app:1")
LAST = timedelta(microseconds=1)

NEVER_PAST = [
    *("app", "app:1", "app@sha256:" + 64 * "0", "oci:dir", "oci:a@{1}b", "oci:a@{1}/:tag", ""),
    *("app@{1", "app@1}", "app{1}", "oci:a@{1}{2}", "app@{1}@sha256:" + 64 * "0"),
]


def parsed(inside: str) -> int | datetime | str:
    past = parse_past(f"app:1@{{{inside}}}", NOW)
    assert past is not None
    assert past.name == "app:1"
    assert past.selector.text == inside
    return past.selector.value


@pytest.mark.parametrize("text", NEVER_PAST)
def test_other_references_are_no_past_states(text: str) -> None:
    assert parse_past(text, NOW) is None


@pytest.mark.parametrize(
    ("text", "name"),
    [("app@{1}", "app"), ("oci:DIR:TAG@{1}", "oci:DIR:TAG"), ("oci:a@{2}@{1}", "oci:a@{2}")],
)
def test_the_last_braces_count(text: str, name: str) -> None:
    assert parse_past(text, NOW) == PastState(name, StateSelector("1", 1))


@pytest.mark.parametrize(
    ("inside", "number"), [("0", 0), ("1", 1), ("007", 7), ("20260501", 20260501)]
)
def test_digits_are_a_number_of_states(inside: str, number: int) -> None:
    assert parsed(inside) == number


@pytest.mark.parametrize(
    ("inside", "moment"),
    [
        ("2026-05-01", datetime(2026, 5, 2, tzinfo=UTC) - LAST),
        ("2026-05-01T12:00", datetime(2026, 5, 1, 12, 1, tzinfo=UTC) - LAST),
        ("2026-05-01 12:00", datetime(2026, 5, 1, 12, 1, tzinfo=UTC) - LAST),
        ("2026-05-01T12:00Z", datetime(2026, 5, 1, 12, 1, tzinfo=UTC) - LAST),
        ("2026-05-01T12:00:07", datetime(2026, 5, 1, 12, 0, 8, tzinfo=UTC) - LAST),
        ("2026-05-01T12:00:07.25", datetime(2026, 5, 1, 12, 0, 7, 250_000, tzinfo=UTC)),
        ("2026-05-01T12:00+02:00", datetime(2026, 5, 1, 10, 1, tzinfo=UTC) - LAST),
        ("2026-05-01T12:00:00-0530", datetime(2026, 5, 1, 17, 30, 1, tzinfo=UTC) - LAST),
        ("yesterday", NOW - timedelta(days=1)),
        ("1 day ago", NOW - timedelta(days=1)),
        ("2.weeks.ago", NOW - timedelta(weeks=2)),
        ("90 minutes ago", NOW - timedelta(minutes=90)),
    ],
)
def test_times_are_utc_and_mean_the_end_of_what_they_say(inside: str, moment: datetime) -> None:
    assert parsed(inside) == moment


@pytest.fixture
def in_tokyo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patched:
        patched.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("in_tokyo")
def test_local_time_is_not_assumed() -> None:
    assert parsed("2026-05-01T12:00:00.0") == datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "inside",
    [
        *("", " 1", "-1", "1.5", "0x1", "²", "٣", "1" * 10, "upstream", "tomorrow", "1 day"),
        *("2026-05", "2026-13-01", "2026-02-30", "2026-05-01T", "2026-05-01T25:00"),
        *("2026-05-01T12", "2026-05-01T12:00:00.1234567", "2026-05-01Z", "2026-W01-1"),
        *("2026-05-01T12:00+99:00", "99999 weeks ago ago", "2026-05-01\n"),
    ],
)
def test_what_is_neither_is_refused_with_what_was_typed(inside: str) -> None:
    with pytest.raises(InvalidReferenceError, match="a number or a time") as caught:
        parsed(inside)
    assert caught.value.text == f"app:1@{{{inside}}}"


@given(st.text(max_size=30), st.text("0123456789-:T.Z+ agodys{}@", max_size=24))
def test_nothing_typed_breaks_it(name: str, inside: str) -> None:
    typed = f"{name}@{{{inside}}}"
    try:
        past = parse_past(typed, NOW)
    except InvalidReferenceError:
        return
    assert past is None or f"{past.name}@{past.selector}" == typed


ONE, TWO, THREE = (Digest.of(b"%d" % number) for number in (1, 2, 3))


def day(number: int) -> datetime:
    return datetime(2026, 5, number, 12, tzinfo=UTC)


# Newest first: three on the 9th, one from the 5th to the 7th, two on the 3rd, one on the 1st.
HISTORY = (
    Observation(APP, THREE, day(9)),
    Observation(APP, ONE, day(7), day(5)),
    Observation(APP, TWO, day(3)),
    Observation(APP, ONE, day(1)),
)


@pytest.mark.parametrize(
    ("inside", "digest"),
    [
        *(("0", THREE), ("1", ONE), ("2", TWO), ("3", ONE)),
        *(("2026-05-01", ONE), ("2026-05-01T12:00", ONE), ("2026-05-02", ONE)),
        *(("2026-05-03T11:59", ONE), ("2026-05-03T12:00:00", TWO), ("2026-05-04", TWO)),
        *(("2026-05-06", ONE), ("2026-05-08", ONE), ("2026-05-09", THREE), ("2036-01-01", THREE)),
    ],
)
def test_a_state_is_found_by_number_and_by_time(inside: str, digest: Digest) -> None:
    past = parse_past(f"r.example/app:1@{{{inside}}}", NOW)
    assert past is not None
    assert HISTORY[index_of(past.selector, APP, HISTORY)].digest == digest


def test_a_digest_is_found_by_its_beginning_and_the_newest_of_it() -> None:
    assert index_of(StateSelector.parse(str(ONE)), APP, HISTORY) == 1
    assert index_of(StateSelector.parse(str(TWO)[:19]), APP, HISTORY) == 2
    assert index_of(StateSelector.parse("3"), APP, HISTORY) == 3


@pytest.mark.parametrize(
    ("wanted", "state"),
    [
        (StateSelector.parse("4"), "r.example/app:1@{4}"),
        (StateSelector.parse(str(Digest.of(b"x"))), f"r.example/app:1@{Digest.of(b'x')}"),
        (
            StateSelector("2026-04-30", datetime(2026, 4, 30, tzinfo=UTC)),
            "r.example/app:1@{2026-04-30}",
        ),
    ],
)
def test_what_was_never_so_is_an_error_that_says_since_when_it_is_known(
    wanted: StateSelector, state: str
) -> None:
    with pytest.raises(NoSuchStateError) as caught:
        index_of(wanted, APP, HISTORY)
    assert str(caught.value) == (
        f"no such past state: {state}: only 4 are known, since 2026-05-01T12:00:00+00:00"
    )


def test_what_is_observed_is_the_tag_whatever_digest_was_named_with_it() -> None:
    seen = Observation(Reference(APP.home, "1", ONE), ONE, day(1))
    assert seen.tag_reference == APP


def test_since_when_it_is_known_is_told_to_the_second() -> None:
    seen = Observation(APP, ONE, day(1) + timedelta(microseconds=5))
    with pytest.raises(NoSuchStateError, match=r"since 2026-05-01T12:00:00\+00:00$"):
        index_of(StateSelector.parse("1"), APP, (seen,))


def test_a_state_was_there_from_the_moment_it_was_first_seen() -> None:
    for late, number in ((0, 0), (-1, 1)):
        moment = day(3) + timedelta(microseconds=late)
        assert index_of(StateSelector("then", moment), APP, HISTORY[2:]) == number


def test_what_was_never_seen_is_another_error() -> None:
    with pytest.raises(NeverSeenError, match="r.example/app:1 is not cached"):
        index_of(StateSelector.parse("1"), APP, ())


@pytest.mark.parametrize("text", ["", "-1", "abc", "sha256:abc", "sha1:" + "0" * 40, "{1}"])
def test_neither_a_number_nor_a_digest_is_refused(text: str) -> None:
    with pytest.raises(InvalidReferenceError, match="^neither a number of a state nor a digest: "):
        StateSelector.parse(text)


def test_what_was_never_seen_is_named_where_a_past_state_is_resolved() -> None:
    with pytest.raises(NeverSeenError, match="r.example/app:1 is not cached"):
        index_of(StateSelector.parse("1"), APP, ())
