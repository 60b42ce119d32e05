"""Signals that end the program: which are heard, and how often."""

import signal
import sys
import threading
import weakref
from collections.abc import Callable, Iterator

import pytest
from attrs import define

from manyfest.cli.process import signals as endings
from manyfest.cli.process.main import main
from manyfest.cli.process.signals import INTERRUPTED, SignalHandler

NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@pytest.fixture(autouse=True)
def _handlers() -> Iterator[None]:
    """The test's process has its own back in the end; meanwhile the usual ones."""
    before = {number: signal.getsignal(number) for number in (*NUMBERS, signal.SIGALRM)}
    hook = sys.unraisablehook
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in NUMBERS[1:]:
        signal.signal(number, signal.SIG_DFL)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)
    sys.unraisablehook = hook


@pytest.fixture
def listening() -> SignalHandler:
    """Handles the signals of the test's process."""
    listening = SignalHandler()
    listening.install()
    return listening


def interrupts(number: int) -> int:
    """Send it; the exit code if that interrupts nothing is 0."""
    signal.raise_signal(number)
    return 0


@pytest.mark.parametrize("number", NUMBERS)
def test_each_interrupts(listening: SignalHandler, number: signal.Signals) -> None:
    assert listening.interruptible(lambda: interrupts(number)) == INTERRUPTED


@pytest.mark.parametrize("number", NUMBERS)
def test_before_the_work_each_is_kept_for_it(
    listening: SignalHandler, number: signal.Signals
) -> None:
    signal.raise_signal(number)
    assert listening.interruptible(lambda: 0) == INTERRUPTED


@pytest.mark.parametrize("number", NUMBERS)
def test_after_the_work_none_raises(listening: SignalHandler, number: signal.Signals) -> None:
    assert listening.interruptible(lambda: 5) == 5
    signal.raise_signal(number)


def test_one_that_arrives_in_a_shielded_call_interrupts_after_it(listening: SignalHandler) -> None:
    done: list[str] = []

    def action() -> None:
        signal.raise_signal(signal.SIGTERM)
        done.append("action")

    def work() -> int:
        listening.shielded(action)
        done.append("more")
        return 0

    assert (listening.interruptible(work), done) == (INTERRUPTED, ["action"])


def test_while_all_is_given_up_no_other_disturbs_and_later_it_does(
    monkeypatch: pytest.MonkeyPatch, listening: SignalHandler
) -> None:
    seconds = iter([0.0, 0.5, 0.9, 1.1])
    monkeypatch.setattr(endings, "monotonic", lambda: next(seconds))

    def work() -> int:
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGTERM)
        return interrupts(signal.SIGINT)

    assert listening.interruptible(work) == INTERRUPTED


def test_what_nohup_ignores_stays_ignored() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    SignalHandler().install()
    signal.raise_signal(signal.SIGHUP)


def test_one_that_is_ignored_is_heard_where_that_is_asked_for() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    listening = SignalHandler()
    listening.handle(signal.SIGINT)
    assert listening.interruptible(lambda: interrupts(signal.SIGINT)) == INTERRUPTED


def test_at_the_end_none_is_heard(listening: SignalHandler) -> None:
    listening.uninstall()
    for number in NUMBERS:
        signal.raise_signal(number)


@define(slots=False)
class Referred:
    """An object to refer to weakly, which may have a finalizer."""

    finalizer: Callable[[], object] | None = None

    def __del__(self) -> None:
        if self.finalizer:
            self.finalizer()


def by_finalizer(send: Callable[[], object]) -> None:
    Referred(send)


def by_weak_reference(send: Callable[[], object]) -> None:
    referred = Referred()
    reference = weakref.ref(referred, lambda _: send())
    del referred
    assert reference() is None


@pytest.mark.parametrize("swallow", [by_finalizer, by_weak_reference])
@pytest.mark.parametrize("number", NUMBERS)
def test_one_that_a_callback_swallows_interrupts_all_the_same(
    listening: SignalHandler,
    capfd: pytest.CaptureFixture[str],
    swallow: Callable[[Callable[[], object]], None],
    number: signal.Signals,
) -> None:
    def work() -> int:
        swallow(lambda: signal.raise_signal(number))
        signal.sigtimedwait([], 60)
        return 0

    assert listening.interruptible(work) == INTERRUPTED
    assert capfd.readouterr().err == ""


def test_other_exceptions_in_callbacks_are_printed(
    listening: SignalHandler, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    printed: list[object] = []
    monkeypatch.setattr(listening, "_print_unraisable", printed.append)

    def fail() -> None:
        raise ValueError

    assert listening.interruptible(lambda: by_finalizer(fail) or 0) == 0
    assert len(printed) == 1


@pytest.mark.parametrize(
    ("before", "code", "told"),
    [
        (KeyboardInterrupt, INTERRUPTED, "note: interrupted\n"),
        (ValueError, 1, "error: this is"),
    ],
)
def test_an_interruption_within_a_lock_is_no_bug(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    before,
    code: int,
    told: str,
) -> None:
    """The end of a lock's block raises RuntimeError where a signal came as the block began."""

    def work(*_: object) -> None:
        lock = threading.Lock()
        with lock:
            lock.release()
            raise before

    monkeypatch.setattr("manyfest.cli.process.command_group.run", work)
    assert main(["ls"]) == code
    assert capsys.readouterr().err.startswith(told)
