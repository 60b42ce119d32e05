"""The command's deadline: expiry, cancelling, and the pause during layer streams."""

import time
from contextlib import nullcontext

import pytest

from manyfest.adapters import deadline as deadlines
from manyfest.adapters.deadline import Deadline, DeadlineExceededError
from manyfest.adapters.http_registry.registry import HttpRegistry
from manyfest.domain.digests import Digest
from manyfest.domain.errors import DeadlineError
from manyfest.domain.references import Reference

LAYER = bytes(5 * 1024 * 1024)


@pytest.fixture
def clock(monkeypatch):
    """A clock that is put forward by hand."""
    now = [1000.0]
    monkeypatch.setattr(deadlines, "monotonic", lambda: now[0])

    def forward(seconds):
        now[0] += seconds

    return forward


def test_an_allowance_is_never_more_than_what_is_left(clock):
    deadline = Deadline(10)
    assert deadline.clamp(3) == 3
    clock(8)
    assert deadline.clamp(3) == 2
    clock(2)
    with pytest.raises(DeadlineExceededError, match="within the 10 s"):
        deadline.clamp(3)


@pytest.mark.parametrize(("hard", "left"), [(False, 10), (True, 2)], ids=["soft", "hard"])
def test_only_a_soft_budget_is_renewed(clock, hard, left):
    deadline = Deadline(10, hard=hard)
    clock(8)
    deadline.restart()
    assert deadline.left() == left


def test_the_clock_stands_still_for_layers_and_goes_on_after(clock):
    deadline = Deadline(10)
    clock(4)
    with deadline.clock_paused(), deadline.clock_paused():
        clock(1000)
        assert deadline.left() == 6
    assert deadline.left() == 6
    clock(7)
    with pytest.raises(DeadlineExceededError):
        deadline.check()


def test_the_clock_of_a_limit_that_was_given_never_stands_still(clock):
    deadline = Deadline(10, hard=True)
    with deadline.clock_paused():
        clock(11)
        with pytest.raises(DeadlineExceededError):
            deadline.check()


@pytest.mark.parametrize("hard", [False, True], ids=["soft", "hard"])
def test_work_that_asks_no_server_ends_when_cancelled_and_by_a_limit_that_was_given(clock, hard):
    deadline = Deadline(10, hard=hard)
    clock(11)
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
def test_a_layer_must_not_crawl(clock, moves, crawls):
    deadline = Deadline(10)
    with deadline.clock_paused():
        try:
            for seconds, count in moves:
                clock(seconds)
                deadline.record_progress(count)
        except DeadlineExceededError:
            assert crawls
        else:
            assert not crawls


def test_only_layers_must_not_crawl(clock):
    deadline = Deadline(1000)
    clock(100)
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


def slow_layer(reply):
    def answer(_, connection):
        head = reply(200, b"", content_length=str(len(LAYER)))
        connection.sendall(head)
        for part in range(5):
            time.sleep(0.25)
            connection.sendall(LAYER[part * 1024**2 : (part + 1) * 1024**2])
        return b""

    return answer


@pytest.mark.parametrize("hard", [False, True])
def test_a_slow_layer_outlives_a_soft_deadline_only(serve, reply, hard):
    server = serve(slow_layer(reply))
    reference = Reference.parse(f"{server.host}/t/app:1").at(Digest.of(LAYER))
    with HttpRegistry(Deadline(0.7, hard=hard)) as registry:
        if hard:
            with pytest.raises(DeadlineError), registry.open_blob(reference, len(LAYER)) as chunks:
                list(chunks)
        else:
            with registry.open_blob(reference, len(LAYER)) as chunks:
                assert b"".join(chunks) == LAYER
