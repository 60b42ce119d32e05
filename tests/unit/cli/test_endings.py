"""Signals that end the program: which are heard, and how often."""

import signal
from collections.abc import Iterator

import pytest

from manyfest.cli import endings
from manyfest.cli.endings import Endings

NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@pytest.fixture(autouse=True)
def _handlers() -> Iterator[None]:
    """The test's process has its own back in the end; meanwhile the usual ones."""
    before = {number: signal.getsignal(number) for number in NUMBERS}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in NUMBERS[1:]:
        signal.signal(number, signal.SIG_DFL)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", NUMBERS)
def test_each_interrupts(number: signal.Signals) -> None:
    Endings().listen()
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(number)


def test_while_all_is_given_up_no_other_disturbs_and_later_it_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seconds = iter([0.0, 0.5, 0.9, 1.1])
    monkeypatch.setattr(endings, "monotonic", lambda: next(seconds))
    Endings().listen()
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    signal.raise_signal(signal.SIGINT)
    signal.raise_signal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


def test_what_nohup_ignores_stays_ignored() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    Endings().listen()
    signal.raise_signal(signal.SIGHUP)


def test_one_that_is_ignored_is_heard_where_that_is_asked_for() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Endings().listen_to(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


def test_at_the_end_none_is_heard() -> None:
    listening = Endings()
    listening.listen()
    listening.stop_listening()
    for number in NUMBERS:
        signal.raise_signal(number)
