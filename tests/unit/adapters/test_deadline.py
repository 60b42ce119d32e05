"""A command's deadline: cancellation, and the clock that waits for layers."""

from contextlib import nullcontext

import pytest

from manyfest.adapters.deadline import Deadline, DeadlineExceededError
from tests.support.clock import HandClock


@pytest.fixture
def hand() -> HandClock:
    return HandClock()


def test_an_allowance_is_never_more_than_what_is_left(hand):
    deadline = Deadline(10, clock=hand.clock)
    assert deadline.clamp(3) == 3
    hand.forward(8)
    assert deadline.clamp(3) == 2
    hand.forward(2)
    with pytest.raises(DeadlineExceededError, match="within the 10 s"):
        deadline.clamp(3)


@pytest.mark.parametrize(("hard", "left"), [(False, 10), (True, 2)], ids=["soft", "hard"])
def test_only_a_soft_budget_is_renewed(hand, hard, left):
    deadline = Deadline(10, hard=hard, clock=hand.clock)
    hand.forward(8)
    deadline.restart()
    assert deadline.left() == left


def test_the_clock_stands_still_for_layers_and_goes_on_after(hand):
    deadline = Deadline(10, clock=hand.clock)
    hand.forward(4)
    with deadline.clock_paused(), deadline.clock_paused():
        hand.forward(1000)
        assert deadline.left() == 6
    assert deadline.left() == 6
    hand.forward(7)
    with pytest.raises(DeadlineExceededError):
        deadline.check()


def test_the_clock_of_a_limit_that_was_given_never_stands_still(hand):
    deadline = Deadline(10, hard=True, clock=hand.clock)
    with deadline.clock_paused():
        hand.forward(11)
        with pytest.raises(DeadlineExceededError):
            deadline.check()


@pytest.mark.parametrize("hard", [False, True], ids=["soft", "hard"])
def test_work_that_asks_no_server_ends_when_cancelled_and_by_a_limit_that_was_given(hand, hard):
    deadline = Deadline(10, hard=hard, clock=hand.clock)
    hand.forward(11)
    with pytest.raises(DeadlineExceededError, match="within the 10 s") if hard else nullcontext():
        deadline.check_hard_limit()
    deadline.cancel()
    with pytest.raises(DeadlineExceededError, match="interrupted"):
        deadline.check_hard_limit()


@pytest.mark.parametrize(
    ("moves", "crawls"),
    {
        "fast": ([(10, 10**6)] * 10, False),
        "just fast enough": ([(10, 10240)] * 10, False),
        "slow for less than the window": ([(10, 1), (10, 1), (9, 1)], False),
        "slow": ([(10, 10230)] * 3, True),
        "fast, then slow": ([(10, 10**6)] * 6 + [(10, 1)] * 3, True),
    }.values(),
)
def test_a_layer_must_not_crawl(hand, moves, crawls):
    deadline = Deadline(10, clock=hand.clock)
    with deadline.clock_paused():
        try:
            for seconds, count in moves:
                hand.forward(seconds)
                deadline.record_progress(count)
        except DeadlineExceededError:
            assert crawls
        else:
            assert not crawls


def test_only_layers_must_not_crawl(hand):
    deadline = Deadline(1000, clock=hand.clock)
    hand.forward(100)
    deadline.record_progress(1)


def test_cancelling_calls_who_waits_and_lets_nothing_begin():
    deadline, woken = Deadline(10), []
    deadline.on_cancel(lambda: woken.append("a"))
    forgotten = woken.clear
    deadline.on_cancel(forgotten)
    deadline.unwatch(forgotten)
    deadline.cancel()
    assert woken == ["a"]
    for act in (deadline.check, lambda: deadline.sleep(1), lambda: deadline.on_cancel(woken.clear)):
        with pytest.raises(DeadlineExceededError, match="interrupted"):
            act()


def test_waiting_takes_the_seconds_that_are_left_at_most(hand):
    deadline = Deadline(10, clock=hand.clock)
    deadline.sleep(4)
    assert deadline.left() == 6
    with pytest.raises(DeadlineExceededError, match="within the 10 s"):
        deadline.sleep(7)
    assert hand.waits == [4, 6]
