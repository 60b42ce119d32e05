"""Retries: waiting times, number of attempts, and errors that are not retried."""

from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial

import httpcore
import pytest

from manyfest.adapters.deadline import Deadline
from manyfest.adapters.http_registry.reliability.retry import (
    Reachability,
    RetryState,
    TransientError,
    retry_after,
    with_retries,
)
from manyfest.adapters.http_registry.session.transport_errors import translating_transport_errors
from manyfest.domain.errors import ServerError, UnreachableError

NOW = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)
QUICK = -1.4  # a jitter that makes pauses a fifteenth

SECONDS = {
    "seconds": ("7", 7.0),
    "zero": ("0", 0.0),
    "fraction": ("0.25", 0.25),
    "milliseconds": ("12.5ms", 0.0125),
    "with unit": ("3 s", 3.0),
    "blanks": (" 4 ", 4.0),
    "date ahead": ("Thu, 01 Jan 2026 12:00:10 GMT", 10.0),
    "date in the past": ("Thu, 01 Jan 2026 11:00:00 GMT", 0.0),
    "date without zone": ("Thu, 01 Jan 2026 12:00:10 -0000", 10.0),
    "negative": ("-5", None),
    "words": ("abc", None),
    "empty": ("", None),
    "infinity": ("inf", None),
    "other digits": ("٣", None),
    "huge": ("1" + "0" * 30, 1e30),
    "absent": (None, None),
}


@pytest.mark.parametrize(("text", "expected"), SECONDS.values(), ids=SECONDS)
def test_retry_after_is_read_in_all_its_forms(text, expected):
    assert retry_after(text, NOW) == expected


def failing(times, wait=None):
    """An operation that fails so often, and counts its runs."""
    runs = []

    def operation():
        runs.append(1)
        if len(runs) <= times:
            raise TransientError(partial(ServerError, "h", status=503), "h: busy", wait)
        return len(runs)

    return operation, runs


def test_an_operation_is_tried_five_times():
    operation, _ = failing(4)
    assert with_retries(RetryState(Deadline(10, jitter=lambda: QUICK)), operation) == 5


@pytest.mark.parametrize(
    ("times", "wait", "seconds", "runs_expected", "words"),
    {
        "tries used up": (9, None, 10, 5, r"h: busy \(tried 5 times\)"),
        "asked to wait too long": (9, 3600.0, 60, 1, r"\(asked to wait 3600 s\)"),
        "asked to wait for ever": (9, 1e30, 60, 1, r"\(asked to wait 1e\+30 s\)"),
        "no time left": (9, 5.0, 2, 1, r"\(no time left to try again\)"),
    }.values(),
)
def test_giving_up_says_why(times, wait, seconds, runs_expected, words):
    operation, runs = failing(times, wait)
    with pytest.raises(ServerError, match=words) as caught:
        with_retries(RetryState(Deadline(seconds, jitter=lambda: QUICK)), operation)
    assert len(runs) == runs_expected
    assert caught.value.status == 503


def test_cancelling_ends_a_pause():
    deadline = Deadline(60)
    operation, runs = failing(9, wait=20.0)

    def cancelling():
        deadline.cancel()
        return operation()

    with pytest.raises(ServerError, match="interrupted"):
        with_retries(RetryState(deadline), cancelling)
    assert len(runs) == 1


def refusing(host="h"):
    """An operation that meets a closed port, and counts its runs."""
    runs = []

    def operation():
        runs.append(1)
        build, message = partial(UnreachableError, host), f"x: cannot reach {host}: refused"
        raise TransientError(build, message, host=host, reason="refused", is_disconnected=True)

    return operation, runs


def test_a_host_that_never_answered_is_tried_twice_and_given_up():
    hosts, (operation, runs) = Reachability(), refusing()
    quick = Deadline(10, jitter=lambda: QUICK)
    with pytest.raises(UnreachableError, match=r"refused \(tried 2 times\)"):
        with_retries(RetryState(quick, hosts=hosts), operation)
    assert len(runs) == 2
    with pytest.raises(UnreachableError, match=r"^y: cannot reach h: refused \(not tried again\)"):
        hosts.require("h", "y")
    hosts.require("other", "y")


def test_a_host_that_answered_before_gets_all_tries():
    hosts, (operation, runs) = Reachability(), refusing()
    hosts.record_answer("h")
    with pytest.raises(UnreachableError, match="tried 5 times"):
        with_retries(RetryState(Deadline(10, jitter=lambda: QUICK), hosts=hosts), operation)
    assert len(runs) == 5


def answering_with(*faults):
    """An operation that meets these faults, one at each run: silences, or others."""
    left = list(faults)

    def operation():
        is_silent = left.pop(0) == "silence"
        message = (
            "x: cannot reach h: no answer in time" if is_silent else "x: cannot reach h: reset"
        )
        raise TransientError(partial(UnreachableError, "h"), message, is_silent=is_silent)

    return operation, left


SILENCES = {
    "two": (("silence", "silence"), "no answer in time .tried 2 times"),
    "one among others": (("reset", "reset", "silence", "reset", "reset"), "reset .tried 5 times"),
    "two among others": (("reset", "silence", "reset", "silence"), "no answer in time .tried 4"),
}


@pytest.mark.parametrize(("faults", "words"), SILENCES.values(), ids=SILENCES)
def test_an_operation_ends_with_its_second_silence(faults, words):
    operation, left = answering_with(*faults)
    with pytest.raises(UnreachableError, match=words):
        with_retries(RetryState(Deadline(10, jitter=lambda: QUICK)), operation)
    assert not left


def test_progress_between_two_silences_has_all_tries_anew():
    operation, left = answering_with("silence", "silence", "silence")
    tries = RetryState(Deadline(10, jitter=lambda: QUICK))
    for _ in range(2):
        with pytest.raises(TransientError) as fault:
            operation()
        tries.backoff(fault.value)
        tries.reset_after_progress()
    with pytest.raises(UnreachableError, match="tried 2 times"):
        with_retries(tries, answering_with("silence", "silence")[0])
    assert len(left) == 1


@pytest.mark.parametrize(
    ("fault", "is_silent"),
    [(httpcore.ReadTimeout, True), (httpcore.WriteTimeout, True), (httpcore.ConnectTimeout, False)],
)
def test_a_connection_that_does_not_come_about_is_no_silence(fault, is_silent):
    """It costs a third of the time, and the host may be restarting."""
    with (
        pytest.raises(TransientError) as raised,
        translating_transport_errors("h", "x", Reachability()),
    ):
        raise fault("late")
    assert (raised.value.is_silent, raised.value.is_disconnected) == (is_silent, not is_silent)


def test_a_mirror_is_tried_once():
    operation, runs = refusing()
    with pytest.raises(UnreachableError, match="tried once"):
        with_retries(RetryState(Deadline(10), 1), operation)
    assert len(runs) == 1


def test_each_pause_is_told():
    told = []

    @contextmanager
    def on_pause(message, seconds):
        told.append(message)
        yield
        told.append("over")

    operation, _ = refusing("h:5000")
    tries = RetryState(Deadline(10, jitter=lambda: QUICK), on_pause=on_pause)
    with pytest.raises(UnreachableError):
        with_retries(tries, operation)
    assert told == ["retrying h:5000 in 0.0 s (2 of 2): refused", "over"]
