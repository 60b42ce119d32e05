"""Callers with the same key share one call; whether later ones do is decided once."""

import threading

import pytest

from manyfest.adapters.single_flight import SingleFlight


def test_concurrent_callers_share_one_call():
    flights: SingleFlight[int] = SingleFlight()
    started, release, calls, results = threading.Event(), threading.Event(), [], []

    def fetch() -> int:
        calls.append(1)
        started.set()
        release.wait(60)
        return len(calls)

    threads = [
        threading.Thread(target=lambda: results.append(flights.do("a", fetch))) for _ in range(4)
    ]
    threads[0].start()
    assert started.wait(60)
    for thread in threads[1:]:
        thread.start()
    assert flights.do("b", lambda: 7) == 7  # another key does not wait
    release.set()
    for thread in threads:
        thread.join()
    assert set(results) <= set(range(1, len(calls) + 1))
    assert len(results) == 4


@pytest.mark.parametrize(("keeps", "expected"), [(False, 3), (True, 1)])
def test_later_callers_get_a_kept_outcome(keeps, expected):
    flights: SingleFlight[int] = SingleFlight(keeps_outcomes=keeps)
    calls = []
    for _ in range(3):
        flights.do("a", lambda: calls.append(1) or len(calls))
    assert len(calls) == expected


@pytest.mark.parametrize(("keeps", "expected"), [(False, 3), (True, 1)])
@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_later_callers_get_a_kept_error(keeps, expected, error):
    flights: SingleFlight[int] = SingleFlight(keeps_outcomes=keeps)
    calls = []

    def fetch() -> int:
        calls.append(1)
        raise error

    for _ in range(3):
        with pytest.raises(error):
            flights.do("a", fetch)
    assert len(calls) == expected
