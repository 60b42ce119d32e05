"""The fan-out, when it is broken off: nobody waits for what nobody wants any more."""

import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event, Thread, get_ident

import pytest

from manyfest.assembly.thread_pool import ThreadFanOut
from manyfest.cli.process.signals import INTERRUPTED, SignalHandler

PATIENCE = 60.0  # seconds; who is not woken earlier was forgotten


class Sleepers:
    """Threads' work that lasts until it is cancelled."""

    def __init__(self) -> None:
        self.cancelled = Event()
        self.woken: list[bool] = []

    def sleep(self, _: int) -> None:
        self.woken.append(self.cancelled.wait(PATIENCE))


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_interrupted_while_threads_are_started_it_ends_those_that_were(
    monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    """The second: the system has no further thread."""
    sleepers, submit, answers = Sleepers(), ThreadPoolExecutor.submit, iter([True, True])

    def submit_two(pool, function, item):
        if not next(answers, False):
            raise error
        return submit(pool, function, item)

    monkeypatch.setattr(ThreadPoolExecutor, "submit", submit_two)
    with pytest.raises((KeyboardInterrupt, OSError)):
        ThreadFanOut(4, sleepers.cancelled.set)(sleepers.sleep, range(4))
    assert sleepers.woken == [True, True]


@pytest.fixture
def listening() -> Iterator[SignalHandler]:
    """Handles Ctrl-C in the test's process."""
    before, listening = signal.getsignal(signal.SIGINT), SignalHandler()
    listening.handle(signal.SIGINT)
    yield listening
    signal.signal(signal.SIGINT, before)


def test_ctrl_c_twice_in_a_row_ends_all_threads(listening: SignalHandler) -> None:
    """The second one arrives before the threads were told of the first."""
    sleepers, all_started, main = Sleepers(), Barrier(4), get_ident()

    def press(item: int) -> None:
        all_started.wait(PATIENCE)
        if item == 0:
            signal.pthread_kill(main, signal.SIGINT)
        sleepers.sleep(item)

    def cancel() -> None:
        signal.raise_signal(signal.SIGINT)
        sleepers.cancelled.set()

    threads = ThreadFanOut(4, cancel, listening.shielded)
    assert listening.interruptible(lambda: len(threads(press, range(4)))) == INTERRUPTED
    assert set(sleepers.woken) == {True}


def test_ctrl_c_while_a_thread_starts_leaves_none_behind(
    monkeypatch: pytest.MonkeyPatch, listening: SignalHandler
) -> None:
    """Its clearing up takes a while, and is waited for; any thread may get the signal."""
    start = Thread.start
    cancelled, ended = Event(), list[int]()

    def start_disturbed(thread: Thread) -> None:
        start(thread)
        os.kill(os.getpid(), signal.SIGINT)

    def work(item: int) -> None:
        cancelled.wait(PATIENCE)
        Event().wait(0.2)
        ended.append(item)

    monkeypatch.setattr(Thread, "start", start_disturbed)
    threads = ThreadFanOut(2, cancelled.set, listening.shielded)
    assert listening.interruptible(lambda: len(threads(work, range(2)))) == INTERRUPTED
    assert sorted(ended) == [0, 1]


def test_threads_hear_what_they_heard_before() -> None:
    """Programs that they start would be deaf, too."""
    masks = ThreadFanOut(2, Event().set)(
        lambda _: signal.pthread_sigmask(signal.SIG_BLOCK, ()), (1, 2)
    )
    assert masks == (signal.pthread_sigmask(signal.SIG_BLOCK, ()),) * 2


_LIMITED = """
import resource, sys, threading, time
from manyfest.assembly.thread_pool import ThreadFanOut

limit = int(sys.argv[1])
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
names = ThreadFanOut(32, lambda: None)(lambda _: threading.current_thread().name, range(64))
print(len(set(names)) <= int(sys.argv[2]), len(names))
"""


@pytest.mark.parametrize(("mebibytes", "most"), [(200, 1), (500, 4), (1024, 11)])
def test_a_limit_of_the_address_space_leaves_room_for_each_thread(mebibytes, most):
    arguments = [sys.executable, "-c", _LIMITED, str(mebibytes << 20), str(most)]
    done = subprocess.run(arguments, capture_output=True, text=True, check=True)
    assert done.stdout == "True 64\n"


def test_the_calling_thread_does_something_else_while_the_others_work() -> None:
    """The others wait for what it does, so it does it after their start and before their end."""
    loaded = Event()
    threads = ThreadFanOut(2, Event().set, meanwhile=loaded.set)
    assert threads(lambda _: loaded.wait(60), range(2)) == (True, True)


def test_many_items_need_no_future_each(monkeypatch: pytest.MonkeyPatch) -> None:
    submit, submitted = ThreadPoolExecutor.submit, list[int]()

    def counting(pool, function, item):
        submitted.append(item)
        return submit(pool, function, item)

    monkeypatch.setattr(ThreadPoolExecutor, "submit", counting)
    threads = ThreadFanOut(4, lambda: None)
    assert threads(lambda number: number * 2, range(1000)) == tuple(range(0, 2000, 2))
    assert submitted in ([0], [0, 0, 1, 2])  # more where another process has the processor
    submitted.clear()
    assert threads(lambda number: number, range(200)) == tuple(range(200))
    assert submitted == [0, 1, 2, 3]


def test_many_items_that_wait_have_all_threads() -> None:
    meeting = Barrier(4)  # of four threads at once, or the wait ends with an error

    def wait(number: int) -> int:
        if number < 4:
            meeting.wait(PATIENCE)
        return number

    assert ThreadFanOut(4, meeting.abort)(wait, range(300)) == tuple(range(300))


def test_many_items_that_take_long_have_all_threads() -> None:
    """As blobs that are hashed do, which leaves Python's lock to others."""
    threads, data = set[int](), bytes(8 * 1024 * 1024)

    def hashed(_: int) -> str:
        threads.add(get_ident())
        return hashlib.sha256(data).hexdigest()

    assert len(set(ThreadFanOut(4, lambda: None)(hashed, range(256)))) == 1
    assert len(threads) == 4


def test_after_a_failure_no_further_item_is_begun() -> None:
    begun: list[int] = []

    def fail(number: int) -> None:
        begun.append(number)
        raise ValueError(number)

    with pytest.raises(ValueError, match="0"):
        ThreadFanOut(4, lambda: None)(fail, range(1000))
    assert len(begun) <= 4
